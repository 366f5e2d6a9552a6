"""Count parcels into figures by hour and day.

Intake notes the parcels that it accepted in the same transaction. This module takes the notes in the transaction in
which it recomputes the hours concerned from all their parcels. So counting twice changes nothing, and a parcel that
arrives a month late corrects its own hour.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import structlog

from central_server.statistics.event_times import HOUR, Anchor, anchors, day, event_time, hour, start_reading
from central_server.statistics.plausibility import plausible, plausible_touches
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.parcels import parcel_times, uncounted_parcels
from central_server.store.parcels.parcel_times import StoredContent, StoredMoment
from central_server.store.statistics import beacon_activity, figures, screen_figures
from central_server.store.statistics.screen_figures import ScreenUse
from sync_contract.records import BeaconStatistics, Door, IntentRegistered, Parcel, ScreenStatistics
from sync_contract.statistics import NOTHING, Total, merge, total
from sync_contract.wire_record import InvalidRecord, decode

_log = structlog.get_logger()
_MAX_BATCHES = 25
_MAX_PARCELS = 50
"""In one transaction: on SQLite, intake waits meanwhile."""
_NOTHING_SHOWN = ("", "", Door.touch.value)


async def count_new(database: Database) -> bool:
    """Count some new parcels. Return False if there were none. Raises StoreUnavailable."""
    return await database.written(_count)


async def _count(connection: Connection) -> bool:
    await connection.alone("figures")
    batches = await uncounted_parcels.take(connection, _MAX_BATCHES, _MAX_PARCELS)
    by_gateway: dict[str, set[str]] = defaultdict(set)
    for batch in batches:
        by_gateway[batch.gateway].update(batch.parcels)
    for gateway, ids in sorted(by_gateway.items()):
        stale = await _place(connection, gateway, ids)
        for each in sorted(stale):
            await figures.replace_hour(connection, gateway, each, await _totals(connection, gateway, each))
            await screen_figures.replace_hour(connection, gateway, each, await _screens(connection, gateway, each))
        for each in sorted({day(at) for at in stale}):
            await figures.sum_day(connection, gateway, each)
    return bool(batches)


async def _place(connection: Connection, gateway: str, ids: set[str]) -> set[datetime]:
    """Store when these parcels happened. Return the hours whose figures change."""
    contents = await parcel_times.contents(connection, gateway, ids)
    placed = [(each, parcel) for each in contents if (parcel := _parcel(each))]
    for _, parcel in placed:
        for boot, anchor in anchors(parcel).items():
            if await parcel_times.settle_anchor(connection, gateway, boot, anchor.monotonic_ns, anchor.wall):
                await _place_again(connection, gateway, boot)
    boots = {start_reading(parcel).boot for _, parcel in placed}
    stored_anchors = await parcel_times.anchors(connection, gateway, boots)
    before = await parcel_times.known(connection, gateway, ids)
    stale: set[datetime] = set()
    new: list[StoredMoment] = []
    heard: list[tuple[str, datetime, BeaconStatistics]] = []
    for content, parcel in placed:
        reading = start_reading(parcel)
        anchored = stored_anchors.get(reading.boot)
        found = event_time(reading, Anchor(*anchored) if anchored else None, content.received_at)
        unsure = None if reading.reliable else reading.boot
        kind = parcel.body.kind
        new.append(StoredMoment(gateway, content.parcel, content.community, kind, found.at, found.sure, unsure))
        if isinstance(parcel.body, BeaconStatistics):
            heard.append((content.community, found.at, parcel.body))
        if not isinstance(parcel.body, IntentRegistered):
            stale.add(hour(found.at))
            if content.parcel in before:
                stale.add(hour(before[content.parcel][0]))
    await parcel_times.store(connection, new)
    await beacon_activity.record_reports(connection, gateway, heard)
    return stale


async def _place_again(connection: Connection, gateway: str, boot: str) -> None:
    """Place the parcels of a boot later, in parts: a gateway may have been without a clock for months."""
    await uncounted_parcels.add(connection, gateway, await parcel_times.unsure(connection, gateway, boot))


async def _totals(connection: Connection, gateway: str, start: datetime) -> dict[str, Total]:
    """Return the totals of an hour by community."""
    totals: dict[str, Total] = defaultdict(lambda: NOTHING)
    for content in await parcel_times.between(connection, gateway, "statistics", start, start + HOUR):
        parcel = _parcel(content)
        if parcel is not None and isinstance(parcel.body, BeaconStatistics) and plausible(parcel.body):
            one = total(parcel.body)
            one = replace(one, trusted_ms=one.listened_ms if content.sure else 0)
            totals[content.community] = merge(totals[content.community], one)
    return totals


async def _screens(connection: Connection, gateway: str, start: datetime) -> dict[str, list[ScreenUse]]:
    """Return how the screen was used in an hour, by community."""
    stretches: dict[str, list[ScreenStatistics]] = defaultdict(list)
    for content in await parcel_times.between(connection, gateway, "screen", start, start + HOUR):
        parcel = _parcel(content)
        if parcel is not None and isinstance(parcel.body, ScreenStatistics) and plausible_touches(parcel.body):
            stretches[content.community].append(parcel.body)
    return {community: _add_screens(each) for community, each in stretches.items()}


def _add_screens(stretches: Iterable[ScreenStatistics]) -> list[ScreenUse]:
    """A stretch without touches yields a row of zeros: it was counted."""
    visits: Counter[tuple[str, str, str]] = Counter()
    opened: Counter[tuple[str, str, str]] = Counter()
    for stretch in stretches:
        visits[_NOTHING_SHOWN] += 0
        for count in stretch.counts:
            shown = (count.project or "", "" if count.beacon is None else str(count.beacon), count.door.value)
            visits[shown] += count.visits
            opened[shown] += count.opened
    return [ScreenUse(*shown, visits[shown], opened[shown]) for shown in visits]


def _parcel(content: StoredContent) -> Parcel | None:
    """Return None for a parcel that this version cannot read; it stays stored and is not counted."""
    try:
        return decode(Parcel, content.content)
    except InvalidRecord:
        _log.warning("parcel.not_counted", parcel=content.parcel)
        return None
