"""Store when each new parcel happened, and add its counts to the figures of its hour and day.

Intake lists the parcels that it accepted in the same transaction. Placing a parcel twice changes nothing: the first
time stores its moment together with its counts. A parcel that moves to another hour, because its boot's clock became
known, marks both hours as stale; `rollup` counts them again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from central_server.statistics.event_times import Anchor, anchors, event_time, hour, start_reading
from central_server.statistics.hour_counts import Counts, summed
from central_server.store.alerts.quarantine import RecordKey, process_together
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.parcels import parcel_times, uncounted_parcels
from central_server.store.parcels.parcel_times import Key, StoredContent, StoredMoment
from central_server.store.statistics import beacon_activity, figures, screen_figures, stale_hours
from central_server.store.statistics.figures import HOUR, FigureKey
from sync_contract.records import BeaconStatistics, IntentRegistered, Parcel
from sync_contract.wire_record import decode

JOB = "figures"
_MAX_ROWS, _MAX_PARCELS = 200, 2000
"""Read at once: a row is what one request delivered, up to 1,000 parcels."""
_MAX_FIGURES = 400
"""Rows of figures that one transaction changes, at most those of one parcel more: on SQLite, intake waits meanwhile."""
_MAX_MOMENTS = 1000
_PLACED_AGAIN_IN_A_ROW = 10
"""They may have come in as many large batches."""
_Hour = tuple[str, datetime, str]
"""Gateway, start, and community: a gateway may move within an hour."""


class _New(NamedTuple):
    content: StoredContent
    parcel: Parcel


async def place_new(database: Database, now: datetime) -> bool:
    """Place and count some new parcels. Return False if there were none. Raises StoreUnavailable."""
    async with database.read() as connection:
        rows = await uncounted_parcels.some(connection, _MAX_ROWS, _MAX_PARCELS)
    if not rows:
        return False
    records = [RecordKey(JOB, id_, row.community, row.gateway) for row in rows for id_ in row.parcels]

    async def place(some: Sequence[RecordKey]) -> None:
        for part in _parts(await _decoded(database, some)):
            await database.written(partial(_place, new=part))

    await process_together(database, records, place, now)
    async with database.write() as connection:
        await uncounted_parcels.remove(connection, [row.seq for row in rows])
    return True


async def _decoded(database: Database, records: Sequence[RecordKey]) -> list[_New]:
    """Return the parcels by gateway. Raises InvalidRecord for a parcel that this version cannot read."""
    async with database.read() as connection:
        contents = await parcel_times.contents(connection, {(record.gateway, record.id) for record in records})
    return await asyncio.to_thread(lambda: [_New(each, decode(Parcel, each.content)) for each in contents])


def _parts(new: Sequence[_New]) -> Iterator[Sequence[_New]]:
    """Yield parts for one transaction each."""
    changed: set[object] = set()
    start = 0
    for number, (content, parcel) in enumerate(new):
        if len(changed) > _MAX_FIGURES or number - start == _MAX_MOMENTS:
            yield new[start:number]
            changed, start = set(), number
        body = parcel.body
        if isinstance(body, BeaconStatistics):
            at = hour(body.start.wall)  # not exact before its anchor is known: the number of rows is an estimate
            changed.update([(content.gateway, at, place.beacon) for place in body.places])
            changed.update([(content.gateway, at, advert.beacon) for advert in body.advertised])
    yield new[start:]


async def _place(connection: Connection, new: Sequence[_New]) -> None:
    """Store the moments of the parcels, and count those that are new."""
    await connection.alone(JOB)
    known_anchors = await _settle_anchors(connection, new)
    before = await parcel_times.known(connection, [(content.gateway, content.parcel) for content, _ in new])
    moments: list[StoredMoment] = []
    heard: list[tuple[str, str, datetime, BeaconStatistics]] = []
    added: defaultdict[_Hour, list[tuple[Parcel, bool]]] = defaultdict(list)
    stale: set[tuple[str, datetime]] = set()
    for content, parcel in new:
        gateway, community, body, reading = content.gateway, content.community, parcel.body, start_reading(parcel)
        at, sure = event_time(reading, known_anchors.get((gateway, reading.boot)), content.received_at)
        unsure = None if reading.reliable else reading.boot
        moments.append(StoredMoment(gateway, content.parcel, community, body.kind, at, sure, unsure))
        if isinstance(body, IntentRegistered):
            continue  # the figures take gifts from the intents
        if isinstance(body, BeaconStatistics):
            heard.append((gateway, community, at, body))
        earlier = before.get((gateway, content.parcel))
        if earlier is None:
            added[gateway, hour(at), community].append((parcel, sure))
        elif earlier != (at, sure):
            stale |= {(gateway, hour(earlier[0])), (gateway, hour(at))}
    await parcel_times.store(connection, moments)
    await beacon_activity.record_reports(connection, heard)
    stale |= await stale_hours.among(connection, {(gateway, start) for gateway, start, _ in added})
    await stale_hours.mark(connection, stale)
    await _count(connection, {key: parcels for key, parcels in added.items() if key[:2] not in stale})


async def _count(connection: Connection, added: Mapping[_Hour, Sequence[tuple[Parcel, bool]]]) -> None:
    counted: defaultdict[FigureKey, Counts] = defaultdict(Counts)
    for (gateway, start, community), parcels in added.items():
        counts = counted[FigureKey(gateway, HOUR, start, community)]
        for parcel, sure in parcels:
            counts.add(parcel, sure=sure)
    totals, uses = summed(counted)
    await figures.add(connection, totals)
    await screen_figures.add(connection, uses)


async def _settle_anchors(connection: Connection, new: Sequence[_New]) -> dict[Key, Anchor]:
    """Return the anchors of these parcels' boots, and store those that are earlier than the stored ones.

    The boot's other parcels are placed again later: a gateway may have been without a clock for months.
    """
    found = anchors((content.gateway, parcel) for content, parcel in new)
    boots = found.keys() | {(content.gateway, start_reading(parcel).boot) for content, parcel in new}
    stored = {key: Anchor(*reading) for key, reading in (await parcel_times.anchors(connection, boots)).items()}
    earlier = {key: each for key, each in found.items() if key not in stored or each.is_before(stored[key])}
    if earlier:
        readings = {key: (each.monotonic_ns, each.wall) for key, each in earlier.items()}
        await parcel_times.set_anchors(connection, readings)
        for gateway, ids in (await parcel_times.unsure(connection, readings)).items():
            await uncounted_parcels.add(connection, gateway, ids, _PLACED_AGAIN_IN_A_ROW)
    return stored | earlier
