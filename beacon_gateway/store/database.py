"""The gateway's SQLite file: strict settings, one connection, one transaction at a time; moved aside if damaged."""

import asyncio
import logging
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite
import structlog

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.errors import GatewayError

log = structlog.get_logger()
logging.getLogger("aiosqlite").setLevel(logging.INFO)
SCHEMA = sorted((Path(__file__).parent / "schema").glob("[0-9]*.sql"))
_MAX_DAMAGED_FILES = 3
_PRAGMAS = {
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),  # an acknowledged intent survives a power cut; NORMAL does not promise that
    "foreign_keys": ("ON", 1),
    "busy_timeout": ("5000", 5000),
    "wal_autocheckpoint": ("200", 200),
    "journal_size_limit": (str(4 * 1024 * 1024), 4 * 1024 * 1024),
    "trusted_schema": ("OFF", 0),
    "cell_size_check": ("ON", 1),
    "temp_store": ("MEMORY", 2),
    "mmap_size": ("0", 0),
}


class SchemaTooNew(GatewayError):
    """The file was written by a newer version of this program: install that version again."""


class Database:
    """One connection, one transaction at a time. Every failure of SQLite is raised as StoreUnavailable."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """BEGIN IMMEDIATE … COMMIT; an exception rolls everything back. Never await the network inside."""
        async with self._lock:
            try:
                await self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                await self._connection.commit()
            except BaseException as error:
                await _roll_back(self._connection)
                if isinstance(error, sqlite3.Error):
                    raise StoreUnavailable(str(error)) from error
                raise

    async def rows(self, query: str, *values: object) -> list[aiosqlite.Row]:
        """Return all rows of a reading statement. Raises StoreUnavailable."""
        async with self._lock:
            try:
                return list(await self._connection.execute_fetchall(query, values))
            except sqlite3.Error as error:
                raise StoreUnavailable(str(error)) from error


@asynccontextmanager
async def open_database(path: Path, *, read_only: bool = False) -> AsyncIterator[Database]:
    """Open, check and migrate. A damaged file is moved aside; a new one with a new epoch replaces it.

    Raises SchemaTooNew, and StoreUnavailable when the disk refuses (full, read-only, no permission).
    """
    connection = await _connect(path, read_only=read_only)
    try:
        yield Database(connection)
    finally:
        await connection.close()


async def _connect(path: Path, *, read_only: bool) -> aiosqlite.Connection:
    for attempt in (1, 2):
        try:
            return await _open(path, read_only=read_only)
        except sqlite3.DatabaseError as error:
            # OperationalError: the disk refuses (full, locked, forbidden). Any other error: the file is damaged.
            if attempt == 2 or read_only or (isinstance(error, sqlite3.OperationalError) and not path.is_dir()):
                raise StoreUnavailable(f"{path}: {error}") from error
            _set_aside(path, str(error))
    raise AssertionError("unreachable")


async def _open(path: Path, *, read_only: bool) -> aiosqlite.Connection:
    target = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    connection = await aiosqlite.connect(target, uri=True, isolation_level=None)
    try:
        connection.row_factory = aiosqlite.Row
        if not read_only:
            await _set_pragmas(connection)
            rows = list(await connection.execute_fetchall("PRAGMA quick_check(1)"))
            if rows[0][0] != "ok":
                raise sqlite3.DatabaseError(f"quick_check: {rows[0][0]}")
            await _migrate(connection)
    except BaseException:
        await connection.close()
        raise
    return connection


async def _set_pragmas(connection: aiosqlite.Connection) -> None:
    for name, (value, expected) in _PRAGMAS.items():
        await connection.execute(f"PRAGMA {name}={value}")
        rows = list(await connection.execute_fetchall(f"PRAGMA {name}"))
        if rows and rows[0][0] != expected:
            raise sqlite3.OperationalError(f"PRAGMA {name} is {rows[0][0]}, must be {expected}")


async def _migrate(connection: aiosqlite.Connection) -> None:
    ((version,),) = await connection.execute_fetchall("PRAGMA user_version")
    if version > len(SCHEMA):
        raise SchemaTooNew(f"the store has schema {version}, this program knows {len(SCHEMA)}")
    for number, script in enumerate(SCHEMA[version:], start=version + 1):
        await connection.executescript(
            f"BEGIN IMMEDIATE;\n{script.read_text('utf-8')}\nPRAGMA user_version={number};\nCOMMIT;"
        )
    if not list(await connection.execute_fetchall("SELECT 1 FROM origin")):
        await connection.execute("INSERT INTO origin (epoch, next_n) VALUES (?, 1)", (secrets.token_hex(8),))


def _set_aside(path: Path, reason: str) -> None:
    """Rename the file, its -wal and -shm under one name; delete all but the newest three."""
    mark = f"damaged-{time.time_ns()}"
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(path.with_name(f"{path.name}.{mark}{suffix}"))
    log.error("store.damaged", file=path.name, moved_to=f"{path.name}.{mark}", reason=reason)
    marks = sorted({p.name.split(".damaged-")[1].split("-")[0] for p in path.parent.glob(f"{path.name}.damaged-*")})
    for old in marks[:-_MAX_DAMAGED_FILES]:
        for part in path.parent.glob(f"{path.name}.damaged-{old}*"):
            if part.is_file():
                part.unlink()


async def _roll_back(connection: aiosqlite.Connection) -> None:
    try:
        await asyncio.shield(connection.rollback())
    except sqlite3.Error as error:
        log.warning("store.rollback_failed", reason=str(error))
