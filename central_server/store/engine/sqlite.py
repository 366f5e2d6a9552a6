"""Settings of connections to SQLite."""

import sqlite3
import time
from collections import deque
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Dialect, event
from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_connection, AsyncAdapt_aiosqlite_cursor
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
        hide_parameters=True,  # parameters may be secret, and errors go into the log
        pool_size=4,
        max_overflow=4,
        pool_timeout=BUSY_S,
        pool_use_lifo=True,  # a write by one connection empties the caches of the others
        pool_reset_on_return=None,  # every transaction is ended by its owner: no needless rollback in a thread
    )
    event.listen(made.sync_engine, "do_connect", _connect)
    event.listen(made.sync_engine, "connect", _set_pragmas)
    event.listen(made.sync_engine, "begin", _begin)
    return made


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Executes a statement and fetches its rows in one call of the connection's thread, not in four."""

    __slots__ = ()
    _awaitable_cursor_close = False

    def _make_new_cursor(self, connection: Any) -> Any:  # noqa: ANN401  (the DB-API has no types)
        return connection._conn.cursor()  # only an object: SQLite is not called

    def _aenter_cursor(self, cursor: Any) -> Any:  # noqa: ANN401  (the DB-API has no types)
        return cursor

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:  # noqa: ANN401  (the DB-API has no types)
        cursor: sqlite3.Cursor = self._cursor  # type: ignore[assignment]  # see `_make_new_cursor`

        def run() -> list[Any]:
            cursor.execute(operation, () if parameters is None else parameters)
            return cursor.fetchall() if cursor.description else []

        async with self._adapt_connection._execute_mutex:
            self._rows = deque(await self._connection._execute(run))

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:  # noqa: ANN401  (as above)
        async with self._adapt_connection._execute_mutex:
            await self._connection._execute(self._cursor.executemany, operation, seq_of_parameters)

    def close(self) -> None:
        self._rows.clear()  # the statement has ended with its last row


class _Connection(AsyncAdapt_aiosqlite_connection):
    __slots__ = ()
    _cursor_cls = _Cursor


def _connect(dialect: Dialect, _record: object, arguments: Any, options: Any) -> _Connection:  # noqa: ANN401  (as above)
    module: Any = dialect.dbapi
    return _Connection(module, module.connect(*arguments, **options).driver_connection)


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
