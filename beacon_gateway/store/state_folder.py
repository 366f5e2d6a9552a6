"""Lock the state folder: two gateways would send different records under the same numbers. Bind it to drill or real."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beacon_gateway.errors import StateInUse, StateOfOther
from daemonkit.files import write_atomically
from sync_contract.strict_model import Environment


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


def claim(state_dir: Path, environment: Environment) -> None:
    """Bind a new folder to the environment. A damaged word is replaced. Raises StateOfOther, OSError."""
    file, word = state_dir / "environment", f"{environment.value}\n".encode()
    found = file.read_bytes() if file.exists() else b""
    if found == word:
        return
    if found.strip().decode("ascii", "replace") in list(Environment):
        raise StateOfOther(f"{state_dir} belongs to the environment {found.decode().strip()}, not {environment.value}")
    write_atomically(file, word)
