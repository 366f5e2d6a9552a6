"""The sync log: what arrived and what became of it. The same again counts up, so that no gateway can flood it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from central_server.store.connection import Connection
from central_server.store.places import within
from central_server.store.tables import arrivals, parcels
from central_server.store.upsert import insert
from sync_contract.records import Receipt

PAGE = 50


@dataclass(frozen=True, slots=True)
class NewArrival:
    """`content`: kept only when it is nowhere else (refused and conflicting parcels)."""

    gateway: str
    parcel: str
    result: Receipt
    fingerprint: str
    community: str
    kind: str
    reason: str = ""
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """`content`: what arrived, as JSON."""

    seq: int
    gateway: str
    parcel: str
    result: Receipt
    community: str
    kind: str
    reason: str
    content: str | None
    first_at: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter; None takes all. `tops`: the community is at or below one of these places.

    `before`: (last_at, seq) of the last line of the page before.
    """

    tops: Collection[str] | None = None
    gateway: str | None = None
    kind: str | None = None
    result: Receipt | None = None
    since: datetime | None = None
    until: datetime | None = None
    parcel: str | None = None
    before: tuple[datetime, int] | None = None


async def record(connection: Connection, new: Sequence[NewArrival], now: datetime) -> None:
    if not new:
        return
    statement = insert(connection, arrivals)
    statement = statement.on_conflict_do_update(
        index_elements=["gateway", "parcel", "result", "fingerprint"],
        set_={"times": arrivals.c.times + 1, "last_at": statement.excluded.last_at},
    )
    rows = [
        {
            "gateway": entry.gateway,
            "parcel": entry.parcel,
            "result": entry.result.value,
            "fingerprint": entry.fingerprint,
            "community": entry.community,
            "kind": entry.kind,
            "reason": entry.reason,
            "content": entry.content,
            "first_at": now,
            "last_at": now,
            "times": 1,
        }
        for entry in new
    ]
    await connection.execute(statement, rows)


async def page(connection: Connection, wanted: Wanted, limit: int = PAGE) -> tuple[Arrival, ...]:
    """Newest first."""
    columns = arrivals.c
    own = [columns[name] for name in Arrival.__dataclass_fields__ if name != "content"]
    statement = select(*own, func.coalesce(columns.content, parcels.c.content).label("content")).outerjoin(
        parcels, and_(parcels.c.gateway == columns.gateway, parcels.c.id == columns.parcel)
    )
    for column, value in (
        (columns.gateway, wanted.gateway),
        (columns.kind, wanted.kind),
        (columns.result, wanted.result and wanted.result.value),
        (columns.parcel, wanted.parcel),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.tops is not None:
        statement = statement.where(within(columns.community, wanted.tops))
    if wanted.since is not None:
        statement = statement.where(columns.last_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(columns.last_at < wanted.until)
    if wanted.before is not None:
        at, seq = wanted.before
        statement = statement.where(or_(columns.last_at < at, and_(columns.last_at == at, columns.seq < seq)))
    statement = statement.order_by(columns.last_at.desc(), columns.seq.desc()).limit(limit)
    return tuple(
        Arrival(**dict(row._mapping) | {"result": Receipt(row.result)}) for row in await connection.execute(statement)
    )
