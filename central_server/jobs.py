"""Periodic work. What must be done by one process alone is done by the holder of its lease."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from central_server.alerts.lifecycle import look
from central_server.alerts.notifier import Telling
from central_server.backups.backup import Source
from central_server.backups.backup_files import due, keep
from central_server.banks.port import Expiring
from central_server.donations.order_queries import OrderQueries
from central_server.donations.refund_sending import RefundSender
from central_server.ledger.publication import Publisher
from central_server.receipts.receipt_requests import Receipts
from central_server.reconciliation.nightly import NightlyRun
from central_server.statistics.rollup import count_new
from central_server.statistics.salts import Salts
from central_server.store.engine import leases, process_events
from central_server.store.engine.database import Database, StoreUnavailable
from central_server.store.engine.leases import Lease
from central_server.store.engine.process_events import Topic
from central_server.store.ledger import ledger_lines
from central_server.store.statistics import visitors
from daemonkit.broadcast import Broadcast
from daemonkit.health import Health
from sync_contract.strict_model import Environment

_log = structlog.get_logger()
VISITORS_KEPT = timedelta(days=762)
"""25 months: a month can still be compared with the same one two years ago."""


async def ask_bank(
    database: Database,
    queries: OrderQueries,
    refund_sender: RefundSender,
    *,
    holder: str,
    clock: Callable[[], datetime],
    health: Health,
    every_s: float = 1.0,
) -> None:
    """Query due attempts and see to refunds, in one process at a time. Until cancelled; raises BankUnavailable."""
    lease = Lease(database, "ask_bank", holder, clock())
    while True:
        now = clock()
        held = await lease.held(now)
        if held:
            await queries.query_due(now)
            await refund_sender.process_due(now)
        health.progress("bank")
        # Without the lease there is no hurry: its holder is at work, or is missed in half a minute.
        await asyncio.sleep(every_s if held else every_s * 5)


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

    await process_events.hear(database, heard, alive=lambda: health.progress("changes"))


async def count_figures(
    database: Database, *, holder: str, clock: Callable[[], datetime], health: Health, every_s: float = 2.0
) -> None:
    """Figures from what arrived, in one process at a time. Until cancelled; raises StoreUnavailable."""
    loop = asyncio.get_running_loop()
    lease = Lease(database, "figures", holder, clock())
    while True:
        held = await lease.held(clock())
        begun = loop.time()
        more = held and await count_new(database)
        health.progress("figures")
        # Half of the time belongs to others: on SQLite a write shuts out every other process.
        pause = max(0.02, loop.time() - begun) if more else every_s if held else every_s * 3
        await asyncio.sleep(pause)


async def watch_alerts(
    database: Database,
    telling: Telling,
    environment: Environment,
    expiring: Callable[[datetime], Sequence[Expiring]],
    not_backed_up_since: Callable[[datetime], datetime | None],
    *,
    holder: str,
    clock: Callable[[], datetime],
    health: Health,
    every_s: float = 15.0,
) -> None:
    """What waits for staff, and who is told, in one process at a time. Until cancelled; raises StoreUnavailable."""
    while True:
        now = clock()
        async with database.write() as connection:
            held = await leases.take(connection, "alerts", holder, now, now + timedelta(seconds=3 * every_s))
        if held:
            await look(database, environment.value, expiring(now), now, not_backed_up_since=not_backed_up_since(now))
            await telling.tell(now, alive=lambda: health.progress("alerts"))
        health.progress("alerts")
        await asyncio.sleep(every_s)


async def forget_donors(
    receipts: Receipts, *, clock: Callable[[], datetime], pause: timedelta = timedelta(hours=1)
) -> None:
    """Delete donors' data whose day has come; any process may. Until cancelled; raises StoreUnavailable."""
    while True:
        if gone := await receipts.delete_due(clock()):
            _log.info("donors.forgotten", count=gone)
        await asyncio.sleep(pause.total_seconds())


async def forget_visitors(
    database: Database, *, clock: Callable[[], datetime], pause: timedelta = timedelta(hours=1)
) -> None:
    """Delete the registers of visitors that no figure asks for any more; any process may.

    Until cancelled; raises StoreUnavailable.
    """
    while True:
        more = await database.written(partial(visitors.forget_oldest, before=clock() - VISITORS_KEPT))
        # A day at a time: on SQLite a write shuts out every other process.
        await asyncio.sleep(0.02 if more else pause.total_seconds())


async def reconcile(
    database: Database,
    nightly: NightlyRun,
    *,
    holder: str,
    clock: Callable[[], datetime],
    every_s: float = 5.0,
    pause: timedelta = timedelta(minutes=10),
) -> None:
    """The bank's files of the days that are due, in one process at a time. Until cancelled; raises StoreUnavailable.

    It shows no progress to the watchdog: a city's file takes longer than that waits.
    """
    following = clock()
    while True:
        now = clock()
        if now >= following:
            async with database.write() as connection:
                held = await leases.take(connection, "reconcile", holder, now, now + pause)
            if held:
                night = await nightly.run(now)
                for day, reason in night.failed.items():
                    _log.warning("reconciliation.waiting", day=str(day), reason=reason)
            following = now + pause
        await asyncio.sleep(every_s)


async def publish_ledger(
    database: Database,
    publisher: Publisher,
    *,
    holder: str,
    clock: Callable[[], datetime],
    health: Health,
    every_s: float = 1.0,
    wholly_every: timedelta = timedelta(hours=6),
) -> None:
    """Heads of what is ripe, right after it was written, in one process at a time; and now and then of everything.

    Until cancelled; raises StoreUnavailable.
    """
    lease = Lease(database, "publish_ledger", holder, clock())
    looked_at, whole_at = -1, datetime.min.replace(tzinfo=UTC)
    while True:
        now = clock()
        held = await lease.held(now)
        if held:
            async with database.read() as connection:
                newest = await ledger_lines.newest(connection)
            wholly = now - whole_at >= wholly_every
            if wholly or newest != looked_at:
                # On PostgreSQL a line with a smaller number may be committed later: a little is looked at again.
                await publisher.publish_waiting(0 if wholly else max(0, looked_at - 1000))
                looked_at, whole_at = newest, now if wholly else whole_at
        health.progress("publication")
        await asyncio.sleep(every_s if held else every_s * 5)


async def keep_backups(
    database: Database, kept: Source, *, holder: str, clock: Callable[[], datetime], every_s: float = 60.0
) -> None:
    """Each night's backup of a database on SQLite, in one process at a time. Until cancelled.

    On PostgreSQL it is for whoever runs that: `beacon-central backup` by a timer, or ways of its own.
    Raises BackupFailed, StoreUnavailable.
    """
    while kept.kind == "sqlite":
        now = clock()
        if due(kept.state, now):
            async with database.write() as connection:
                held = await leases.take(connection, "backups", holder, now, now + timedelta(hours=1))
            if held and due(kept.state, now):  # another process may just have made it
                made, manifest = await asyncio.to_thread(keep, kept, now)
                _log.info("backup.made", file=str(made), octets=manifest.octets)
        await asyncio.sleep(every_s)


async def keep_salts(
    database: Database, salts: Salts, *, clock: Callable[[], datetime], health: Health, every_s: float = 5.0
) -> None:
    """The day's salt, in every process. Until cancelled; raises StoreUnavailable."""
    while True:
        await salts.refresh(database, clock())
        health.progress("salts")
        await asyncio.sleep(every_s)


async def pass_on(changes: Broadcast, news: Broadcast) -> None:
    """Who waits for news of any kind hears of these too. Until cancelled."""
    async for _ in changes.changes():
        news.poke()
