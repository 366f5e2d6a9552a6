"""Notifies every server process of what any of them commits.

Each topic has a mark, a number that moves with every change. Each process polls the marks every second. PostgreSQL is
faster: it delivers a notification as soon as the transaction that sent it is committed.
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
_ALL_MARKS = select(*(_MARKS[topic].scalar_subquery().label(topic) for topic in Topic))
_CHANNEL = "beacon_central"
_NOTIFY = text(f"SELECT pg_notify('{_CHANNEL}', :topic)")


async def notify(connection: Connection, topic: Topic) -> None:
    """Notify the other processes when this write commits. Without effect on SQLite, where the marks are polled.

    PostgreSQL serialises the commits of transactions that notify: do not use it for what comes by the thousand.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(_NOTIFY, {"topic": topic.value})


async def listen(
    database: Database, changed: Callable[[Topic], None], *, alive: Callable[[], None], every_s: float = 1.0
) -> None:
    """Call `changed` for each topic now and after each change. Runs until cancelled; raises StoreUnavailable."""
    async with _notifications(database.dsn, changed) as lost:
        seen: tuple[object, ...] = ()
        while True:
            async with database.read() as connection:
                marks = tuple((await connection.execute(_ALL_MARKS)).one())
            for topic, before, mark in zip(Topic, seen or (object(),) * len(marks), marks, strict=True):
                if mark != before:
                    changed(topic)
            seen = marks
            alive()
            try:
                async with asyncio.timeout(every_s):
                    await lost.wait()
            except TimeoutError:
                continue
            raise StoreUnavailable("the connection that receives notifications was lost")


@asynccontextmanager
async def _notifications(dsn: str, changed: Callable[[Topic], None]) -> AsyncIterator[asyncio.Event]:
    """Receive notifications. The event is set when their connection is lost, and never on SQLite."""

    def notified(word: str) -> None:
        if word in list(Topic):  # a newer process may have more of them
            changed(Topic(word))

    if dsn:
        async with postgresql.listening(dsn, _CHANNEL, notified) as lost:
            yield lost
    else:
        yield asyncio.Event()
