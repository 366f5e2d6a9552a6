"""Which parcels are stored, by (gateway, id), and the state of each gateway's sequence."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import case, func, select, update
from sqlalchemy.sql.base import Executable

from central_server.store.engine.bulk_lookup import is_one_of, rows_of
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import parcels, sequences
from central_server.store.engine.upsert import insert_in
from central_server.store.enrolment.gateways import Gateway, is_among
from central_server.store.parcels import batches, uncounted_parcels
from central_server.store.places.places import within
from sync_contract.records import Parcel


@dataclass(frozen=True, slots=True)
class StoredParcel:
    """`content`: its JSON. `place`: batch and position."""

    gateway: str
    id: str
    community: str
    content: bytes
    received_at: datetime
    place: tuple[int, int]

    @property
    def n(self) -> int:
        return int(json.loads(self.content)["n"])


@dataclass(frozen=True, slots=True)
class Gap:
    """Of the numbers 1 to `highest` of an epoch, only `stored` are stored."""

    gateway: str
    epoch: str
    highest: int
    stored: int


@dataclass(frozen=True, slots=True)
class Numbered:
    """One epoch of a gateway's sequence. `last_at`: when its latest parcel was stored.

    `forks`: how many numbers came twice, most recently `forked_n` at `forked_at`: two machines use one numbering.
    """

    gateway: str
    epoch: str
    highest: int
    stored: int
    started_at: datetime
    last_at: datetime | None
    forks: int
    forked_at: datetime | None
    forked_n: int | None


_ADD = {
    "sqlite": "INSERT INTO parcels (gateway, id, batch, position) SELECT ?, value, ?, key FROM json_each(?)",
    "postgresql": "INSERT INTO parcels (gateway, id, batch, position) SELECT $1, new.id, $2, new.n - 1"
    " FROM unnest(string_to_array($3, ',')) WITH ORDINALITY AS new(id, n)",
}
"""All ids are one parameter: each parameter costs a driver time."""


async def lock(connection: Connection, gateway: str) -> None:
    """Make deliveries of one gateway wait for each other until this write ends: each parcel is stored once."""
    await connection.alone(f"parcels of {gateway}")


async def add(connection: Connection, gateway: Gateway, new: Sequence[Parcel], now: datetime) -> None:
    """Store parcels whose ids are not stored yet; `lock` was called before."""
    by_epoch: dict[str, list[Parcel]] = {}
    for parcel in new:
        by_epoch.setdefault(parcel.epoch, []).append(parcel)
    dialect = connection.dialect.name
    for epoch, some in by_epoch.items():
        batch = await batches.add(connection, gateway, some, now)
        ids = [parcel.id for parcel in some]
        sent = ",".join(ids) if dialect == "postgresql" else json.dumps(ids)
        await connection.driver(_ADD[dialect], (gateway.id, batch, sent))
        await _advance(connection, gateway, epoch, batch, [parcel.n for parcel in some], now)
    await uncounted_parcels.add(connection, gateway.id, [parcel.id for parcel in new])


async def places_of(connection: Connection, gateway: str, ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return batch and position of those of the parcels that are stored, by id."""
    if not ids:
        return {}
    statement = select(parcels.c.id, parcels.c.batch, parcels.c.position).where(
        parcels.c.gateway == gateway, is_one_of(connection, parcels.c.id, ids)
    )
    rows = await connection.execute(statement.order_by(parcels.c.id))
    return {row.id: (row.batch, row.position) for row in rows}


async def find(connection: Connection, gateway: str, ids: Iterable[str]) -> dict[str, StoredParcel]:
    """Return those of the parcels that are stored, by id. This unpacks their batches: never within a write."""
    places = await places_of(connection, gateway, ids)
    found = await _read(connection, [(gateway, id_, *place) for id_, place in places.items()])
    return {parcel.id: parcel for parcel in found}


async def find_of_gateways(connection: Connection, keys: Collection[tuple[str, str]]) -> list[StoredParcel]:
    """Return those of the parcels, by gateway and id, that are stored, as `find` does."""
    rows = await rows_of(connection, parcels, ("gateway", "id", "batch", "position"), ("gateway", "id"), keys)
    return await _read(connection, rows)


async def _read(connection: Connection, rows: Collection[Sequence[Any]]) -> list[StoredParcel]:
    """`rows`: gateway, id, batch, position."""
    if not rows:
        return []
    packets = await batches.unpacked(connection, {batch for _, _, batch, _ in rows})
    return [
        StoredParcel(gateway, id_, packet.community, packet.contents[position], packet.received_at, (batch, position))
        for gateway, id_, batch, position in rows
        for packet in [packets[batch]]
    ]


async def get(connection: Connection, gateway: str, parcel: str) -> StoredParcel | None:
    return (await find(connection, gateway, [parcel])).get(parcel)


@cache
def _advance_statement(dialect: str) -> Executable:
    """Return the statement, built once: building it takes longer than executing it."""
    statement = insert_in(dialect, sequences)
    added = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[sequences.c.gateway, sequences.c.epoch],
        set_={
            "highest": case((sequences.c.highest > added.highest, sequences.c.highest), else_=added.highest),
            "highest_before": sequences.c.highest,
            "stored": sequences.c.stored + added.stored,
            "last_at": added.last_at,
        },
    ).returning(sequences.c.highest_before)


async def _advance(
    connection: Connection, gateway: Gateway, epoch: str, batch: int, numbers: Sequence[int], now: datetime
) -> None:
    """Advance the epoch's highest number and its count by a new batch, and record numbers that came twice."""
    row = {"gateway": gateway.id, "epoch": epoch, "community": gateway.community, "started_at": now, "last_at": now}
    row |= {"highest": max(numbers), "highest_before": 0, "stored": len(numbers), "forks": 0}
    before = await connection.execute(_advance_statement(connection.dialect.name), row)
    own, forked = sorted(numbers), frozenset[int]()
    if own[0] <= before.scalar_one():
        forked = await batches.numbered_alike(connection, gateway.id, epoch, batch, own)
    forked |= {number for number, times in Counter(own).items() if times > 1}
    if forked:
        statement = update(sequences).where(sequences.c.gateway == gateway.id, sequences.c.epoch == epoch)
        new = {"forks": sequences.c.forks + len(forked), "forked_at": now, "forked_n": max(forked)}
        await connection.execute(statement.values(new))


async def of_number(connection: Connection, gateway: str, epoch: str, n: int) -> tuple[str, ...]:
    """Return the ids of the parcels with this number; more than one is a fork."""
    found = map(json.loads, await batches.with_number(connection, gateway, epoch, n))
    return tuple(sorted(parcel["id"] for parcel in found if parcel["n"] == n))


async def numbered(
    connection: Connection, tops: Collection[str], among: Collection[str] | None = None
) -> tuple[Numbered, ...]:
    """Return the epochs in the communities at and below `tops`, the one that advanced last first."""
    statement = select(
        sequences.c.gateway,
        sequences.c.epoch,
        sequences.c.highest,
        sequences.c.stored,
        sequences.c.started_at,
        sequences.c.last_at,
        sequences.c.forks,
        sequences.c.forked_at,
        sequences.c.forked_n,
    ).where(within(sequences.c.community, tops), is_among(sequences.c.gateway, among))
    newest_first = func.coalesce(sequences.c.last_at, sequences.c.started_at).desc()
    return tuple(Numbered(*row) for row in await connection.execute(statement.order_by(newest_first)))


async def gaps(connection: Connection, tops: Collection[str]) -> tuple[Gap, ...]:
    """Return the epochs in the communities at and below `tops` of which numbers are missing."""
    statement = select(sequences.c.gateway, sequences.c.epoch, sequences.c.highest, sequences.c.stored)
    statement = statement.where(sequences.c.highest > sequences.c.stored).order_by(sequences.c.started_at)
    statement = statement.where(within(sequences.c.community, tops))
    return tuple(Gap(*row) for row in await connection.execute(statement))
