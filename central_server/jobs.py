"""Periodic work. What must be done by one process alone is done by the holder of its lease."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from central_server.donations.queries import Queries
from central_server.statistics.rollup import count_new
from central_server.statistics.salts import Salts
from central_server.store import events, leases
from central_server.store.database import Database, StoreUnavailable
from central_server.store.events import Topic
from daemonkit.broadcast import Broadcast
from daemonkit.health import Health

_log = structlog.get_logger()
_LEASE = timedelta(seconds=30)
_RENEW_BEFORE = timedelta(seconds=15)


async def ask_bank(
    database: Database,
    queries: Queries,
    *,
    holder: str,
    clock: Callable[[], datetime],
    health: Health,
    every_s: float = 1.0,
) -> None:
    """Query due attempts, in one process at a time. Until cancelled; raises BankUnavailable."""
    held_until = clock()
    while True:
        now = clock()
        if now > held_until - _RENEW_BEFORE:
            async with database.write() as connection:
                if await leases.take(connection, "ask_bank", holder, now, now + _LEASE):
                    held_until = now + _LEASE
        if now < held_until:
            await queries.ask_due(now)
        health.progress("bank")
        # Without the lease there is no hurry: its holder is at work, or is missed in half a minute.
        await asyncio.sleep(every_s if now < held_until else every_s * 5)


async def give_back(database: Database, holder: str) -> None:
    """At the end, so that the other processes need not wait for the leases to run out."""
    try:
        async with database.write() as connection:
            await leases.give_back(connection, holder)
    except StoreUnavailable as error:  # they run out by themselves
        _log.warning("leases.kept", reason=str(error))


async def watch_changes(database: Database, listeners: Mapping[Topic, Broadcast], *, health: Health) -> None:
    """Poke a topic's listeners when any process changed it. Until cancelled; raises StoreUnavailable."""

    def heard(topic: Topic) -> None:
        if topic in listeners:
            listeners[topic].poke()

    await events.hear(database, heard, alive=lambda: health.progress("changes"))


async def count_figures(
    database: Database, *, holder: str, clock: Callable[[], datetime], health: Health, every_s: float = 2.0
) -> None:
    """Figures from what arrived, in one process at a time. Until cancelled; raises StoreUnavailable."""
    loop = asyncio.get_running_loop()
    held_until = clock()
    while True:
        now = clock()
        if now > held_until - _RENEW_BEFORE:
            async with database.write() as connection:
                if await leases.take(connection, "figures", holder, now, now + _LEASE):
                    held_until = now + _LEASE
        begun = loop.time()
        more = now < held_until and await count_new(database)
        health.progress("figures")
        # Half of the time belongs to others: on SQLite a write shuts out every other process.
        pause = max(0.02, loop.time() - begun) if more else every_s if now < held_until else every_s * 3
        await asyncio.sleep(pause)


async def keep_salts(
    database: Database, salts: Salts, *, clock: Callable[[], datetime], health: Health, every_s: float = 5.0
) -> None:
    """The day's salt, in every process. Until cancelled; raises StoreUnavailable."""
    while True:
        await salts.keep(database, clock())
        health.progress("salts")
        await asyncio.sleep(every_s)


async def pass_on(changes: Broadcast, news: Broadcast) -> None:
    """Who waits for news of any kind hears of these too. Until cancelled."""
    async for _ in changes.changes():
        news.poke()
