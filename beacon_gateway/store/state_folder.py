"""Lock the state folder: two gateways would send different records under the same numbers."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beacon_gateway.errors import StateInUse


@contextmanager
def locked(state_dir: Path) -> Iterator[None]:
    """A killed gateway releases the lock. Raises StateInUse, OSError."""
    lock = os.open(state_dir / "gateway.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise StateInUse(f"another gateway runs on {state_dir}") from error
    finally:
        os.close(lock)
