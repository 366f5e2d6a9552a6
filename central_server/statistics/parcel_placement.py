"""Store when each new parcel happened, and mark the hours whose figures change.

Intake notes the parcels that it accepted in the same transaction. Placing a parcel twice changes nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from central_server.statistics.event_times import Anchor, anchors, event_time, first, hour, start_reading
from central_server.store.alerts.quarantine import RecordKey, process_together
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from central_server.store.parcels import parcel_times, uncounted_parcels
from central_server.store.parcels.parcel_times import StoredContent, StoredMoment
from central_server.store.statistics import beacon_activity, stale_hours
from sync_contract.records import BeaconStatistics, IntentRegistered, Parcel
from sync_contract.wire_record import decode

JOB = "figures"
_MAX_ROWS, _MAX_PARCELS = 10, 50
"""In one transaction: on SQLite, intake waits meanwhile."""
_PLACED_AGAIN_IN_A_ROW = 10
"""They may have come in as many large batches."""
_Placed = list[tuple[StoredContent, Parcel]]


async def place_new(database: Database, now: datetime) -> bool:
    """Place some new parcels. Return False if there were none. Raises StoreUnavailable."""
    async with database.read() as connection:
        rows = await uncounted_parcels.some(connection, _MAX_ROWS, _MAX_PARCELS)
        known = {each: await gateways.get(connection, each) for each in {row.gateway for row in rows}}
    if not rows:
        return False
    of = {each: "" if gateway is None else gateway.community for each, gateway in known.items()}
    records = [RecordKey(JOB, id_, of[row.gateway], row.gateway) for row in rows for id_ in row.parcels]
    seqs = [row.seq for row in rows]

    async def place(some: Sequence[RecordKey]) -> None:
        decoded = await _decoded(database, some)

        async def write(connection: Connection) -> None:
            await connection.alone(JOB)
            for gateway, placed in sorted(decoded.items()):
                await _place(connection, gateway, placed)
            if len(some) == len(records):
                await uncounted_parcels.remove(connection, seqs)

        await database.written(write)

    if not await process_together(database, records, place, now):
        async with database.write() as connection:
            await uncounted_parcels.remove(connection, seqs)
    return True


async def _decoded(database: Database, records: Sequence[RecordKey]) -> dict[str, _Placed]:
    """Return the parcels by gateway. Raises InvalidRecord for a parcel that this version cannot read."""
    ids: dict[str, set[str]] = defaultdict(set)
    for record in records:
        ids[record.gateway].add(record.id)
    async with database.read() as connection:
        contents = {gateway: await parcel_times.contents(connection, gateway, some) for gateway, some in ids.items()}

    def decode_all() -> dict[str, _Placed]:
        return {gateway: [(each, decode(Parcel, each.content)) for each in some] for gateway, some in contents.items()}

    return await asyncio.to_thread(decode_all)


async def _place(connection: Connection, gateway: str, placed: _Placed) -> None:
    known_anchors = await _settle_anchors(connection, gateway, [parcel for _, parcel in placed])
    before = await parcel_times.known(connection, gateway, [content.parcel for content, _ in placed])
    stale: set[datetime] = set()
    new: list[StoredMoment] = []
    heard: list[tuple[str, datetime, BeaconStatistics]] = []
    for content, parcel in placed:
        reading = start_reading(parcel)
        found = event_time(reading, known_anchors.get(reading.boot), content.received_at)
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
