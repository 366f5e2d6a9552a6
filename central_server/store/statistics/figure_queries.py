"""Figures of what gateways heard, read: of places, a gateway, a beacon or a project."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Table,
    func,
    select,
)

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacon_figures, gateway_figures, gateway_keys, gateways, visit_figures
from central_server.store.engine.tables.figures import GAPS, RSSIS
from central_server.store.statistics.figure_filter import Row, Wanted, scoped, seen, whole
from central_server.store.statistics.figures import DAY, HOUR, merged


async def listened(connection: Connection, wanted: Wanted) -> dict[datetime, Row]:
    """By slot: stretches, listened_ms, sure_ms, foreign_frames."""
    return await _by_start(connection, gateway_figures, wanted)


async def adverts(connection: Connection, wanted: Wanted) -> dict[datetime, Row]:
    """By slot: frames, and what tells how many were lost."""
    columns = beacon_figures.c
    named = (columns.frames, columns.expected_frames, columns.heard_of_expected)
    return await _by_start(connection, beacon_figures, wanted, named)


async def bins(connection: Connection, wanted: Wanted) -> Row:
    """Over the whole time: the histograms of all beacons."""
    values = [func.coalesce(func.sum(beacon_figures.c[name]), 0).label(name) for name in (*RSSIS, *GAPS)]
    statement = await scoped(connection, select(*values), beacon_figures, wanted)
    return whole((await connection.execute(statement)).one())


async def visits(connection: Connection, wanted: Wanted) -> dict[datetime, Row]:
    """By slot: arrivals of tags, and how long they stayed."""
    return await _by_start(connection, visit_figures, wanted)


async def beacons(connection: Connection, wanted: Wanted, most: int) -> list[Row]:
    """Over the whole time, one row a beacon and gateway; first those that were heard least."""
    table = beacon_figures
    key = [table.c.gateway, table.c.beacon]
    told = [column for column in table.columns if not column.primary_key and column.name not in (*GAPS, *RSSIS)]
    values = [merged(column).label(column.name) for column in told]
    statement = await scoped(connection, select(*key, *values), table, wanted)
    order = (func.sum(table.c.frames), table.c.beacon, table.c.gateway)
    found = await connection.execute(statement.group_by(*key).order_by(*order).limit(most))
    return [whole(row) for row in found]


async def known_beacons(connection: Connection, tops: Collection[str], since: datetime, most: int) -> list[str]:
    """Those that gateways heard or expected since then."""
    table = beacon_figures.c
    statement = select(table.beacon).where(table.span == DAY, table.start >= since).distinct()
    statement = await seen(connection, statement.order_by(table.beacon).limit(most), table.community, tops)
    return list((await connection.execute(statement)).scalars())


async def silent_beacons(connection: Connection, tops: Collection[str], since: datetime) -> list[Row]:
    """Beacons that were expected since then in more than one hour, and never heard: beacon, gateway, community."""
    table = beacon_figures.c
    statement = (
        select(table.community, table.gateway, table.beacon)
        .where(table.span == HOUR, table.start >= since, table.reports > 0)
        .group_by(table.community, table.gateway, table.beacon)
        .having(func.sum(table.frames) == 0, func.count() > 1)
        .order_by(table.gateway, table.beacon)
    )
    statement = await seen(connection, statement, table.community, tops)
    return [dict(row._mapping) for row in await connection.execute(statement)]


async def listeners(connection: Connection, wanted: Wanted) -> list[tuple[datetime, datetime | None]]:
    """Since when each gateway that was ever heard of listens, and until when: until its last key was revoked."""
    first = (
        select(func.min(gateway_figures.c.start))
        .where(gateway_figures.c.gateway == gateways.c.id, gateway_figures.c.span == DAY)
        .scalar_subquery()
    )
    keys = gateway_keys.c
    revoked = (
        select(func.max(keys.revoked_at))
        .where(keys.gateway == gateways.c.id)
        .having(func.count() == func.count(keys.revoked_at))
        .scalar_subquery()
    )
    statement = select(gateways.c.added_at, first.label("first"), revoked.label("revoked"))
    if wanted.gateway is not None:
        statement = statement.where(gateways.c.id == wanted.gateway)
    statement = await seen(connection, statement, gateways.c.community, wanted.tops)
    found = await connection.execute(statement)
    return [(max(row.added_at, row.first), row.revoked) for row in found if row.first is not None]


async def _by_start(
    connection: Connection, table: Table, wanted: Wanted, columns: Collection[Column[Any]] = ()
) -> dict[datetime, Row]:
    told = columns or [column for column in table.columns if not column.primary_key]
    values = [merged(column).label(column.name) for column in told]
    statement = await scoped(connection, select(table.c.start, *values), table, wanted)
    found = await connection.execute(statement.group_by(table.c.start))
    return {row.start: whole(row) for row in found}
