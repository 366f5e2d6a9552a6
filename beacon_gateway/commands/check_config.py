"""beacon-gateway check-config FILE: print every fault of the settings at once."""

import sys
from pathlib import Path

from beacon_gateway.commands.effective_settings import load_settings, print_refused
from beacon_gateway.settings import Settings
from daemonkit.toml import ConfigRefused, locate

EX_CONFIG = 78
"""sysexits.h"""


def check_config(path: Path, state_dir: Path) -> int:
    """Return the exit code; print faults on standard error, one per line as file:line: key: reason (got …).

    In a drill, placeholders of the shipped file are printed there too; they are not faults.

    An enrolment in `state_dir` fills what [central] leaves empty.
    """
    try:
        settings = load_settings(path, state_dir)
        placeholders = locate(path, Settings, settings.placeholders())
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        return EX_CONFIG
    for each in placeholders:
        print(f"{each} (演练可以,真实捐款不行 allowed in a drill only)", file=sys.stderr)
    projects, beacons = len(settings.projects), len(settings.beacons)
    environment = settings.site.environment
    print(
        f"{path}: 设置有效:{environment},{projects} 个项目,{beacons} 个信标"
        f" the settings are valid: {environment}, {projects} projects, {beacons} beacons"
    )
    return 0
