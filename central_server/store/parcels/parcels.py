"""Which parcels are here, for ever, under (gateway, id), and how far each gateway's sequence has come."""

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import ColumnElement, and_, case, delete, func, select, update
from sqlalchemy.sql.base import Executable

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import parcels, sequences
from central_server.store.engine.upsert import insert_in
from central_server.store.enrolment.gateways import Gateway, is_among
from central_server.store.parcels import batches
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class StoredParcel:
    """`content`: its JSON. `place`: where it stands, batch and position."""

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
    """Of the numbers 1 to `highest` of an epoch, only `held` are here."""

    gateway: str
    epoch: str
    highest: int
    held: int


@dataclass(frozen=True, slots=True)
class Numbered:
    """One epoch of a gateway's sequence. `last_at`: when one of its parcels was last newly kept; `forks`: how many
    numbers came twice, the latest of them `forked_n` at `forked_at`: two machines number as one."""

    gateway: str
    epoch: str
    highest: int
    held: int
    begun_at: datetime
    last_at: datetime | None
    forks: int
    forked_at: datetime | None
    forked_n: int | None


_KEEP = {
    "sqlite": "INSERT INTO parcels (gateway, id, batch, position)"
    " SELECT ?, value, ?, key FROM json_each(?) WHERE true ON CONFLICT DO NOTHING",
    "postgresql": "INSERT INTO parcels (gateway, id, batch, position) SELECT $1, new.id, $2, new.n - 1"
    " FROM unnest(string_to_array($3, ',')) WITH ORDINALITY AS new(id, n) ON CONFLICT DO NOTHING",
}


async def hold(connection: Connection, gateway: str, epochs: Collection[str]) -> None:
    """Until this write ends nobody else moves these sequences on: the short way in (`fresh.py`) begins with them."""
    here = select(sequences.c.epoch).where(sequences.c.gateway == gateway, sequences.c.epoch.in_(epochs))
    await connection.execute(here.order_by(sequences.c.epoch).with_for_update())


async def keep(connection: Connection, gateway: str, batch: int, ids: Sequence[str]) -> frozenset[str]:
    """`ids`: by their position in the batch, sorted, so that two batches that overlap do not meet crosswise.

    Those that were not there before; the others stay as they are.
    """
    # One text instead of a row for each: a driver looks long at each value that it sends.
    sent = ",".join(ids) if connection.dialect.name == "postgresql" else json.dumps(ids)
    if (await connection.driver(_KEEP[connection.dialect.name], (gateway, batch, sent))).rowcount == len(ids):
        return frozenset(ids)
    ours = select(parcels.c.id).where(_these(gateway, ids), parcels.c.batch == batch)
    return frozenset((await connection.execute(ours)).scalars())


async def take_back(connection: Connection, gateway: str, ids: Collection[str]) -> None:
    """Only for parcels of the running transaction: what is committed stays."""
    if ids:
        await connection.execute(delete(parcels).where(_these(gateway, ids)))


async def find(connection: Connection, gateway: str, ids: Collection[str]) -> dict[str, StoredParcel]:
    if not ids:
        return {}
    wanted = select(parcels.c.id, parcels.c.batch, parcels.c.position).where(_these(gateway, ids))
    rows = (await connection.execute(wanted.order_by(parcels.c.id))).all()
    packets = await batches.opened(connection, {row.batch for row in rows})
    return {
        id_: StoredParcel(
            gateway, id_, packet.community, packet.contents[position], packet.received_at, (batch, position)
        )
        for id_, batch, position in rows
        for packet in [packets[batch]]
    }


async def get(connection: Connection, gateway: str, parcel: str) -> StoredParcel | None:
    return (await find(connection, gateway, [parcel])).get(parcel)


def _these(gateway: str, ids: Collection[str]) -> ColumnElement[bool]:
    return and_(parcels.c.gateway == gateway, parcels.c.id.in_(ids))


@cache
def _count_up(dialect: str) -> Executable:
    """Made once: putting such a statement together takes longer than carrying it out."""
    statement = insert_in(dialect, sequences)
    added = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=[sequences.c.gateway, sequences.c.epoch],
        set_={
            "highest": case((sequences.c.highest > added.highest, sequences.c.highest), else_=added.highest),
            "highest_before": sequences.c.highest,
            "held": sequences.c.held + added.held,
            "last_at": added.last_at,
        },
    ).returning(sequences.c.highest_before)


async def count_up(
    connection: Connection, gateway: Gateway, epoch: str, batch: int, numbers: Sequence[int], now: datetime
) -> None:
    """Move the epoch's highest number and count on by the parcels newly kept in the batch."""
    row = {"gateway": gateway.id, "epoch": epoch, "community": gateway.community, "begun_at": now, "last_at": now}
    row |= {"highest": max(numbers), "highest_before": 0, "held": len(numbers), "forks": 0}
    before = await connection.execute(_count_up(connection.dialect.name), row)
    own, forked = sorted(numbers), frozenset[int]()
    if own[0] <= before.scalar_one():
        # Only now: the row above is ours until the commit, so that of two processes one sees the other's batch.
        forked = await batches.numbered_alike(connection, gateway.id, epoch, batch, own)
    forked |= {number for number, times in Counter(own).items() if times > 1}
    if forked:
        here = update(sequences).where(sequences.c.gateway == gateway.id, sequences.c.epoch == epoch)
        new = {"forks": sequences.c.forks + len(forked), "forked_at": now, "forked_n": max(forked)}
        await connection.execute(here.values(new))


async def of_number(connection: Connection, gateway: str, epoch: str, n: int) -> tuple[str, ...]:
    """The ids of the parcels that came with this number; more than one of them is a fork."""
    told = map(json.loads, await batches.with_number(connection, gateway, epoch, n))
    return tuple(sorted(parcel["id"] for parcel in told if parcel["n"] == n))


async def numbered(
    connection: Connection, tops: Collection[str], among: Collection[str] | None = None
) -> tuple[Numbered, ...]:
    """In the communities at and below `tops`: every epoch, the one that moved last first. `among`: of those."""
    wanted = select(
        sequences.c.gateway,
        sequences.c.epoch,
        sequences.c.highest,
        sequences.c.held,
        sequences.c.begun_at,
        sequences.c.last_at,
        sequences.c.forks,
        sequences.c.forked_at,
        sequences.c.forked_n,
    ).where(within(sequences.c.community, tops), is_among(sequences.c.gateway, among))
    newest_first = func.coalesce(sequences.c.last_at, sequences.c.begun_at).desc()
    return tuple(Numbered(*row) for row in await connection.execute(wanted.order_by(newest_first)))


async def gaps(connection: Connection, tops: Collection[str]) -> tuple[Gap, ...]:
    """In the communities at and below `tops`: epochs of which fewer parcels are held than were numbered."""
    statement = select(sequences.c.gateway, sequences.c.epoch, sequences.c.highest, sequences.c.held)
    statement = statement.where(sequences.c.highest > sequences.c.held).order_by(sequences.c.begun_at)
    statement = statement.where(within(sequences.c.community, tops))
    return tuple(Gap(*row) for row in await connection.execute(statement))
