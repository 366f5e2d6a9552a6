"""Who is at work in a state folder: servers beside each other, or one restore alone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from central_server.errors import CentralError

UNFINISHED = "restore.unfinished"
"""Lies there from the first file that a restore moves to the last one."""


class StateInUse(CentralError):
    """Somebody else is at work in the state folder: try again later. The message says who."""


class StateUnfinished(CentralError):
    """A restore was cut off: what is there is neither the old state nor the new one."""


@contextmanager
def serving(state: Path) -> Iterator[None]:
    """As a server, beside others. Raises StateInUse, StateUnfinished, OSError."""
    with _held(state, fcntl.LOCK_SH, "a backup is being restored there"):
        if (state / UNFINISHED).exists():
            raise StateUnfinished(
                f"{state}: a restore was cut off half-way. Give `beacon-central restore` again, with --yes;"
                f" what was there before is in {state}/before-restore-…"
            )
        yield


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Raises StateInUse, OSError."""
    with _held(state, fcntl.LOCK_EX, "a server is running there: stop it first (systemctl stop beacon-central)"):
        yield


@contextmanager
def _held(state: Path, how: int, otherwise: str) -> Iterator[None]:
    held = os.open(state / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(held, how | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateInUse(f"{state}: {otherwise}") from error
        yield
    finally:
        os.close(held)
