"""Settings of connections to SQLite."""

import sqlite3
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import aiosqlite
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from central_server.store.engine.schema import StoreRefused

BUSY_S = 5
_SCHEME = "sqlite+aiosqlite:///"
PRAGMAS = {
    "busy_timeout": BUSY_S * 1000,  # first: the next one may wait for another process's lock
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: with less, a power cut undoes acknowledged commits
    "foreign_keys": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "temp_store": 2,
    "wal_autocheckpoint": 1000,
    "journal_size_limit": 4 * 1024 * 1024,
}


def sqlite_url(path: Path) -> str:
    return f"{_SCHEME}{path}"


def sqlite_path(url: str) -> Path:
    """Return the file of a URL that `sqlite_url` returned."""
    return Path(url.removeprefix(_SCHEME))


def engine(url: str) -> AsyncEngine:
    made = create_async_engine(
        url,
        connect_args={"factory": _FileConnection},
        hide_parameters=True,  # parameters may be secret, and errors go into the log
        pool_size=4,
        max_overflow=4,
        pool_timeout=BUSY_S,
        pool_use_lifo=True,  # a write by one connection empties the caches of the others
        pool_reset_on_return=None,  # every transaction is ended by its owner: no needless rollback in a thread
    )
    event.listen(made.sync_engine, "connect", _use_own_cursor, insert=True)  # before SQLAlchemy's own first statement
    event.listen(made.sync_engine, "connect", _set_pragmas)
    event.listen(made.sync_engine, "begin", _begin)
    return made


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one statement returned, read in the connection's thread."""

    rows: list[Any]
    description: Any
    rowcount: int
    lastrowid: int | None


class _FetchingCursor(sqlite3.Cursor):
    """Returns its state with its rows: aiosqlite's `execute_fetchall` then returns both in one call of the thread."""

    def fetchall(self) -> Any:  # noqa: ANN401  (replaces the list of rows)
        return Fetched(super().fetchall(), self.description, self.rowcount, self.lastrowid)


class _FileConnection(sqlite3.Connection):
    """The `factory` of sqlite3.connect."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:  # noqa: ANN401  (the DB-API has no types)
        return self.cursor(_FetchingCursor).execute(sql, parameters)


class _Cursor:
    """An asynchronous DB-API cursor that executes and fetches in one call of the thread; aiosqlite's takes four."""

    arraysize = 1

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._fetched = Fetched([], None, -1, None)

    async def __aenter__(self) -> Self:
        return self

    @property
    def description(self) -> Any:  # noqa: ANN401  (the DB-API has no types)
        return self._fetched.description

    @property
    def rowcount(self) -> int:
        return self._fetched.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._fetched.lastrowid

    async def execute(self, operation: str, parameters: Any = ()) -> Self:  # noqa: ANN401  (the DB-API has no types)
        fetched: Any = await self._connection.execute_fetchall(operation, parameters)
        self._fetched = fetched
        return self

    async def executemany(self, operation: str, sets: Any) -> Self:  # noqa: ANN401  (the DB-API has no types)
        cursor = await self._connection.executemany(operation, sets)
        self._fetched = Fetched([], None, cursor.rowcount, None)
        return self

    async def fetchall(self) -> list[Any]:
        return self._fetched.rows

    async def close(self) -> None:
        """Do nothing: the statement ended with its last row."""


def _use_own_cursor(connection: Any, record: object) -> None:  # noqa: ANN401  (the DB-API has no types)
    driver = connection.driver_connection
    driver.cursor = partial(_Cursor, driver)


def _set_pragmas(connection: Any, record: object) -> None:  # noqa: ANN401  (the DB-API has no types)
    connection.isolation_level = None  # no implicit BEGIN by the driver: see `_begin`
    cursor = connection.cursor()
    try:
        for name, required in PRAGMAS.items():
            _set_with_retry(cursor, f"PRAGMA {name}={required}")
            cursor.execute(f"PRAGMA {name}")
            found = cursor.fetchone()[0]
            if found != required:
                raise StoreRefused(f"SQLite has {name} = {found!r}, {required!r} is required")
    finally:
        cursor.close()


def _set_with_retry(cursor: Any, pragma: str) -> None:  # noqa: ANN401  (the DB-API has no types)
    """Set it, with retries: SQLite does not wait when two connections switch a new database to WAL at once."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            cursor.execute(pragma)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    # A transaction that first reads and then writes would fail when another process wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
