"""Parcels kept for ever under (gateway, id), and how far each gateway's sequence has come."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import case, delete, select

from central_server.store.connection import Connection
from central_server.store.gateways import Gateway
from central_server.store.places import within
from central_server.store.tables import parcels, sequences
from central_server.store.upsert import insert


@dataclass(frozen=True, slots=True)
class KeptParcel:
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


async def keep(connection: Connection, new: Sequence[KeptParcel]) -> frozenset[str]:
    """The ids that were not there before; the others stay as they are."""
    if not new:
        return frozenset()
    statement = insert(connection, parcels).on_conflict_do_nothing().returning(parcels.c.id)
    return frozenset((await connection.execute(statement, [asdict(parcel) for parcel in new])).scalars())


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
        )
        added = statement.excluded
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=[sequences.c.gateway, sequences.c.epoch],
                set_={
                    "highest": case((sequences.c.highest > added.highest, sequences.c.highest), else_=added.highest),
                    "held": sequences.c.held + added.held,
                },
            )
        )


async def gaps(connection: Connection, tops: Collection[str]) -> tuple[Gap, ...]:
    """In the communities at and below `tops`: epochs of which fewer parcels are held than were numbered."""
    statement = select(sequences.c.gateway, sequences.c.epoch, sequences.c.highest, sequences.c.held)
    statement = statement.where(sequences.c.highest > sequences.c.held).order_by(sequences.c.begun_at)
    statement = statement.where(within(sequences.c.community, tops))
    return tuple(Gap(*row) for row in await connection.execute(statement))
