"""Read the figures of what gateways heard."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Table, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacon_figures, gateway_figures, gateway_keys, gateways, visit_figures
from central_server.store.engine.tables.figures import GAPS, RSSIS
from central_server.store.statistics.figure_filter import (
    By,
    FigureFilter,
    Key,
    Row,
    group_key,
    in_places,
    in_scope,
    read_row,
    select_stored,
)
from central_server.store.statistics.figures import DAY, HOUR, merged


async def listened(connection: Connection, figures: FigureFilter) -> dict[Key, Row]:
    """By slot: stretches, listened_ms, sure_ms, foreign_frames."""
    return await _by_key(connection, gateway_figures, figures)


async def adverts(connection: Connection, figures: FigureFilter) -> dict[Key, Row]:
    """By slot: frames, expected_frames, heard_of_expected."""
    columns = beacon_figures.c
    named = (columns.frames, columns.expected_frames, columns.heard_of_expected)
    return await _by_key(connection, beacon_figures, figures, columns=named)


async def visits(connection: Connection, figures: FigureFilter, by: By | None = None) -> dict[Key, Row]:
    """By slot, gateway or community: entries, visits, stays, and the most tags of one class at one gateway."""
    return await _by_key(connection, visit_figures, figures, by)


async def bins(connection: Connection, figures: FigureFilter) -> Row:
    """Return the histograms of all beacons over the period."""
    values = [func.coalesce(func.sum(beacon_figures.c[name]), 0).label(name) for name in (*RSSIS, *GAPS)]
    statement = await select_stored(connection, select(*values), beacon_figures, figures)
    return read_row((await connection.execute(statement)).one())


async def beacons(connection: Connection, figures: FigureFilter, most: int) -> list[Row]:
    """Return one row for each beacon and gateway over the period; those heard least come first."""
    table = beacon_figures
    key = [table.c.gateway, table.c.beacon]
    counted = [column for column in table.columns if not column.primary_key and column.name not in (*GAPS, *RSSIS)]
    values = [merged(column).label(column.name) for column in counted]
    statement = await select_stored(connection, select(*key, *values), table, figures)
    order = (func.sum(table.c.frames), table.c.beacon, table.c.gateway)
    found = await connection.execute(statement.group_by(*key).order_by(*order).limit(most))
    return [read_row(row) for row in found]


async def known_beacons(connection: Connection, tops: Collection[str], since: datetime, most: int) -> list[str]:
    """Return beacons that gateways heard or expected since then."""
    table = beacon_figures.c
    statement = select(table.beacon).where(table.span == DAY, table.start >= since).distinct()
    statement = await in_places(connection, statement.order_by(table.beacon).limit(most), table.community, tops)
    return list((await connection.execute(statement)).scalars())


async def silent_beacons(connection: Connection, tops: Collection[str], since: datetime) -> list[Row]:
    """Return beacon, gateway and community of beacons expected in more than one hour since then and never heard."""
    table = beacon_figures.c
    statement = (
        select(table.community, table.gateway, table.beacon)
        .where(table.span == HOUR, table.start >= since, table.reports > 0)
        .group_by(table.community, table.gateway, table.beacon)
        .having(func.sum(table.frames) == 0, func.count() > 1)
        .order_by(table.gateway, table.beacon)
    )
    statement = await in_places(connection, statement, table.community, tops)
    return [dict(row._mapping) for row in await connection.execute(statement)]


async def listeners(connection: Connection, figures: FigureFilter) -> list[tuple[datetime, datetime | None]]:
    """Return since when each gateway with figures listens, and when its last key was revoked."""
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
    if figures.scope.gateway is not None:
        statement = statement.where(gateways.c.id == figures.scope.gateway)
    statement = await in_scope(connection, statement, gateways.c, figures.scope)
    found = await connection.execute(statement)
    return [(max(row.added_at, row.first), row.revoked) for row in found if row.first is not None]


async def _by_key(
    connection: Connection,
    table: Table,
    figures: FigureFilter,
    by: By | None = None,
    columns: Collection[Column[Any]] = (),
) -> dict[Key, Row]:
    key = group_key(table.c, table.c.start, figures, by)
    counted = columns or [column for column in table.columns if not column.primary_key]
    values = [merged(column).label(column.name) for column in counted]
    statement = await select_stored(connection, select(key.label("key"), *values), table, figures)
    return {row.key: read_row(row) for row in await connection.execute(statement.group_by(key))}
