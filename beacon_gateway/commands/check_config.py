"""beacon-gateway check-config FILE: every fault at once, before the first donation."""

from pathlib import Path

from beacon_gateway.commands.effective_settings import print_refused, read_enrolled_central
from beacon_gateway.settings import Settings
from daemonkit.toml import ConfigRefused, load

EX_CONFIG = 78
"""sysexits.h"""


def check_config(path: Path, state_dir: Path) -> int:
    """The exit code; faults go to standard error, one a line as file:line: key: reason (got …).

    `state_dir`: an enrolment there says what [central] leaves empty.
    """
    try:
        settings = load(path, Settings, fill=read_enrolled_central(state_dir))
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        return EX_CONFIG
    projects, beacons = len(settings.projects), len(settings.beacons)
    print(f"{path}: 可以使用 / is fine: {settings.site.environment}, {projects} projects, {beacons} beacons")
    return 0
