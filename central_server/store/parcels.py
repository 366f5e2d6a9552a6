"""Parcels kept for ever under (gateway, id), and how far each gateway's sequence has come."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy import case, delete, func, select, update

from central_server.store import bulk
from central_server.store.connection import Connection
from central_server.store.gateways import Gateway
from central_server.store.places import within
from central_server.store.tables import parcels, sequences
from central_server.store.upsert import insert


class KeptParcel(NamedTuple):  # by the thousand: a frozen dataclass takes five times as long to make
    """`content`: its canonical JSON, over which the fingerprint is made."""

    gateway: str
    id: str
    community: str
    kind: str
    epoch: str
    n: int
    fingerprint: str
    content: str
    received_at: datetime


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


_by_id = attrgetter("id")


async def keep(connection: Connection, new: Sequence[KeptParcel]) -> frozenset[str]:
    """Of one gateway. The ids that were not there before; the others stay as they are."""
    if not new:
        return frozenset()
    rows = {parcel.id: parcel for parcel in sorted(new, key=_by_id)}  # two batches that overlap do not meet crosswise
    return await bulk.add_new(connection, parcels, KeptParcel._fields, new[0].gateway, rows)


async def take_back(connection: Connection, gateway: str, ids: Collection[str]) -> None:
    """Only for parcels of the running transaction: what is committed stays."""
    if ids:
        await connection.execute(delete(parcels).where(parcels.c.gateway == gateway, parcels.c.id.in_(ids)))


async def fingerprints(connection: Connection, gateway: str, ids: Collection[str]) -> dict[str, str]:
    if not ids:
        return {}
    statement = select(parcels.c.id, parcels.c.fingerprint).where(parcels.c.gateway == gateway, parcels.c.id.in_(ids))
    return {row.id: row.fingerprint for row in await connection.execute(statement)}


async def get(connection: Connection, gateway: str, parcel: str) -> KeptParcel | None:
    statement = select(parcels).where(parcels.c.gateway == gateway, parcels.c.id == parcel)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else KeptParcel(**found._mapping)


async def count_up(connection: Connection, gateway: Gateway, new: Sequence[KeptParcel], now: datetime) -> None:
    """Move each epoch's highest number and count on by the parcels newly kept."""
    for epoch in sorted({parcel.epoch for parcel in new}):
        numbers = [parcel.n for parcel in new if parcel.epoch == epoch]
        statement = insert(connection, sequences).values(
            gateway=gateway.id,
            epoch=epoch,
            community=gateway.community,
            highest=max(numbers),
            held=len(numbers),
            begun_at=now,
            last_at=now,
        )
        added = statement.excluded
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=[sequences.c.gateway, sequences.c.epoch],
                set_={
                    "highest": case((sequences.c.highest > added.highest, sequences.c.highest), else_=added.highest),
                    "held": sequences.c.held + added.held,
                    "last_at": added.last_at,
                },
            )
        )
        # Only now: the row above is ours until the commit, so that of two processes one sees the other's parcels.
        await _name_forks(connection, gateway.id, epoch, numbers, now)


async def _name_forks(connection: Connection, gateway: str, epoch: str, numbers: Sequence[int], now: datetime) -> None:
    same = (parcels.c.gateway == gateway, parcels.c.epoch == epoch)
    least, most = min(numbers), max(numbers)
    # As a gateway counts them, the two ends are sent sooner than a thousand numbers.
    near = most - least < 2 * len(numbers)
    these = parcels.c.n.between(least, most) if near else parcels.c.n.in_(numbers)
    twice = select(parcels.c.n).where(*same, these).group_by(parcels.c.n)
    forked = (await connection.execute(twice.having(func.count() > 1))).scalars().all()
    if forked:
        statement = update(sequences).where(sequences.c.gateway == gateway, sequences.c.epoch == epoch)
        new = {"forks": sequences.c.forks + len(forked), "forked_at": now, "forked_n": max(forked)}
        await connection.execute(statement.values(new))


async def of_number(connection: Connection, gateway: str, epoch: str, n: int) -> tuple[str, ...]:
    """The ids of the parcels that came with this number; more than one of them is a fork."""
    wanted = (parcels.c.gateway == gateway, parcels.c.epoch == epoch, parcels.c.n == n)
    return tuple((await connection.execute(select(parcels.c.id).where(*wanted).order_by(parcels.c.id))).scalars())


async def numbered(connection: Connection, tops: Collection[str], gateway: str | None = None) -> tuple[Numbered, ...]:
    """In the communities at and below `tops`: every epoch, the one that moved last first."""
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
    ).where(within(sequences.c.community, tops))
    if gateway is not None:
        wanted = wanted.where(sequences.c.gateway == gateway)
    newest_first = func.coalesce(sequences.c.last_at, sequences.c.begun_at).desc()
    return tuple(Numbered(*row) for row in await connection.execute(wanted.order_by(newest_first)))


async def gaps(connection: Connection, tops: Collection[str]) -> tuple[Gap, ...]:
    """In the communities at and below `tops`: epochs of which fewer parcels are held than were numbered."""
    statement = select(sequences.c.gateway, sequences.c.epoch, sequences.c.highest, sequences.c.held)
    statement = statement.where(sequences.c.highest > sequences.c.held).order_by(sequences.c.begun_at)
    statement = statement.where(within(sequences.c.community, tops))
    return tuple(Gap(*row) for row in await connection.execute(statement))
