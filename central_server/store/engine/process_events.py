"""What any process commits, every process hears.

Each topic has a mark: a figure that moves with every change. One stage in each process looks at the marks every second.
PostgreSQL can be faster than that: what was told within a transaction it passes on as soon as that is committed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

from sqlalchemy import BigInteger, func, select, text, type_coerce

from central_server.store.engine import postgresql
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.store_errors import StoreUnavailable
from central_server.store.engine.tables import arrivals, batches, catalogue_edits, state_changes


class Topic(StrEnum):
    gifts = "gifts"
    """The state of an intent or of an attempt changed."""
    sync_log = "sync_log"
    """Something arrived from a gateway."""
    catalogue = "catalogue"
    """Staff edited what is on offer."""


_MARKS = {
    Topic.gifts: select(func.max(state_changes.c.seq)),
    Topic.sync_log: select(
        func.coalesce(select(func.max(batches.c.seq)).scalar_subquery(), 0)
        + func.coalesce(select(func.max(type_coerce(arrivals.c.last_at, BigInteger))).scalar_subquery(), 0)
    ),
    Topic.catalogue: select(func.max(catalogue_edits.c.seq)),
}
_LOOK = select(*(_MARKS[topic].scalar_subquery().label(topic) for topic in Topic))
_CHANNEL = "beacon_central"
_TELL = text(f"SELECT pg_notify('{_CHANNEL}', :topic)")


async def tell(connection: Connection, topic: Topic) -> None:
    """For what somebody waits for: heard at once where the database can do that, and only if this write commits.

    PostgreSQL commits transactions that tell one after the other: not for what comes by the thousand.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(_TELL, {"topic": topic.value})


async def hear(
    database: Database, heard: Callable[[Topic], None], *, alive: Callable[[], None], every_s: float = 1.0
) -> None:
    """Call `heard` for each topic at once, and whenever it changed since. Until cancelled; raises StoreUnavailable."""
    async with _listening(database.dsn, heard) as deaf:
        seen: tuple[object, ...] = ()
        while True:
            async with database.read() as connection:
                marks = tuple((await connection.execute(_LOOK)).one())
            for topic, before, mark in zip(Topic, seen or (object(),) * len(marks), marks, strict=True):
                if mark != before:
                    heard(topic)
            seen = marks
            alive()
            try:
                async with asyncio.timeout(every_s):
                    await deaf.wait()
            except TimeoutError:
                continue
            raise StoreUnavailable("the connection on which other processes are heard was lost")


@asynccontextmanager
async def _listening(dsn: str, heard: Callable[[Topic], None]) -> AsyncIterator[asyncio.Event]:
    """Gives an event that is set when nothing can be heard any more; on SQLite nothing ever is, and none is set."""

    def notified(word: str) -> None:
        if word in list(Topic):  # a newer process may have more of them
            heard(Topic(word))

    if dsn:
        async with postgresql.listening(dsn, _CHANNEL, notified) as deaf:
            yield deaf
    else:
        yield asyncio.Event()
