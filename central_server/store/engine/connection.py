"""A connection whose statements are never cut off half-way.

Requests end early (a client leaves) and stages are cancelled. A driver that is cancelled inside a statement loses its
connection, in SQLite together with the lock that it holds. So a statement that has begun is waited for; only then the
cancellation goes on its way.
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

from central_server.store.engine.store_errors import meaning

Result = TypeVar("Result")
Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class Connection:
    """What a repository may do within a transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(self, statement: Executable, rows: Rows | None = None) -> CursorResult[*tuple[Any, ...]]:
        """Raises StoreUnavailable, StoreCollision, ValueRefused, and SQLAlchemy's IntegrityError as it is."""
        return await told(self._connection.execute(statement, rows))

    async def driver(self, statement: str, values: tuple[Any, ...] | list[Any]) -> CursorResult[*tuple[Any, ...]]:
        """The statement as the driver reads it. A tuple is one execution, a list of tuples is one for each."""
        return await told(self._connection.exec_driver_sql(statement, values))

    async def run_sync(self, work: Callable[[SyncConnection], Result]) -> Result:
        return await told(self._connection.run_sync(work))

    async def alone(self, name: str) -> None:
        """Until this transaction ends, no other one that says the same name is past this line.

        For reading in order to write where there is no row yet that could be locked. On SQLite every write is alone.
        """
        if self.dialect.name == "postgresql":
            await self.execute(_ALONE, {"name": name})


async def told(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work`, finished; trouble of the database by our names for it."""
    try:
        return await finished(work)
    except (SQLAlchemyError, sqlite3.Error, OSError, OverflowError, UnicodeEncodeError) as error:
        ours = meaning(error)
        if ours is None:
            raise
        raise ours from error


async def finished(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of `work`, which runs to its end even when the caller is cancelled meanwhile."""
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
            task.exception()  # looked at, so that asyncio does not complain of it; the cancellation goes first
        raise
