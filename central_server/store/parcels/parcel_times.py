"""When each parcel happened, what tells the time of a boot, and which parcels are not counted yet."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import delete, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import boots, moments, parcels, uncounted
from central_server.store.engine.upsert import insert
from central_server.store.parcels import parcels as kept

_ID = 32
_TOGETHER = 50
_NOTE = uncounted.insert()


@dataclass(frozen=True, slots=True)
class Batch:
    """Parcels that arrived together and are not counted yet."""

    seq: int
    gateway: str
    parcels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredMoment:
    """`unsure_boot`: the boot whose anchor would tell better; None when the parcel's own clock was synchronised."""

    gateway: str
    parcel: str
    community: str
    kind: str
    at: datetime
    sure: bool
    unsure_boot: str | None


@dataclass(frozen=True, slots=True)
class StoredContent:
    parcel: str
    community: str
    content: bytes
    received_at: datetime
    sure: bool = False


async def add_uncounted(connection: Connection, gateway: str, ids: Collection[str]) -> None:
    """In the transaction that keeps the parcels. One row for many: intake shall not wait for it."""
    rows = [{"gateway": gateway, "parcels": note} for note in notes(sorted(ids))]
    if rows:
        await connection.execute(_NOTE, rows)


def notes(ids: Sequence[str]) -> list[str]:
    """What is noted of parcels that are to be counted."""
    return ["".join(ids[start : start + _TOGETHER]) for start in range(0, len(ids), _TOGETHER)]


async def take_uncounted(connection: Connection, limit: int, most: int) -> tuple[Batch, ...]:
    """The oldest: at most `limit` that hold `most` parcels, but at least one. Counted when the transaction ends."""
    statement = select(uncounted).order_by(uncounted.c.seq).limit(limit)
    batches: list[Batch] = []
    for row in await connection.execute(statement):
        ids = tuple(row.parcels[at : at + _ID] for at in range(0, len(row.parcels), _ID))
        if batches and sum(len(batch.parcels) for batch in batches) + len(ids) > most:
            break
        batches.append(Batch(row.seq, row.gateway, ids))
    if batches:
        await connection.execute(delete(uncounted).where(uncounted.c.seq.in_([batch.seq for batch in batches])))
    return tuple(batches)


async def waiting(connection: Connection) -> int:
    """How many batches are not counted yet."""
    return int((await connection.execute(select(func.count()).select_from(uncounted))).scalar_one())


async def contents(connection: Connection, gateway: str, ids: Collection[str]) -> tuple[StoredContent, ...]:
    found = (await kept.find(connection, gateway, ids)).values()
    return tuple(StoredContent(each.id, each.community, each.content, each.received_at) for each in found)


async def settle_anchor(connection: Connection, gateway: str, boot: str, monotonic_ns: int, wall: datetime) -> bool:
    """The earliest reading stands. False when an earlier one is there."""
    statement = insert(connection, boots).values(gateway=gateway, boot=boot, monotonic_ns=monotonic_ns, wall=wall)
    added = statement.excluded
    statement = statement.on_conflict_do_update(
        index_elements=["gateway", "boot"],
        set_={"monotonic_ns": added.monotonic_ns, "wall": added.wall},
        where=(added.monotonic_ns < boots.c.monotonic_ns)
        | ((added.monotonic_ns == boots.c.monotonic_ns) & (added.wall < boots.c.wall)),
    )
    return bool((await connection.execute(statement)).rowcount)


async def anchors(connection: Connection, gateway: str, wanted: Collection[str]) -> dict[str, tuple[int, datetime]]:
    """By boot: a reading of the monotonic clock, and the time it was."""
    columns = (boots.c.boot, boots.c.monotonic_ns, boots.c.wall)
    found = await connection.execute(select(*columns).where(boots.c.gateway == gateway, boots.c.boot.in_(wanted)))
    return {row.boot: (row.monotonic_ns, row.wall) for row in found}


async def keep(connection: Connection, new: Sequence[StoredMoment]) -> None:
    if not new:
        return
    statement = insert(connection, moments)
    statement = statement.on_conflict_do_update(
        index_elements=["gateway", "parcel"],
        set_={name: statement.excluded[name] for name in ("at", "sure", "unsure_boot")},
    )
    await connection.execute(statement, [asdict(moment) for moment in new])


async def unsure(connection: Connection, gateway: str, boot: str) -> tuple[str, ...]:
    """The parcels of this boot whose own clock was not synchronised."""
    statement = select(moments.c.parcel).where(moments.c.gateway == gateway, moments.c.unsure_boot == boot)
    return tuple((await connection.execute(statement.order_by(moments.c.parcel))).scalars())


async def between(
    connection: Connection, gateway: str, kind: str, since: datetime, until: datetime
) -> tuple[StoredContent, ...]:
    """The parcels of a kind that happened from `since` and before `until`."""
    statement = select(moments.c.parcel, moments.c.sure).where(
        moments.c.gateway == gateway, moments.c.at >= since, moments.c.at < until, moments.c.kind == kind
    )
    sure: dict[str, bool] = {row.parcel: row.sure for row in await connection.execute(statement)}
    found = await contents(connection, gateway, sure.keys())
    return tuple(replace(each, sure=sure[each.parcel]) for each in found)


async def count_anew(connection: Connection) -> None:
    """Every parcel is to be counted again, as if it had just arrived."""
    await connection.execute(delete(uncounted))
    every = select(parcels.c.gateway, parcels.c.id).order_by(parcels.c.gateway, parcels.c.id)
    await connection.execute(uncounted.insert().from_select(["gateway", "parcels"], every))
    for table in (moments, boots):
        await connection.execute(delete(table))


async def known(connection: Connection, gateway: str, ids: Collection[str]) -> dict[str, tuple[datetime, bool]]:
    """What stands already: when, and whether that is sure."""
    columns = (moments.c.parcel, moments.c.at, moments.c.sure)
    statement = select(*columns).where(moments.c.gateway == gateway, moments.c.parcel.in_(ids))
    return {row.parcel: (row.at, row.sure) for row in await connection.execute(statement)}
