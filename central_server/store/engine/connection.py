"""A connection whose statements run to their end, even when their caller is cancelled.

A client may leave early, and stages are cancelled. A driver that is cancelled inside a statement loses its connection,
on SQLite together with its lock. So a statement that has started is awaited first, and then the cancellation continues.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import CursorResult, Dialect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import Executable

from central_server.store.engine.store_errors import translate

Result = TypeVar("Result")
Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class Connection:
    """A database connection within a transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(self, statement: Executable, rows: Rows | None = None) -> CursorResult[*tuple[Any, ...]]:
        """Raises StoreUnavailable, StoreCollision, ValueRefused, and SQLAlchemy's IntegrityError as it is."""
        return await translated(self._connection.execute(statement, rows))

    async def driver(self, statement: str, values: tuple[Any, ...] | list[Any]) -> CursorResult[*tuple[Any, ...]]:
        """Execute SQL of the driver's own dialect: once for a tuple, once for each tuple of a list."""
        return await translated(self._connection.exec_driver_sql(statement, values))

    async def run_sync(self, work: Callable[[SyncConnection], Result]) -> Result:
        return await translated(self._connection.run_sync(work))

    async def alone(self, name: str) -> None:
        """Wait until no other transaction holds the lock of this name, and hold it until this one ends.

        It serves a read before a write where no row exists yet that could be locked. SQLite has one writer anyway.
        """
        if self.dialect.name == "postgresql":
            await self.execute(_ALONE, {"name": name})


async def translated(work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of `work`, which runs to its end. Errors of the database are raised as ours (store_errors)."""
    try:
        return await finished(work)
    except (SQLAlchemyError, sqlite3.Error, OSError, OverflowError, UnicodeEncodeError) as error:
        ours = translate(error)
        if ours is None:
            raise
        raise ours from error


async def finished(work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of `work`, which runs to its end even when the caller is cancelled."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                continue
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it; the cancellation takes precedence
        raise
