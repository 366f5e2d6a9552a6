"""The central store: one SQLAlchemy engine, opened, checked and closed."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from central_server.errors import CentralError
from central_server.store.connection import Connection, finished
from central_server.store.schema import StoreRefused, at_head, upgrade

BUSY_S = 5
PRAGMAS = {
    "busy_timeout": BUSY_S * 1000,  # first: the next line may meet another process's lock
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: with less, a power cut takes back what was acknowledged
    "foreign_keys": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "temp_store": 2,
    "wal_autocheckpoint": 1000,
    "journal_size_limit": 4 * 1024 * 1024,
}


class StoreUnavailable(CentralError):
    """The database does not answer now, and nothing was changed: try again later."""


class Database:
    """Reads see one consistent state; a write sees the newest one and is durable when its block ends."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite has one writer: waiting here is fair and costs nothing, waiting on its lock is neither.
        self._turn = asyncio.Lock() if engine.dialect.name == "sqlite" else nullcontext()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        async with self._transaction() as connection:
            yield Connection(connection)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """Commits at the end of the block, takes everything back when it raises."""
        async with self._turn, self._transaction(writes=True) as connection:
            yield Connection(connection)
            await finished(connection.commit())

    @asynccontextmanager
    async def _transaction(self, **options: bool) -> AsyncIterator[AsyncConnection]:
        connection = self._engine.connect()
        try:
            await finished(_started(connection, options))
            yield connection
        except OperationalError as error:  # full, locked for long, unreadable, gone
            raise StoreUnavailable(str(error.orig)) from error
        finally:
            if connection.sync_connection is not None:
                await finished(connection.close())  # what is not committed is taken back


async def _started(connection: AsyncConnection, options: dict[str, bool]) -> None:
    await connection.start()
    await connection.execution_options(**options)
    await connection.begin()


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Open, migrate when needed, close. `url` as SQLAlchemy has it. Raises StoreRefused."""
    engine = create_async_engine(url, pool_size=4, max_overflow=4)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _set_pragmas)
        event.listen(engine.sync_engine, "begin", _begin)
    database = Database(engine)
    try:
        await _migrate(database)
        yield database
    except DatabaseError as error:
        if isinstance(error.orig, sqlite3.DatabaseError) and "not a database" in str(error.orig):
            raise StoreRefused(f"{engine.url.database} is not a SQLite database") from error
        raise
    finally:
        await engine.dispose()


def sqlite_url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def _migrate(database: Database) -> None:
    async with database.read() as connection:
        if await connection.run_sync(at_head):
            return
    async with database.write() as connection:
        await connection.run_sync(upgrade)


def _set_pragmas(connection: Any, record: object) -> None:  # noqa: ANN401  (the DB-API has no types)
    connection.isolation_level = None  # no implicit BEGIN by the driver: `_begin` says which kind
    cursor = connection.cursor()
    try:
        for name, wanted in PRAGMAS.items():
            _set_patiently(cursor, f"PRAGMA {name}={wanted}")
            cursor.execute(f"PRAGMA {name}")
            found = cursor.fetchone()[0]
            if found != wanted:
                raise StoreRefused(f"SQLite keeps {name} at {found!r}, {wanted!r} is demanded")
    finally:
        cursor.close()


def _set_patiently(cursor: Any, pragma: str) -> None:  # noqa: ANN401  (the DB-API has no types)
    """SQLite does not wait by itself when two connections turn a new database to WAL at the same time."""
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


def _begin(connection: SyncConnection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    # A transaction that first reads and then writes would fail when another process wrote in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
