"""The hours to count again: one of their parcels moved to another hour or came from it."""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from central_server.store.engine import bulk_insert
from central_server.store.engine.bulk_lookup import rows_of
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import stale_hours, uncounted
from central_server.store.engine.timestamps import micros, moment


@dataclass(frozen=True, slots=True)
class StaleHour:
    """`mark`: which parcels were known when it was read; another parcel changes it."""

    gateway: str
    start: datetime
    mark: int


async def mark(connection: Connection, hours: Iterable[tuple[str, datetime]]) -> None:
    """`hours`: gateway and start."""
    rows = [(gateway, start, secrets.randbits(62)) for gateway, start in sorted(hours)]
    changed = "(gateway, start) DO UPDATE SET mark = excluded.mark"
    await bulk_insert.add(connection, stale_hours, ("gateway", "start", "mark"), rows, changed)


async def some(connection: Connection, limit: int) -> tuple[StaleHour, ...]:
    """Return some hours of gateways without uncounted parcels, which would make them stale again.

    Of each gateway one comes before a second one of any, and first of those with the fewest.
    """
    columns = stale_hours.c
    turn = func.row_number().over(partition_by=columns.gateway, order_by=columns.start)
    waiting = func.count().over(partition_by=columns.gateway)
    statement = select(columns.gateway, columns.start, columns.mark).order_by(turn, waiting, columns.gateway)
    statement = statement.where(columns.gateway.not_in(select(uncounted.c.gateway)))
    return tuple(StaleHour(*row) for row in await connection.execute(statement.limit(limit)))


async def among(connection: Connection, hours: Collection[tuple[str, datetime]]) -> set[tuple[str, datetime]]:
    """Return those of the hours, of gateway and start, that are stale."""
    key = ("gateway", "start")
    rows = await rows_of(connection, stale_hours, key, key, [(gateway, micros(start)) for gateway, start in hours])
    return {(gateway, moment(start)) for gateway, start in rows}


async def is_current(connection: Connection, hour: StaleHour) -> bool:
    """Return False if its parcels changed since it was read, or another process took it."""
    columns = stale_hours.c
    same = select(columns.mark).where(columns.gateway == hour.gateway, columns.start == hour.start).with_for_update()
    return (await connection.execute(same)).scalar() == hour.mark


async def take(connection: Connection, hour: StaleHour) -> bool:
    """Remove the hour. Return False if its parcels changed since it was read, or another process took it."""
    columns = stale_hours.c
    same = (columns.gateway == hour.gateway, columns.start == hour.start, columns.mark == hour.mark)
    return bool((await connection.execute(delete(stale_hours).where(*same))).rowcount)
