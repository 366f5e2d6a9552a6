"""Store when each new parcel happened, and add its counts to the figures of its hour and day.

Intake lists the parcels that it accepted in the same transaction. Placing a parcel twice changes nothing: the first
time stores its moment together with its counts. A parcel that moves to another hour, because its boot's clock became
known, marks both hours as stale; `rollup` counts them again.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from central_server.statistics.event_times import Anchor, EventTime, anchors, event_time, first, hour, start_reading
from central_server.statistics.hour_counts import Counts, summed
from central_server.store.alerts.quarantine import RecordKey, process_together
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from central_server.store.parcels import parcel_times, uncounted_parcels
from central_server.store.parcels.parcel_times import StoredContent, StoredMoment
from central_server.store.statistics import beacon_activity, figures, screen_figures, stale_hours
from central_server.store.statistics.figures import HOUR, FigureKey
from sync_contract.records import BeaconStatistics, IntentRegistered, Parcel
from sync_contract.wire_record import decode

JOB = "figures"
_MAX_ROWS, _MAX_PARCELS = 40, 1000
"""Read at once: those of one request."""
_MAX_FIGURES = 400
"""Rows of figures that one transaction changes, at most those of one parcel more: on SQLite, intake waits meanwhile."""
_MAX_MOMENTS = 500
_PLACED_AGAIN_IN_A_ROW = 10
"""They may have come in as many large batches."""


@dataclass(frozen=True, slots=True)
class _New:
    content: StoredContent
    parcel: Parcel


async def place_new(database: Database, now: datetime) -> bool:
    """Place and count some new parcels. Return False if there were none. Raises StoreUnavailable."""
    async with database.read() as connection:
        rows = await uncounted_parcels.some(connection, _MAX_ROWS, _MAX_PARCELS)
        known = {each: await gateways.get(connection, each) for each in {row.gateway for row in rows}}
    if not rows:
        return False
    of = {each: "" if gateway is None else gateway.community for each, gateway in known.items()}
    records = [RecordKey(JOB, id_, of[row.gateway], row.gateway) for row in rows for id_ in row.parcels]
    seqs = [row.seq for row in rows]

    async def place(some: Sequence[RecordKey]) -> None:
        for part in _parts(await _decoded(database, some)):
            await database.written(partial(_place, new=part))

    await process_together(database, records, place, now)
    async with database.write() as connection:
        await uncounted_parcels.remove(connection, seqs)
    return True


async def _decoded(database: Database, records: Sequence[RecordKey]) -> dict[str, list[_New]]:
    """Return the parcels by gateway. Raises InvalidRecord for a parcel that this version cannot read."""
    ids: dict[str, set[str]] = defaultdict(set)
    for record in records:
        ids[record.gateway].add(record.id)
    async with database.read() as connection:
        contents = {gateway: await parcel_times.contents(connection, gateway, some) for gateway, some in ids.items()}

    def decode_all() -> dict[str, list[_New]]:
        return {
            gateway: [_New(each, decode(Parcel, each.content)) for each in some] for gateway, some in contents.items()
        }

    return await asyncio.to_thread(decode_all)


def _parts(new: dict[str, list[_New]]) -> Iterator[dict[str, list[_New]]]:
    """Yield parts for one transaction each."""
    part: defaultdict[str, list[_New]] = defaultdict(list)
    changed: set[object] = set()
    number = 0
    for gateway, each in ((gateway, each) for gateway, some in sorted(new.items()) for each in some):
        if len(changed) > _MAX_FIGURES or number == _MAX_MOMENTS:
            yield part
            part, changed, number = defaultdict(list), set(), 0
        part[gateway].append(each)
        number += 1
        body = each.parcel.body
        if isinstance(body, BeaconStatistics):
            start = hour(body.start.wall)  # not exact before its anchor is known: the number of rows is an estimate
            changed.update((gateway, start, place.beacon) for place in body.places)
            changed.update((gateway, start, advert.beacon) for advert in body.advertised)
    yield part


async def _place(connection: Connection, new: dict[str, list[_New]]) -> None:
    await connection.alone(JOB)
    counted: defaultdict[FigureKey, Counts] = defaultdict(Counts)
    for gateway, some in sorted(new.items()):
        await _place_of(connection, gateway, some, counted)
    totals, uses = summed(counted)
    await figures.add(connection, totals)
    await screen_figures.add(connection, uses)


async def _place_of(
    connection: Connection, gateway: str, new: Sequence[_New], counted: defaultdict[FigureKey, Counts]
) -> None:
    """Store the moments of one gateway's parcels, and add to `counted` what is counted for the first time."""
    known_anchors = await _settle_anchors(connection, gateway, [each.parcel for each in new])
    before = await parcel_times.known(connection, gateway, [each.content.parcel for each in new])
    moments: list[StoredMoment] = []
    heard: list[tuple[str, datetime, BeaconStatistics]] = []
    added: list[tuple[datetime, EventTime, _New]] = []
    stale: set[datetime] = set()
    for each in new:
        content, body, reading = each.content, each.parcel.body, start_reading(each.parcel)
        found = event_time(reading, known_anchors.get(reading.boot), content.received_at)
        unsure = None if reading.reliable else reading.boot
        moments.append(
            StoredMoment(gateway, content.parcel, content.community, body.kind, found.at, found.sure, unsure)
        )
        if isinstance(body, IntentRegistered):
            continue  # the figures take gifts from the intents
        if isinstance(body, BeaconStatistics):
            heard.append((content.community, found.at, body))
        earlier = before.get(content.parcel)
        if earlier is None:
            added.append((hour(found.at), found, each))
        elif earlier != (found.at, found.sure):
            stale |= {hour(earlier[0]), hour(found.at)}
    await parcel_times.store(connection, moments)
    await beacon_activity.record_reports(connection, gateway, heard)
    stale |= await stale_hours.among(connection, gateway, {start for start, _, _ in added})
    for start, found, each in added:
        if start not in stale:
            counted[FigureKey(gateway, HOUR, start, each.content.community)].add(each.parcel, sure=found.sure)
    await stale_hours.mark(connection, gateway, stale)


async def _settle_anchors(connection: Connection, gateway: str, parcels: Sequence[Parcel]) -> dict[str, Anchor]:
    """Return the anchors of these parcels' boots, and store those that are earlier than the stored ones.

    The boot's other parcels are placed again later: a gateway may have been without a clock for months.
    """
    found: dict[str, Anchor] = {}
    for parcel in parcels:
        for boot, anchor in anchors(parcel).items():
            found[boot] = first([anchor, found.get(boot, anchor)])
    boots = found.keys() | {start_reading(parcel).boot for parcel in parcels}
    stored = {
        boot: Anchor(*reading) for boot, reading in (await parcel_times.anchors(connection, gateway, boots)).items()
    }
    earlier = {boot: each for boot, each in found.items() if each == first([each, stored.get(boot, each)])}
    earlier = {boot: each for boot, each in earlier.items() if each != stored.get(boot)}
    if earlier:
        readings = {boot: (each.monotonic_ns, each.wall) for boot, each in earlier.items()}
        await parcel_times.set_anchors(connection, gateway, readings)
        again = await parcel_times.unsure(connection, gateway, readings)
        await uncounted_parcels.add(connection, gateway, again, _PLACED_AGAIN_IN_A_ROW)
    return stored | earlier
