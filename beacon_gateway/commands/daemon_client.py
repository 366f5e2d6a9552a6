"""Asks the gateway that runs on this device, over loopback."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from beacon_gateway.commands.effective_settings import load_settings
from beacon_gateway.errors import GatewayError
from beacon_gateway.settings_addresses import in_url

LAST_GOOD = "last-good.toml"
"""In the state directory: the settings with which the gateway last started."""
PATIENCE_S = 5.0
_MOST_OCTETS = 8_000_000


class NotRunning(GatewayError):
    """Nothing answers there, or no gateway of ours; the text says what was met."""


def find_address(config: Path, state_dir: Path) -> str:
    """Where the gateway of these settings answers. Raises ConfigRefused."""
    kiosk = load_settings(config, state_dir).kiosk
    return f"http://{in_url(kiosk.host)}:{kiosk.port}"


def fetch(base: str, path: str) -> bytes:
    """Raises NotRunning. Never through a proxy: what is asked for is on this device."""
    try:
        with build_opener(ProxyHandler({})).open(base.rstrip("/") + path, timeout=PATIENCE_S) as answer:
            return bytes(answer.read(_MOST_OCTETS))
    except HTTPError as error:
        if path == "/healthz" and error.code == 503:  # it answers, and says what is wrong
            return bytes(error.read(_MOST_OCTETS))
        raise NotRunning(f"{error.url}: {error.code} {error.reason}") from error
    except (OSError, ValueError) as error:  # no URL at all is a ValueError
        reason = error.reason if isinstance(error, URLError) else error
        raise NotRunning(f"没有网关在 {base} 运行 no gateway answers there: {reason}") from error


def fetch_json(base: str, path: str) -> Mapping[str, Any]:
    """Raises NotRunning."""
    try:
        told = json.loads(fetch(base, path))
    except ValueError as error:
        raise NotRunning(f"{base}{path}: {error}") from error
    if not isinstance(told, dict):
        raise NotRunning(f"{base}{path}: not a gateway's answer")
    return told
