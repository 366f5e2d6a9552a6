"""When each parcel happened, and the clock readings (anchors) that give the time of a boot."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import Table, select
from sqlalchemy.sql.base import Executable

from central_server.store.engine.bulk_lookup import is_one_of
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import boots, moments
from central_server.store.engine.upsert import insert_in
from central_server.store.parcels import parcels


@dataclass(frozen=True, slots=True)
class StoredMoment:
    """`unsure_boot`: the boot whose anchor would be more exact; None when the parcel's own clock was synchronised."""

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


_CHANGES = {boots: ("monotonic_ns", "wall"), moments: ("at", "sure", "unsure_boot")}


@cache
def _insert_or_update(dialect: str, table: Table) -> Executable:
    """Return the statement, built once: building it takes longer than executing it."""
    statement = insert_in(dialect, table)
    changed = {name: statement.excluded[name] for name in _CHANGES[table]}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changed)


async def contents(connection: Connection, gateway: str, ids: Collection[str]) -> tuple[StoredContent, ...]:
    found = (await parcels.find(connection, gateway, ids)).values()
    return tuple(StoredContent(each.id, each.community, each.content, each.received_at) for each in found)


async def set_anchors(connection: Connection, gateway: str, new: Mapping[str, tuple[int, datetime]]) -> None:
    """Store for each boot a reading of its monotonic clock and the time of that reading, in place of any other."""
    if not new:
        return
    rows = [
        {"gateway": gateway, "boot": boot, "monotonic_ns": monotonic_ns, "wall": wall}
        for boot, (monotonic_ns, wall) in sorted(new.items())
    ]
    await connection.execute(_insert_or_update(connection.dialect.name, boots), rows)


async def anchors(connection: Connection, gateway: str, boot_ids: Collection[str]) -> dict[str, tuple[int, datetime]]:
    """Return for each boot a reading of its monotonic clock and the time of that reading."""
    columns = (boots.c.boot, boots.c.monotonic_ns, boots.c.wall)
    found = await connection.execute(select(*columns).where(boots.c.gateway == gateway, boots.c.boot.in_(boot_ids)))
    return {row.boot: (row.monotonic_ns, row.wall) for row in found}


async def store(connection: Connection, new: Sequence[StoredMoment]) -> None:
    if not new:
        return
    names = moments.columns.keys()
    rows = [{name: getattr(moment, name) for name in names} for moment in new]
    await connection.execute(_insert_or_update(connection.dialect.name, moments), rows)


async def unsure(connection: Connection, gateway: str, boot_ids: Collection[str]) -> tuple[str, ...]:
    """Return the ids of these boots' parcels whose own clock was not synchronised."""
    statement = select(moments.c.parcel).where(moments.c.gateway == gateway, moments.c.unsure_boot.in_(boot_ids))
    return tuple((await connection.execute(statement.order_by(moments.c.parcel))).scalars())


async def between(connection: Connection, gateway: str, since: datetime, until: datetime) -> dict[str, bool]:
    """Return the counted parcels that happened from `since` and before `until`, and whether that is sure."""
    statement = select(moments.c.parcel, moments.c.sure).where(
        moments.c.gateway == gateway, moments.c.at >= since, moments.c.at < until, moments.c.kind != "intent"
    )
    return {row.parcel: row.sure for row in await connection.execute(statement.order_by(moments.c.parcel))}


async def known(connection: Connection, gateway: str, ids: Collection[str]) -> dict[str, tuple[datetime, bool]]:
    """Return for each known parcel when it happened, and whether that is sure."""
    columns = (moments.c.parcel, moments.c.at, moments.c.sure)
    statement = select(*columns).where(moments.c.gateway == gateway, is_one_of(connection, moments.c.parcel, ids))
    return {row.parcel: (row.at, row.sure) for row in await connection.execute(statement)}
