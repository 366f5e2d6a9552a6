"""Count parcels into figures by hour and day.

New parcels are placed in time and added to their hour and day. An hour becomes stale when one of its parcels moves:
it is then counted again from all its parcels outside any write transaction, and replaced if it has not changed
meanwhile. So counting twice changes nothing, and a parcel that arrives a month late counts in its own hour.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from central_server.errors import CentralError
from central_server.statistics.event_times import HOUR, day
from central_server.statistics.hour_counts import Counts
from central_server.statistics.parcel_placement import JOB, place_new
from central_server.store.alerts.quarantine import RecordKey, process_together, quarantine
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from central_server.store.parcels import parcel_times
from central_server.store.parcels.parcel_times import StoredContent
from central_server.store.statistics import figures, screen_figures, stale_hours
from central_server.store.statistics.stale_hours import StaleHour
from sync_contract.records import Parcel
from sync_contract.statistics import NOTHING, Total
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
_Hour = Mapping[str, Counts]
"""What is counted of an hour, by community: a gateway may move within it."""


class HourTooLarge(CentralError):
    """The parcels of an hour take more work to merge than one hour may."""


async def count_new(database: Database, now: datetime, *, max_merged: int = _MAX_MERGED) -> bool:
    """Place and count some new parcels, and count some stale hours again. Return False if there were none.

    Raises StoreUnavailable.

    `max_merged`: entries merged for one stale hour; when there are more, the remaining parcels are not counted.
    """
    placed = await place_new(database, now)
    async with database.read() as connection:
        stale = await stale_hours.some(connection, _MAX_HOURS)
        known = {each: await gateways.get(connection, each) for each in {hour.gateway for hour in stale}}
    counted: dict[RecordKey, tuple[StaleHour, _Hour]] = {}
    for each in sorted(stale, key=lambda hour: (hour.gateway, hour.start)):
        if sum(_entries(hour) for _, hour in counted.values()) > _MAX_MERGED_AT_ONCE:
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
                await figures.replace_hour(connection, gateway, stale.start, _totals(hour))
                await _replace_screens(connection, stale, hour)
                changed = True
        if changed:
            await figures.sum_day(connection, gateway, start_of_day)


async def _is_large(connection: Connection, stale: StaleHour, hour: _Hour) -> bool:
    return await figures.is_large(connection, stale.gateway, day(stale.start), _totals(hour))


async def _replace_in_slices(database: Database, stale: StaleHour, hour: _Hour) -> None:
    """Replace an hour with many beacons in several transactions; until the last one it stays stale.

    Meanwhile readers see a part of its beacons. After a crash, or when its parcels changed, it is counted again.
    """
    gateway, of_day = stale.gateway, day(stale.start)
    for number, part in enumerate(figures.split(_totals(hour))):
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
    uses = {community: counts.uses for community, counts in hour.items()}
    await screen_figures.replace_hour(connection, stale.gateway, stale.start, uses)


def _totals(hour: _Hour) -> dict[str, Total]:
    return {community: total for community, counts in hour.items() if (total := counts.total()) is not NOTHING}


def _entries(hour: _Hour) -> int:
    return sum(counts.entries for counts in hour.values())


async def _count_hour(database: Database, stale: StaleHour, about: RecordKey, now: datetime, max_merged: int) -> _Hour:
    """Count the hour from its parcels, on a thread. Parcels that cannot be counted are quarantined."""
    async with database.read() as connection:
        sure = await parcel_times.between(connection, stale.gateway, stale.start, stale.start + HOUR)
    hour: defaultdict[str, Counts] = defaultdict(Counts)

    async def count(records: Sequence[RecordKey]) -> None:
        async with database.read() as connection:
            contents = await parcel_times.contents(connection, [(record.gateway, record.id) for record in records])
        for community, part in (await asyncio.to_thread(_count, contents, sure)).items():
            hour[community].merge(part)

    records = [RecordKey(JOB, id_, about.community, about.gateway) for id_ in sure]
    for start in range(0, len(records), _MAX_PARCELS):
        await process_together(database, records[start : start + _MAX_PARCELS], count, now)
        if _entries(hour) > max_merged:
            await quarantine(database, about, HourTooLarge(f"{len(records)} parcels"), now)
            break
    return hour


def _count(contents: Sequence[StoredContent], sure: Mapping[str, bool]) -> _Hour:
    """Raises InvalidRecord for a parcel that this version cannot read."""
    hour: defaultdict[str, Counts] = defaultdict(Counts)
    for content in contents:
        hour[content.community].add(decode(Parcel, content.content), sure=sure[content.parcel])
    for counts in hour.values():
        counts.total()  # added up on the thread
    return hour
