"""Periodic work. What must be done by one process alone is done by the holder of its lease."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from central_server.donations.queries import Queries
from central_server.store import intents, leases
from central_server.store.database import Database
from daemonkit.broadcast import Broadcast
from daemonkit.health import Health

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


async def watch_changes(database: Database, changes: Broadcast, *, health: Health, every_s: float = 1.0) -> None:
    """Poke `changes` when any process has changed a state. Until cancelled."""
    seen = -1
    while True:
        async with database.read() as connection:
            last = await intents.last_change(connection)
        if last != seen:
            seen = last
            changes.poke()
        health.progress("changes")
        await asyncio.sleep(every_s)
