"""beacon-central check-config: check a settings file."""

import sys
from pathlib import Path

from central_server.commands.exit_codes import CONFIGURATION
from central_server.settings import Settings
from daemonkit.toml import ConfigRefused, load


def run(config: Path) -> int:
    try:
        settings = load(config, Settings)
    except ConfigRefused as refused:
        print(refused, file=sys.stderr)
        return CONFIGURATION
    print(f"{config}: good ({len(settings.projects)} projects, {settings.site.environment})")
    return 0
