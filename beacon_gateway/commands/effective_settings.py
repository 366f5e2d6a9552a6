"""The settings of a gateway that may be enrolled: what [central] leaves empty stands in the state directory."""

import os
import sys
from pathlib import Path

from beacon_gateway.settings import Settings
from beacon_gateway.store.identity import FILE, enrolment_of
from daemonkit.toml import ConfigRefused, load


def read_enrolled_central(state_dir: Path) -> dict[str, dict[str, str]]:
    """[central] as the enrolment said it, for what the file leaves empty."""
    known = enrolment_of(state_dir)
    return {"central": {"url": known.central, "catalogue_key": known.catalogue_key}} if known else {}


def load_settings(config: Path, state_dir: Path) -> Settings:
    """As the gateway itself reads them. Raises ConfigRefused."""
    return load(config, Settings, fill=read_enrolled_central(state_dir))


def closed(state_dir: Path) -> str:
    """What to do when the state directory is there and may not be read; empty when it may, or is not there."""
    if not os.path.lexists(state_dir) or _readable(state_dir):
        return ""
    return f"读不了 {state_dir},请加 sudo it cannot be read: use sudo"


def _readable(state_dir: Path) -> bool:
    if not os.access(state_dir, os.R_OK | os.X_OK):
        return False
    file = state_dir / FILE
    return os.access(file, os.R_OK) or not file.exists()


def print_refused(refused: ConfigRefused, state_dir: Path) -> None:
    """On standard error; an enrolment that could not be read may be the reason."""
    print(refused, file=sys.stderr)
    if why := closed(state_dir):
        print(why, file=sys.stderr)
