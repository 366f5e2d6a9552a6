"""Group commit on SQLite: works that wait for the writer share one transaction, and so one sync of the disk.

When many gateways deliver at once, each delivery would otherwise wait for the syncs of all before it.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from central_server.store.engine.connection import Connection

Result = TypeVar("Result")
_LIMIT = 8
"""Works in one transaction, of a few milliseconds each: other writers wait for no more."""


class PendingWork(Generic[Result]):
    """One work and, once `done`, its result or the exception that it raised."""

    def __init__(self, work: Callable[[Connection], Awaitable[Result]]) -> None:
        self._work = work
        self._results: list[Result] = []
        self._error: BaseException | None = None

    @property
    def done(self) -> bool:
        return bool(self._results) or self._error is not None

    async def run_in_savepoint(self, connection: Connection) -> None:
        """Run the work: when it raises, nothing of it stays and the other works are not affected."""
        await connection.driver("SAVEPOINT work", ())
        try:
            self._results = [await self._work(connection)]
        except Exception as error:  # noqa: BLE001  (it is raised to the caller that waits for this work)
            self._error = error
            await connection.driver("ROLLBACK TO work", ())
        await connection.driver("RELEASE work", ())

    def fail(self, error: BaseException) -> None:
        """Mark it as failed: its transaction was not committed."""
        self._results, self._error = [], error

    def result(self) -> Result:
        """Return what the work returned, or raise what it raised."""
        if self._error is not None:
            raise self._error
        return self._results[0]


class WaitingGroup:
    """The works that wait for the writer. Whoever gets the writer first runs the oldest of them."""

    def __init__(self) -> None:
        self._waiting: list[PendingWork[Any]] = []

    def add(self, pending: PendingWork[Any]) -> None:
        self._waiting.append(pending)

    def discard(self, pending: PendingWork[Any]) -> None:
        """Forget a work whose caller left before it began."""
        if pending in self._waiting:
            self._waiting.remove(pending)

    def take(self) -> list[PendingWork[Any]]:
        """Return the works of the next transaction; they wait no longer."""
        taken, self._waiting = self._waiting[:_LIMIT], self._waiting[_LIMIT:]
        return taken
