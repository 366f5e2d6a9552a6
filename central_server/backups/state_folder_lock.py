"""Lock a state folder: shared by servers, exclusive for a restore."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from central_server.errors import CentralError

UNFINISHED = "restore.unfinished"
"""Exists while a restore moves files."""


class StateInUse(CentralError):
    """Another process uses the state folder: try again later. The message says which."""


class StateUnfinished(CentralError):
    """A restore was interrupted: the state is incomplete."""


@contextmanager
def serving(state: Path) -> Iterator[None]:
    """Lock as a server. Raises StateInUse, StateUnfinished, OSError."""
    with _locked(state, fcntl.LOCK_SH, "a backup is being restored there"):
        if (state / UNFINISHED).exists():
            raise StateUnfinished(
                f"{state}: a restore was interrupted. Run `beacon-central restore` again with --yes;"
                f" the previous state is in {state}/before-restore-…"
            )
        yield


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Lock exclusively. Raises StateInUse, OSError."""
    with _locked(state, fcntl.LOCK_EX, "a server is running there: stop it first (systemctl stop beacon-central)"):
        yield


@contextmanager
def _locked(state: Path, how: int, otherwise: str) -> Iterator[None]:
    lock = os.open(state / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateInUse(f"{state}: {otherwise}") from error
        yield
    finally:
        os.close(lock)
