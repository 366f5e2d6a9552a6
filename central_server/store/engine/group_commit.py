"""Group commit: works that wait for SQLite's one writer are one transaction, and one sync of the disk for all of them.

When many gateways come back at once, each batch would otherwise wait for the syncs of all before it. Works of one
transaction change the same pages of the indexes too, and those are written once.
"""

import sqlite3
from asyncio import Task, create_task
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

Work = Callable[[sqlite3.Connection], bool]
ByDriver = Callable[[Callable[[Any], Awaitable[dict[Work, bool]]]], Coroutine[Any, Any, dict[Work, bool]]]
_MOST = 8
"""Works in one transaction, a few milliseconds each; whatever else wants to write waits for no more."""


class Group:
    """Works for one transaction. It takes more until it has begun."""

    def __init__(self) -> None:
        self._works: dict[Work, None] = {}
        self._given: Task[Mapping[Work, bool]] | None = None

    @property
    def takes_more(self) -> bool:
        return self._given is None and len(self._works) < _MOST

    @contextmanager
    def joined(self, work: Work) -> Iterator[None]:
        """A work whose block is left before the group has begun is not done."""
        self._works[work] = None
        try:
            yield
        finally:
            self._works.pop(work, None)

    async def done(self, by_driver: ByDriver) -> Mapping[Work, bool]:
        """What each work gave; the first to ask has the turn to write. Raises what SQLite raises, to all who ask."""
        if self._given is None:
            works = list(self._works)
            # The one way of the driver to do several things in a row in its thread.
            self._given = create_task(by_driver(lambda driver: driver._execute(_in_one, driver._conn, works)))
        return await self._given


def _in_one(connection: sqlite3.Connection, works: Sequence[Work]) -> dict[Work, bool]:
    try:
        connection.execute("BEGIN IMMEDIATE")
        given = {work: _kept(connection, work) for work in works}
        connection.execute("COMMIT")
        return given
    finally:
        connection.rollback()  # of what is committed, nothing


def _kept(connection: sqlite3.Connection, work: Work) -> bool:
    """False: a key was there already, or `work` says so; nothing of it is kept."""
    connection.execute("SAVEPOINT work")
    try:
        kept = work(connection)
    except sqlite3.IntegrityError:
        kept = False
    if not kept:
        connection.execute("ROLLBACK TO work")
    connection.execute("RELEASE work")
    return kept
