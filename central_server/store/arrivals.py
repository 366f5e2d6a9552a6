"""The sync log: what arrived and what became of it. The same again counts up, so that no gateway can flood it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, literal, select, text, tuple_, union_all

from central_server.store import bulk
from central_server.store.connection import Connection
from central_server.store.places import communities
from central_server.store.tables import arrivals, parcels
from sync_contract.records import Receipt

PAGE = 50


class NewArrival(NamedTuple):  # by the thousand: a frozen dataclass takes five times as long to make
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


_COLUMNS = (*NewArrival._fields, "first_at", "last_at", "times")
_THE_SAME_AGAIN = (
    "(gateway, parcel, result, fingerprint) DO UPDATE"
    " SET times = arrivals.times + excluded.times, last_at = excluded.last_at"
)


async def record(connection: Connection, new: Sequence[NewArrival], now: datetime) -> None:
    if not new:
        return
    times = Counter(entry[:4] for entry in new)
    once = {entry[:4]: entry for entry in new}
    # Sorted: of two processes that record the same, one waits for the other and neither for both.
    rows = [(*once[key], now, now, times[key]) for key in sorted(once)]
    await bulk.add(connection, arrivals, _COLUMNS, rows, _THE_SAME_AGAIN)


async def page(connection: Connection, wanted: Wanted, limit: int = PAGE) -> tuple[Arrival, ...]:
    """Newest first."""
    columns = arrivals.c
    own = [columns[name] for name in Arrival.__dataclass_fields__ if name != "content"]
    statement = (
        select(*own, func.coalesce(columns.content, parcels.c.content).label("content"))
        .outerjoin(parcels, and_(parcels.c.gateway == columns.gateway, parcels.c.id == columns.parcel))
        .where(columns.seq.in_(await newest(connection, wanted, limit)))
        .order_by(columns.last_at.desc(), columns.seq.desc())
    )
    return tuple(
        Arrival(**dict(row._mapping) | {"result": Receipt(row.result)}) for row in await connection.execute(statement)
    )


async def mark(connection: Connection, tops: Collection[str]) -> tuple[datetime, int] | None:
    """When the newest line of these communities last changed, and which it is."""
    found = await newest(connection, Wanted(tops=tops), 1)
    lines = select(arrivals.c.last_at, arrivals.c.seq).where(arrivals.c.seq.in_(found))
    row = (await connection.execute(lines)).one_or_none()
    return None if row is None else (row.last_at, row.seq)


async def newest(connection: Connection, wanted: Wanted, limit: int) -> list[int]:
    """The lines' numbers. However many lines there are, few are looked at: each way through them has its index."""
    columns = arrivals.c
    seen = None if wanted.tops is None else await communities(connection, wanted.tops)
    by_time = select(columns.seq, columns.last_at).order_by(columns.last_at.desc(), columns.seq.desc()).limit(limit)
    by_time = _filtered(by_time, wanted)
    if seen is None:
        statement = by_time
    elif len(seen) == 1 and not _rare(wanted):
        statement = by_time.where(columns.community == seen[0])
    elif wanted.gateway is None and wanted.parcel is None and not _rare(wanted) and 0 < len(seen) <= _BRANCHES:
        each = [by_time.where(columns.community == community).subquery() for community in seen]
        every = union_all(*(select(branch.c.seq, branch.c.last_at) for branch in each)).subquery()
        statement = select(every.c.seq, every.c.last_at).order_by(every.c.last_at.desc(), every.c.seq.desc())
        statement = statement.limit(limit)
    else:
        # SQLite would take the index of the communities and sort all their lines, if this were a mere column.
        lite = connection.dialect.name == "sqlite"
        statement = by_time.where((func.coalesce(columns.community, "") if lite else columns.community).in_(seen))
    return list((await connection.execute(statement)).scalars())


_BRANCHES = 40
_USUAL = {"kind": "statistics", "result": Receipt.accepted.value}


def _rare(wanted: Wanted) -> bool:
    return any(value not in (None, _USUAL[name]) for name, value in (("kind", wanted.kind), ("result", wanted.result)))


def _filtered(statement: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    columns = arrivals.c
    for column, value in (
        (columns.gateway, wanted.gateway),
        (columns.kind, wanted.kind),
        (columns.result, wanted.result and wanted.result.value),
        (columns.parcel, wanted.parcel),
    ):
        if value is not None:
            statement = statement.where(column == value)
            if column.name in _USUAL and value != _USUAL[column.name]:
                # In the words of the partial index: SQLite draws no conclusions.
                statement = statement.where(text(f"arrivals.{column.name} <> '{_USUAL[column.name]}'"))
    if wanted.since is not None:
        statement = statement.where(columns.last_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(columns.last_at < wanted.until)
    if wanted.before is not None:
        at, seq = wanted.before
        statement = statement.where(
            tuple_(columns.last_at, columns.seq) < tuple_(literal(at, columns.last_at.type), literal(seq))
        )
    return statement
