"""Load the settings of a gateway that may be enrolled: the enrolment fills what [central] leaves empty."""

import os
import sys
from pathlib import Path

from beacon_gateway.settings import Settings
from beacon_gateway.store.identity import FILE, enrolment_of
from daemonkit.toml import ConfigRefused, load


def read_enrolled_central(state_dir: Path) -> dict[str, dict[str, str]]:
    """Return the values of [central] from the enrolment; empty if there is none."""
    known = enrolment_of(state_dir)
    return {"central": {"url": known.central, "catalogue_key": known.catalogue_key}} if known else {}


def load_settings(config: Path, state_dir: Path) -> Settings:
    """Load the settings as the gateway does. Raise ConfigRefused."""
    return load(config, Settings, fill=read_enrolled_central(state_dir))


def describe_unreadable(state_dir: Path) -> str:
    """Return the remedy if the state directory exists and cannot be read; else an empty text."""
    if not os.path.lexists(state_dir):
        return ""
    file = state_dir / FILE
    readable = os.access(state_dir, os.R_OK | os.X_OK) and (os.access(file, os.R_OK) or not file.exists())
    return "" if readable else f"读不了 {state_dir},请加 sudo it cannot be read: use sudo"


def print_refused(refused: ConfigRefused, state_dir: Path) -> None:
    """Print the faults on standard error, and whether an unreadable enrolment may be the cause."""
    print(refused, file=sys.stderr)
    if problem := describe_unreadable(state_dir):
        print(problem, file=sys.stderr)
