"""beacon-central check-config: check a settings file."""

import sys
from pathlib import Path

from central_server.commands.exit_codes import CONFIGURATION
from central_server.settings import Settings
from daemonkit.toml import ConfigRefused, load, locate


def run(config: Path) -> int:
    try:
        settings = load(config, Settings)
        placeholders = locate(config, Settings, settings.placeholders())
    except ConfigRefused as refused:
        print(refused, file=sys.stderr)
        return CONFIGURATION
    for each in placeholders:
        print(f"{each} (演练可以,真实捐款不行 allowed in a drill only)", file=sys.stderr)
    print(f"{config}: good ({len(settings.projects)} projects, {settings.site.environment})")
    return 0
