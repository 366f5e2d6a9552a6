"""A connection whose statements are never cut off half-way.

Requests end early (a client leaves) and stages are cancelled. A driver that is cancelled inside a statement loses its
connection, in SQLite together with the lock that it holds. So a statement that has begun is waited for; only then the
cancellation goes on its way.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import CursorResult, Dialect
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import Executable

Result = TypeVar("Result")
Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Connection:
    """What a repository may do within a transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(self, statement: Executable, rows: Rows | None = None) -> CursorResult[*tuple[Any, ...]]:
        return await finished(self._connection.execute(statement, rows))

    async def run_sync(self, work: Callable[[SyncConnection], Result]) -> Result:
        return await finished(self._connection.run_sync(work))


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
