"""Copy a SQLite database consistently, check it for damage, and detect other users."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from central_server.errors import CentralError


class FileRefused(CentralError):
    """Damaged, or not readable or writable now. The message says which."""


SIDE = ("-wal", "-shm", "-journal")
"""Suffixes of files that belong to the database."""
_BUSY_S = 30.0


def copy(source: Path, target: Path) -> None:
    """Copy a consistent snapshot while writers continue. `target` must not exist. Raises FileRefused."""
    with _opened(source) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def revision(file: Path) -> str:
    """Return the schema revision, "" for an empty database. Raises FileRefused."""
    with _opened(file) as connection:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        found = known and connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(found[0]) if found else ""


def fault(file: Path) -> str:
    """Return the output of `PRAGMA quick_check`, "" for a sound database. Raises FileRefused."""
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


def size(file: Path) -> int:
    """Return bytes, including side files."""
    side_files = (file, *(file.with_name(file.name + side) for side in SIDE))
    return sum(each.stat().st_size for each in side_files if each.exists())


def in_use(file: Path) -> bool:
    """Whether any other process has the database open. Raises FileRefused."""
    with _opened(file) as connection:
        connection.execute("PRAGMA busy_timeout=200")
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        try:
            # In WAL mode every process with the file open holds a shared lock, which excludes this one.
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
        address = f"file:{quote(str(file))}?mode=rw"  # never creates it
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_S, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        raise FileRefused(f"{file}: {error}") from error
