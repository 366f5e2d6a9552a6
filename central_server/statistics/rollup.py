"""Count parcels into figures by hour and day.

New parcels are placed in time first; that marks their hours as stale. A stale hour is recounted from all its parcels
outside any write transaction, and replaced if it has not changed meanwhile. So counting twice changes nothing, and a
parcel that arrives a month late corrects its own hour.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby

from central_server.errors import CentralError
from central_server.statistics.event_times import HOUR, day
from central_server.statistics.parcel_placement import JOB, place_new
from central_server.statistics.plausibility import plausible, plausible_touches
from central_server.store.alerts.quarantine import RecordKey, process_together, quarantine
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from central_server.store.parcels import parcel_times
from central_server.store.parcels.parcel_times import StoredContent
from central_server.store.statistics import figures, screen_figures, stale_hours
from central_server.store.statistics.screen_figures import ScreenUse
from central_server.store.statistics.stale_hours import StaleHour
from sync_contract.records import BeaconStatistics, Door, Parcel, ScreenStatistics
from sync_contract.statistics import NOTHING, Total, merge, total
from sync_contract.wire_record import decode

_MAX_HOURS = 8
"""In one transaction, which takes no further hour after `_MAX_WRITE_S`: on SQLite, intake waits meanwhile."""
_MAX_WRITE_S = 0.04
_MAX_PARCELS = 100
"""In memory at once."""
_MAX_MERGED = 250_000
"""A gateway with ten beacons that was without a clock for a month needs fewer, although all
its parcels then count in the hour of their arrival."""
_MAX_MERGED_AT_ONCE = 10_000
"""After so many, the remaining hours wait for the next transaction."""
_NOTHING_SHOWN = ("", "", Door.touch.value)
_Shown = tuple[str, str, str]


class HourTooLarge(CentralError):
    """The parcels of an hour take more work to merge than one hour may."""


@dataclass(frozen=True, slots=True)
class _Hour:
    """What is counted of an hour, by community: a gateway may move within it. `merged`: a number of entries."""

    totals: Mapping[str, Total] = field(default_factory=dict)
    screens: Mapping[str, Mapping[_Shown, tuple[int, int]]] = field(default_factory=dict)
    merged: int = 0


async def count_new(database: Database, now: datetime, *, max_merged: int = _MAX_MERGED) -> bool:
    """Place some new parcels, and count some stale hours. Return False if there were none. Raises StoreUnavailable.

    `max_merged`: entries merged for one hour; when there are more, the remaining parcels are not counted.
    """
    placed = await place_new(database, now)
    async with database.read() as connection:
        stale = await stale_hours.some(connection, _MAX_HOURS)
        known = {each: await gateways.get(connection, each) for each in {hour.gateway for hour in stale}}
    counted: dict[RecordKey, tuple[StaleHour, _Hour]] = {}
    for each in sorted(stale, key=lambda hour: (hour.gateway, hour.start)):
        if sum(hour.merged for _, hour in counted.values()) > _MAX_MERGED_AT_ONCE:
            break
        of = known[each.gateway]
        record = RecordKey(JOB, f"{each.gateway} {each.start:%Y-%m-%dT%HZ}", of.community if of else "", each.gateway)
        counted[record] = each, await _count_hour(database, each, record, now, max_merged)

    async def replace_hours(records: Sequence[RecordKey]) -> None:
        hours = [counted[record] for record in records]
        async with database.read() as connection:
            large = [pair for pair in hours if await _is_large(connection, *pair)]
        small = [pair for pair in hours if pair not in large]
        if small:
            await database.written(lambda connection: _replace(connection, small))
        for each, hour in large:
            await _replace_in_slices(database, each, hour)

    if stale and not await process_together(database, list(counted), replace_hours, now):
        async with database.write() as connection:  # the quarantined ones; the others are replaced
            for each, _ in counted.values():
                await stale_hours.take(connection, each)
    return placed or bool(stale)


async def _replace(connection: Connection, counted: Sequence[tuple[StaleHour, _Hour]]) -> None:
    await connection.alone(JOB)
    started = time.monotonic()
    by_day = groupby(counted, key=lambda pair: (pair[0].gateway, day(pair[0].start)))
    for (gateway, start_of_day), hours in by_day:
        changed = False
        for stale, hour in hours:
            if time.monotonic() - started < _MAX_WRITE_S and await stale_hours.take(connection, stale):
                await figures.replace_hour(connection, gateway, stale.start, hour.totals)
                await _replace_screens(connection, stale, hour)
                changed = True
        if changed:
            await figures.sum_day(connection, gateway, start_of_day)


async def _is_large(connection: Connection, stale: StaleHour, hour: _Hour) -> bool:
    return await figures.is_large(connection, stale.gateway, day(stale.start), hour.totals)


async def _replace_in_slices(database: Database, stale: StaleHour, hour: _Hour) -> None:
    """Replace an hour with many beacons in several transactions; until the last one it stays stale.

    Meanwhile readers see a part of its beacons. After a crash, or when its parcels changed, it is counted again.
    """
    gateway, of_day = stale.gateway, day(stale.start)
    for number, part in enumerate(figures.split(hour.totals)):
        async with database.write() as connection:
            await connection.alone(JOB)
            if not await stale_hours.is_current(connection, stale):
                return
            await figures.replace_hour(connection, gateway, stale.start, part, adds=number > 0)
            if number == 0:
                await _replace_screens(connection, stale, hour)
                await figures.sum_day_without_beacons(connection, gateway, of_day)
    after: str | None = ""
    while after is not None:
        async with database.write() as connection:
            await connection.alone(JOB)
            after = await figures.sum_beacons(connection, gateway, of_day, after)
    async with database.write() as connection:
        await stale_hours.take(connection, stale)


async def _replace_screens(connection: Connection, stale: StaleHour, hour: _Hour) -> None:
    screens = {
        place: [ScreenUse(*each, *hour.screens[place][each]) for each in hour.screens[place]] for place in hour.screens
    }
    await screen_figures.replace_hour(connection, stale.gateway, stale.start, screens)


async def _count_hour(database: Database, stale: StaleHour, about: RecordKey, now: datetime, max_merged: int) -> _Hour:
    """Count the hour from its parcels, on a thread. Parcels that cannot be counted are quarantined."""
    async with database.read() as connection:
        sure = await parcel_times.between(connection, stale.gateway, stale.start, stale.start + HOUR)
    counted = _Hour()

    async def count(records: Sequence[RecordKey]) -> None:
        nonlocal counted
        async with database.read() as connection:
            contents = await parcel_times.contents(connection, stale.gateway, [record.id for record in records])
        counted = await asyncio.to_thread(_add_parcels, counted, contents, sure)

    records = [RecordKey(JOB, id_, about.community, about.gateway) for id_ in sure]
    for start in range(0, len(records), _MAX_PARCELS):
        await process_together(database, records[start : start + _MAX_PARCELS], count, now)
        if counted.merged > max_merged:
            await quarantine(database, about, HourTooLarge(f"{len(records)} parcels"), now)
            break
    return counted


def _add_parcels(hour: _Hour, contents: Sequence[StoredContent], sure: Mapping[str, bool]) -> _Hour:
    """Raises InvalidRecord for a parcel that this version cannot read."""
    totals = dict(hour.totals)
    screens = {community: dict(each) for community, each in hour.screens.items()}
    merged = hour.merged
    for content in contents:
        body = decode(Parcel, content.content).body
        if isinstance(body, BeaconStatistics) and plausible(body):
            one = total(body)
            one = replace(one, trusted_ms=one.listened_ms if sure[content.parcel] else 0)
            sum_ = totals[content.community] = merge(totals.get(content.community, NOTHING), one)
            merged += len(sum_.places) + len(sum_.classes) + len(sum_.advertised_ms)
        elif isinstance(body, ScreenStatistics) and plausible_touches(body):
            _add_screen(screens.setdefault(content.community, {}), body)
            merged += len(body.counts)
        merged += 1
    return _Hour(totals, screens, merged)


def _add_screen(uses: dict[_Shown, tuple[int, int]], stretch: ScreenStatistics) -> None:
    """A stretch without touches yields a row of zeros: it was counted."""
    uses.setdefault(_NOTHING_SHOWN, (0, 0))
    for count in stretch.counts:
        shown = (count.project or "", "" if count.beacon is None else str(count.beacon), count.door.value)
        visits, opened = uses.get(shown, (0, 0))
        uses[shown] = (visits + count.visits, opened + count.opened)
