"""What arrived and was not accepted, and why. A repetition increments a counter, so the log cannot be flooded."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, literal, select, text, tuple_

from central_server.store.engine import bulk_insert
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import arrivals
from central_server.store.parcels import log_queries
from central_server.store.parcels.log_queries import Log, LogFilter
from sync_contract.records import Receipt


class NewArrival(NamedTuple):  # created by the thousand, five times as fast as a frozen dataclass
    """`content`: only of refused and conflicting parcels, which are stored nowhere else."""

    gateway: str
    parcel: str
    result: Receipt
    fingerprint: str
    community: str
    kind: str
    reason: str = ""
    content: str | None = None


_COLUMNS = (*NewArrival._fields, "first_at", "last_at", "times")
_ON_REPETITION = (
    "(gateway, parcel, result, fingerprint) DO UPDATE"
    " SET times = arrivals.times + excluded.times, last_at = excluded.last_at"
)


async def record(connection: Connection, new: Sequence[NewArrival], now: datetime) -> None:
    if not new:
        return
    times = Counter(entry[:4] for entry in new)
    once = {entry[:4]: entry for entry in new}
    # Sorted, so that two processes that record the same lines do not deadlock.
    rows = [(*once[key], now, now, times[key]) for key in sorted(once)]
    await bulk_insert.add(connection, arrivals, _COLUMNS, rows, _ON_REPETITION)


async def newest(
    connection: Connection, log_filter: LogFilter, limit: int, before: tuple[datetime, int] | None
) -> list[int]:
    """Return the numbers of the lines, newest first. `before`: only those before this (last_at, seq)."""
    columns = arrivals.c
    usual = {columns.kind: log_filter.kind, columns.result: log_filter.result and log_filter.result.value}
    statement = select(columns.seq, columns.last_at)
    for column, value in usual.items():
        if value is not None:
            statement = statement.where(column == value)
            if value != _USUAL[column.name]:
                # SQLite uses the partial index only when its condition is repeated literally.
                statement = statement.where(text(f"arrivals.{column.name} <> '{_USUAL[column.name]}'"))
    if before is not None:
        at, seq = before
        statement = statement.where(
            tuple_(columns.last_at, columns.seq) < tuple_(literal(at, columns.last_at.type), literal(seq))
        )
    rare = any(value not in (None, _USUAL[column.name]) for column, value in usual.items())
    log = Log(arrivals, columns.last_at)
    return [row.seq for row in await log_queries.newest(connection, log, statement, log_filter, limit, rare=rare)]


async def lines(connection: Connection, seqs: Collection[int]) -> list[Row[*tuple[Any, ...]]]:
    """Return the lines with all their columns."""
    return list(await connection.execute(_LINES.where(arrivals.c.seq.in_(seqs))))


async def of_parcel(connection: Connection, gateway: str, parcel: str) -> list[Row[*tuple[Any, ...]]]:
    statement = _LINES.where(arrivals.c.gateway == gateway, arrivals.c.parcel == parcel)
    return list(await connection.execute(statement))


_LINES: Select[*tuple[Any, ...]] = select(arrivals)
_USUAL = {"kind": "statistics", "result": Receipt.duplicate.value}
