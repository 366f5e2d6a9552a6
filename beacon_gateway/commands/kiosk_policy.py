"""beacon-gateway kiosk-policy: print or write Chromium's policy for the kiosk."""

import json
import sys
from pathlib import Path

from beacon_gateway.commands.check_config import EX_CONFIG
from beacon_gateway.kiosk.browser import browser_policy
from beacon_gateway.settings import OnlyKiosk
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused, load


def kiosk_policy(config: Path, write: Path | None) -> int:
    """Print the policy, or write it to `write` if it differs. Return the exit code."""
    try:
        kiosk = load(config, OnlyKiosk).kiosk
    except ConfigRefused as refused:
        print(refused, file=sys.stderr)
        return EX_CONFIG
    text = json.dumps(browser_policy(kiosk.host, kiosk.port), indent=2) + "\n"
    if write is None:
        print(text, end="")
    elif not write.exists() or write.read_text("utf-8") != text:
        write.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(write, text.encode(), mode=0o644)
    return 0
