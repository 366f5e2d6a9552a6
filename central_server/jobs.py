"""Periodic work. Work for a single process is done by the holder of its lease."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog

from central_server.alerts.lifecycle import update_alerts
from central_server.alerts.morning_message import MorningMessages
from central_server.alerts.notifier import AlertNotifier
from central_server.alerts.tasks import PartTasks
from central_server.alerts.thanks import ThankYou
from central_server.backups.backup import Source
from central_server.backups.backup_files import due, keep
from central_server.banks.port import Expiring
from central_server.donations.order_queries import OrderQueries
from central_server.donations.refund_sending import RefundSender
from central_server.donations.unpaid_gifts import delete_unpaid
from central_server.families.cases import erase_due
from central_server.ledger.publication import Publisher
from central_server.receipts.receipt_requests import Receipts
from central_server.reconciliation.nightly import NightlyRun
from central_server.statistics.rollup import count_new
from central_server.statistics.salts import Salts
from central_server.store.api import presence_passes
from central_server.store.engine import leases, process_events
from central_server.store.engine.database import Database, StoreUnavailable
from central_server.store.engine.leases import Lease
from central_server.store.engine.process_events import Topic
from central_server.store.enrolment import gateway_reports
from central_server.store.ledger import ledger_lines
from central_server.store.statistics import visitors
from daemonkit.broadcast import Broadcast
from daemonkit.health import Health
from sync_contract.strict_model import Environment

_log = structlog.get_logger()
VISITORS_KEPT = timedelta(days=762)
"""25 months, so that a month can be compared with the same one two years ago."""


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
    """Query due orders and process refunds, in one process at a time. Until cancelled; raises BankUnavailable."""
    lease = Lease(database, "ask_bank", holder, clock())
    while True:
        now = clock()
        leased = await lease.is_ours(now)
        if leased:
            await queries.query_due(now)
            await refund_sender.process_due(now)
        health.progress("bank")
        # Without the lease, check less often: a lost lease expires after half a minute.
        await asyncio.sleep(every_s if leased else every_s * 5)


async def give_back(database: Database, holder: str) -> None:
    """Give leases back at the end, so that other processes need not wait for their expiry."""
    try:
        async with database.write() as connection:
            await leases.give_back(connection, holder)
    except StoreUnavailable as error:  # they expire
        _log.warning("leases.return_failed", reason=str(error))


async def watch_changes(database: Database, listeners: Mapping[Topic, Broadcast], *, health: Health) -> None:
    """Poke a topic's listeners when any process changes it. Until cancelled; raises StoreUnavailable."""

    def heard(topic: Topic) -> None:
        if topic in listeners:
            listeners[topic].poke()

    await process_events.listen(database, heard, alive=lambda: health.progress("changes"))


async def count_figures(
    database: Database, *, holder: str, clock: Callable[[], datetime], health: Health, every_s: float = 2.0
) -> None:
    """Update figures from new records, in one process at a time. Until cancelled; raises StoreUnavailable."""
    loop = asyncio.get_running_loop()
    lease = Lease(database, "figures", holder, clock())
    while True:
        now = clock()
        leased = await lease.is_ours(now)
        started_at = loop.time()
        more = leased and await count_new(database, now)
        health.progress("figures")
        # Pause as long as the work took: on SQLite a write locks out every other process.
        pause = max(0.02, loop.time() - started_at) if more else every_s if leased else every_s * 3
        await asyncio.sleep(pause)


async def watch_alerts(
    database: Database,
    notifier: AlertNotifier,
    morning: MorningMessages,
    environment: Environment,
    expiring: Callable[[datetime], Sequence[Expiring]],
    last_backup_at: Callable[[datetime], datetime | None],
    *,
    failing: Callable[[], Sequence[str]],
    holder: str,
    clock: Callable[[], datetime],
    health: Health,
    every_s: float = 15.0,
    of_parts: Sequence[PartTasks] = (),
) -> None:
    """Update and send alerts, in one process at a time. Until cancelled; raises StoreUnavailable.

    `failing`: names of stages of this process that fail. `of_parts`: tasks of the optional parts.
    """
    while True:
        now = clock()
        async with database.write() as connection:
            leased = await leases.take(connection, "alerts", holder, now, now + timedelta(seconds=3 * every_s))
        if leased:
            overdue, stages = last_backup_at(now), failing()
            await update_alerts(
                database,
                environment.value,
                expiring(now),
                now,
                last_backup_at=overdue,
                failing=stages,
                of_parts=of_parts,
            )
            await notifier.notify_channels(now, alive=lambda: health.progress("alerts"))
            await morning.send_due(now, alive=lambda: health.progress("alerts"))
        health.progress("alerts")
        await asyncio.sleep(every_s)


async def forget_people(
    receipts: Receipts, thank_you: ThankYou, *, clock: Callable[[], datetime], pause: timedelta = timedelta(hours=1)
) -> None:
    """Thank givers whose money was spent; delete data of people at the end of their storage time, in any process.

    Until cancelled; raises StoreUnavailable.
    """
    while True:
        if gone := await receipts.delete_due(clock()):
            _log.info("donors.deleted", count=gone)
        if sent := await thank_you.send_due(clock()):
            _log.info("thanks.sent", count=sent)
        if gone := await erase_due(receipts.database, clock()):
            _log.info("households.erased", count=gone)
        await asyncio.sleep(pause.total_seconds())


async def forget_visitors(
    database: Database, *, clock: Callable[[], datetime], pause: timedelta = timedelta(hours=1)
) -> None:
    """Delete registers of visitors after `VISITORS_KEPT`, and the oldest boots of gateways, in any process.

    Until cancelled; raises StoreUnavailable.
    """
    while True:
        more = await database.written(partial(visitors.forget_oldest, before=clock() - VISITORS_KEPT))
        more |= await database.written(gateway_reports.forget_boots)
        # One day at a time: on SQLite a write locks out every other process.
        await asyncio.sleep(0.02 if more else pause.total_seconds())


async def forget_gifts(
    database: Database, *, clock: Callable[[], datetime], pause: timedelta = timedelta(hours=1)
) -> None:
    """Delete old gifts that began on a phone and were never paid, in any process.

    Until cancelled; raises StoreUnavailable.
    """
    while True:
        if deleted := await delete_unpaid(database, clock()):
            _log.info("unpaid_gifts.deleted", count=deleted)
        await asyncio.sleep(pause.total_seconds())


async def forget_passes(
    database: Database, *, clock: Callable[[], datetime], pause: timedelta = timedelta(minutes=1)
) -> None:
    """Delete ended presence passes, and the oldest beyond their greatest number, in any process.

    Until cancelled; raises StoreUnavailable.
    """
    while True:
        more = await database.written(partial(presence_passes.forget, now=clock()))
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
    """Reconcile the bank's files of due days, in one process at a time. Until cancelled; raises StoreUnavailable.

    It reports no progress to the watchdog: a city's file takes longer than its limit.
    """
    following = clock()
    while True:
        now = clock()
        if now >= following:
            async with database.write() as connection:
                leased = await leases.take(connection, "reconcile", holder, now, now + pause)
            if leased:
                night = await nightly.run(now)
                for day, reason in night.failed.items():
                    _log.warning("reconciliation.waiting", day=str(day), reason=str(reason))
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
    full_every: timedelta = timedelta(hours=6),
) -> None:
    """Publish ledger heads after each new line, and of all lines at times, in one process at a time.

    Until cancelled; raises StoreUnavailable.
    """
    lease = Lease(database, "publish_ledger", holder, clock())
    published_to, full_at = -1, datetime.min.replace(tzinfo=UTC)
    while True:
        now = clock()
        leased = await lease.is_ours(now)
        if leased:
            async with database.read() as connection:
                newest = await ledger_lines.newest(connection)
            full = now - full_at >= full_every
            if full or newest != published_to:
                # On PostgreSQL a smaller number may be committed later: the last 1000 are checked again.
                await publisher.publish_waiting(0 if full else max(0, published_to - 1000))
                published_to, full_at = newest, now if full else full_at
        health.progress("publication")
        await asyncio.sleep(every_s if leased else every_s * 5)


async def keep_backups(
    database: Database, source: Source, *, holder: str, clock: Callable[[], datetime], every_s: float = 60.0
) -> None:
    """Back up a SQLite database each night, in one process at a time. Until cancelled.

    On PostgreSQL the operator does this, with a timer for `beacon-central backup` or other tools.
    Raises BackupFailed, StoreUnavailable.
    """
    while source.kind == "sqlite":
        now = clock()
        if due(source.state, now):
            async with database.write() as connection:
                leased = await leases.take(connection, "backups", holder, now, now + timedelta(hours=1))
            if leased and due(source.state, now):  # another process may have made it
                made, manifest = await asyncio.to_thread(keep, source, now)
                _log.info("backup.made", file=str(made), size=manifest.size)
        await asyncio.sleep(every_s)


async def keep_salts(
    database: Database, salts: Salts, *, clock: Callable[[], datetime], health: Health, every_s: float = 5.0
) -> None:
    """Load the salt of each day, in every process. Until cancelled; raises StoreUnavailable."""
    while True:
        await salts.refresh(database, clock())
        health.progress("salts")
        await asyncio.sleep(every_s)


async def repeat(
    database: Database,
    name: str,
    work: Callable[[datetime], Awaitable[None]],
    *,
    holder: str,
    clock: Callable[[], datetime],
    every_s: float,
) -> None:
    """Do `work` every `every_s` seconds, in one process at a time. Until cancelled; raises StoreUnavailable."""
    lease = Lease(database, name, holder, clock(), lasts=timedelta(seconds=max(30.0, 3 * every_s)))
    while True:
        now = clock()
        if await lease.is_ours(now):
            await work(now)
        await asyncio.sleep(every_s)


async def forward_changes(changes: Broadcast, news: Broadcast) -> None:
    """Poke `news` at each of `changes`. Until cancelled."""
    async for _ in changes.changes():
        news.poke()
