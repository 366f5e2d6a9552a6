"""How far the first boot with an enrolment bundle came: it continues there after a power cut."""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from daemonkit.files import sync_folder, write_atomically

FILE = "first-boot.json"
"""In the state folder, until the first boot is complete. beacon-first-boot.service starts while it exists."""


class Step(StrEnum):
    """In this order. Each can be repeated."""

    time_zone = "time_zone"
    network = "network"
    restore = "restore"
    """Only with a backup beside the bundle."""
    enrol = "enrol"
    settings = "settings"
    erase = "erase"
    start = "start"


@dataclass(frozen=True, slots=True)
class Progress:
    """`bundle`: a hash of the bundle in use; `done`: the last completed step."""

    bundle: str
    done: Step


def read_progress(state_dir: Path) -> Progress | None:
    """Return the progress; None if there is none or it cannot be read."""
    try:
        content = json.loads((state_dir / FILE).read_text("utf-8"))
        return Progress(str(content["bundle"]), Step(content["done"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def record_progress(state_dir: Path, progress: Progress) -> None:
    """Raises OSError."""
    content = json.dumps({"bundle": progress.bundle, "done": progress.done.value})
    write_atomically(state_dir / FILE, content.encode())


def clear_progress(state_dir: Path) -> None:
    """Raises OSError."""
    (state_dir / FILE).unlink(missing_ok=True)
    sync_folder(state_dir)
