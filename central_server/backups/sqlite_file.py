"""A SQLite database as a file: a consistent copy while others write, whether it is sound, whether it is in use."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from central_server.errors import CentralError


class FileRefused(CentralError):
    """Not a sound database, or it cannot be read or written now. The message says which."""


SIDE = ("-wal", "-shm", "-journal")
"""What may lie beside the file and belongs to it."""
_BUSY_S = 30.0


def copy(source: Path, target: Path) -> None:
    """As of one moment; writers go on meanwhile. `target` must not exist. Raises FileRefused."""
    with _opened(source) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def revision(file: Path) -> str:
    """The schema that it has; empty where nothing is in it yet. Raises FileRefused."""
    with _opened(file) as connection:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        found = known and connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(found[0]) if found else ""


def fault(file: Path) -> str:
    """What `PRAGMA quick_check` says of it; empty when it is sound. Raises FileRefused."""
    with _opened(file) as connection:
        try:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise
            found = str(error)
        return "" if found == "ok" else found


def rows(file: Path, question: str) -> list[tuple[object, ...]]:
    """Raises FileRefused."""
    with _opened(file) as connection:
        return connection.execute(question).fetchall()


def octets(file: Path) -> int:
    """With what is still beside it."""
    beside = (file, *(file.with_name(file.name + side) for side in SIDE))
    return sum(each.stat().st_size for each in beside if each.exists())


def in_use(file: Path) -> bool:
    """Whether any process has it open. Raises FileRefused."""
    with _opened(file) as connection:
        connection.execute("PRAGMA busy_timeout=200")
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        try:
            # In WAL mode whoever has the file open holds a shared lock: this one is had by nobody else only.
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                return True
            raise
        return False


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    try:
        address = f"file:{quote(str(file))}?mode=rw"  # never makes one
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise FileRefused(f"{file}: {error}") from error
