"""Queries of the long logs, newest first: each filter has an index, so that few rows are read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Select, Table, func, select, union_all

from central_server.store.engine.connection import Connection
from central_server.store.places.places import communities
from sync_contract.records import Receipt

_BRANCHES = 40


def kind_in_log(kind: str) -> str:
    """Return the kind shown in the log: counts of the screen are among the gateways' reports."""
    return "statistics" if kind == "screen" else kind


@dataclass(frozen=True, slots=True)
class LogFilter:
    """A filter of the log; None matches all. `tops`: the community is at or below one of these places.

    `before`: (last_at, seq) of the last line of the page before.
    """

    tops: Collection[str] | None = None
    gateway: str | None = None
    kind: str | None = None
    result: Receipt | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, int] | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """A table with `gateway`, `community` and `seq`, in the order of (`at`, `seq`)."""

    table: Table
    at: Column[datetime]


async def newest(
    connection: Connection, log: Log, what: Select[*tuple[Any, ...]], log_filter: LogFilter, limit: int, *, rare: bool
) -> list[Row[*tuple[Any, ...]]]:
    """Return the rows of `what`, a selection of at least `at` and `seq` with the log's own conditions.

    `rare`: those conditions have an index of their own with few rows.
    """
    columns = log.table.c
    seen = None if log_filter.tops is None else await communities(connection, log_filter.tops)
    for condition in _conditions(log, log_filter):
        what = what.where(condition)
    by_time = what.order_by(log.at.desc(), columns.seq.desc()).limit(limit)
    if seen is None:
        statement = by_time
    elif len(seen) == 1 and not rare:
        statement = by_time.where(columns.community == seen[0])
    elif log_filter.gateway is None and not rare and 0 < len(seen) <= _BRANCHES:
        each = [by_time.where(columns.community == community).subquery() for community in seen]
        every = union_all(*(select(*branch.c) for branch in each)).subquery()
        statement = select(*every.c).order_by(every.c[log.at.name].desc(), every.c.seq.desc()).limit(limit)
    else:
        # SQLite would use the index of the communities and sort all their lines, if this were the bare column.
        lite = connection.dialect.name == "sqlite"
        statement = by_time.where((func.coalesce(columns.community, "") if lite else columns.community).in_(seen))
    return list(await connection.execute(statement))


def _conditions(log: Log, log_filter: LogFilter) -> list[Any]:
    conditions: list[Any] = []
    if log_filter.gateway is not None:
        conditions.append(log.table.c.gateway == log_filter.gateway)
    if log_filter.since is not None:
        conditions.append(log.at >= log_filter.since)
    if log_filter.until is not None:
        conditions.append(log.at < log_filter.until)
    return conditions
