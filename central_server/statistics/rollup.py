"""From parcels to figures: each counted once, whenever and in whatever order it comes.

Intake leaves a note of what it took, in the same transaction. Here the note is taken away in the transaction in which
the hours concerned are made anew from all their parcels: doing that twice changes nothing, and a parcel that comes a
month late corrects the hour to which it belongs.
"""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime

import structlog
from pydantic import ValidationError

from central_server.statistics.event_times import HOUR, Anchor, anchors, day, hour, moment, reading
from central_server.statistics.plausibility import plausible, plausible_touches
from central_server.statistics.screen_counts import used
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.parcels import parcel_times
from central_server.store.parcels.parcel_times import StoredContent, StoredMoment
from central_server.store.statistics import beacon_activity, figures, screen_figures
from central_server.store.statistics.screen_figures import Used
from sync_contract.records import BeaconStatistics, IntentRegistered, Parcel, ScreenStatistics
from sync_contract.statistics import NOTHING, Total, merge, total

_log = structlog.get_logger()
_BATCHES = 25
_PARCELS = 50
"""At most so many at a time: on SQLite intake waits meanwhile."""


async def count_new(database: Database) -> bool:
    """Count some of what is not counted yet; False when there was nothing. Raises StoreUnavailable."""
    return await database.written(_count)


async def count_all(database: Database) -> None:
    while await count_new(database):
        pass


async def _count(connection: Connection) -> bool:
    await connection.alone("figures")
    batches = await parcel_times.take_uncounted(connection, _BATCHES, _PARCELS)
    by_gateway: dict[str, set[str]] = defaultdict(set)
    for batch in batches:
        by_gateway[batch.gateway].update(batch.parcels)
    for gateway, ids in sorted(by_gateway.items()):
        stale = await _place(connection, gateway, ids)
        for each in sorted(stale):
            await figures.replace_hour(connection, gateway, each, await _of_hour(connection, gateway, each))
            await screen_figures.replace_hour(connection, gateway, each, await _screens(connection, gateway, each))
        for each in sorted({day(at) for at in stale}):
            await figures.sum_day(connection, gateway, each)
    return bool(batches)


async def _place(connection: Connection, gateway: str, ids: set[str]) -> set[datetime]:
    """Find out when these parcels happened; the hours whose figures change by that."""
    kept = [
        (each, parcel) for each in await parcel_times.contents(connection, gateway, ids) if (parcel := _parcel(each))
    ]
    for _, parcel in kept:
        for boot, anchor in anchors(parcel).items():
            if await parcel_times.settle_anchor(connection, gateway, boot, anchor.monotonic_ns, anchor.wall):
                await _place_again(connection, gateway, boot)
    wanted = {reading(parcel).boot for _, parcel in kept}
    known = {boot: Anchor(*told) for boot, told in (await parcel_times.anchors(connection, gateway, wanted)).items()}
    before = await parcel_times.known(connection, gateway, ids)
    stale: set[datetime] = set()
    new: list[StoredMoment] = []
    heard: list[tuple[str, datetime, BeaconStatistics]] = []
    for content, parcel in kept:
        told = reading(parcel)
        found = moment(told, known.get(told.boot), content.received_at)
        unsure = None if told.trusted else told.boot
        kind = parcel.body.kind
        new.append(StoredMoment(gateway, content.parcel, content.community, kind, found.at, found.sure, unsure))
        if isinstance(parcel.body, BeaconStatistics):
            heard.append((content.community, found.at, parcel.body))
        if not isinstance(parcel.body, IntentRegistered):
            stale.add(hour(found.at))
            if content.parcel in before:
                stale.add(hour(before[content.parcel][0]))
    await parcel_times.keep(connection, new)
    await beacon_activity.note(connection, gateway, heard)
    return stale


async def _place_again(connection: Connection, gateway: str, boot: str) -> None:
    """Later, and not all at once: a gateway may have been without a clock for months."""
    await parcel_times.add_uncounted(connection, gateway, await parcel_times.unsure(connection, gateway, boot))


async def _of_hour(connection: Connection, gateway: str, start: datetime) -> dict[str, Total]:
    totals: dict[str, Total] = defaultdict(lambda: NOTHING)
    for content in await parcel_times.between(connection, gateway, "statistics", start, start + HOUR):
        parcel = _parcel(content)
        if parcel is not None and isinstance(parcel.body, BeaconStatistics) and plausible(parcel.body):
            one = total(parcel.body)
            one = replace(one, trusted_ms=one.listened_ms if content.sure else 0)
            totals[content.community] = merge(totals[content.community], one)
    return totals


async def _screens(connection: Connection, gateway: str, start: datetime) -> dict[str, list[Used]]:
    """By community."""
    stretches: dict[str, list[ScreenStatistics]] = defaultdict(list)
    for content in await parcel_times.between(connection, gateway, "screen", start, start + HOUR):
        parcel = _parcel(content)
        if parcel is not None and isinstance(parcel.body, ScreenStatistics) and plausible_touches(parcel.body):
            stretches[content.community].append(parcel.body)
    return {community: used(each) for community, each in stretches.items()}


def _parcel(content: StoredContent) -> Parcel | None:
    """None for one of a contract that this program does not know (any more): it is kept, and not counted."""
    try:
        return Parcel.model_validate_json(content.content)
    except ValidationError:
        _log.warning("parcel.not_counted", parcel=content.parcel)
        return None
