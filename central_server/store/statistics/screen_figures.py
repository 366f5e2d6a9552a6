"""Write and read how screens were used, by hour and day; `figures.sum_day` adds hours up."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import screen_figures
from central_server.store.engine.upsert import insert
from central_server.store.statistics.figure_filter import (
    By,
    FigureFilter,
    FigureScope,
    Row,
    group_key,
    in_scope,
    read_row,
    select_stored,
)
from central_server.store.statistics.figures import DAY, HOUR, FigureKey, add_rows


@dataclass(frozen=True, slots=True)
class ScreenUse:
    """What a screen showed, empty for nothing, with the visits by touch that began and the project pages opened."""

    project: str
    beacon: str
    door: str
    visits: int
    opened: int


async def add(connection: Connection, uses: Mapping[FigureKey, Sequence[ScreenUse]]) -> None:
    """Add to the stored figures."""
    await add_rows(connection, screen_figures, _rows(uses))


async def replace_hour(
    connection: Connection, gateway: str, hour: datetime, uses: Mapping[str, Sequence[ScreenUse]]
) -> None:
    """`uses`: by community; a gateway may move within an hour."""
    table = screen_figures.c
    old = (table.gateway == gateway, table.span == HOUR, table.start == hour)
    await connection.execute(delete(screen_figures).where(*old))
    new = _rows({FigureKey(gateway, HOUR, hour, community): each for community, each in uses.items()})
    if new:
        await connection.execute(insert(connection, screen_figures), new)


def _rows(uses: Mapping[FigureKey, Sequence[ScreenUse]]) -> list[dict[str, Any]]:
    return [key.columns | asdict(use) for key, each in uses.items() for use in each]


async def uses(connection: Connection, figures: FigureFilter, by: By | None = None) -> list[Row]:
    """By slot or key, and door: visits and opened."""
    table = screen_figures.c
    key = group_key(table, table.start, figures, by)
    sums = (func.sum(table[name]).label(name) for name in ("visits", "opened"))
    statement = await select_stored(connection, select(key.label("key"), table.door, *sums), screen_figures, figures)
    return [read_row(row) for row in await connection.execute(statement.group_by(key, table.door))]


async def count_gateways(connection: Connection, figures: FigureFilter) -> int:
    """Return how many gateways counted touches before the period ended, whatever their screens showed."""
    table = screen_figures.c
    statement = select(func.count(table.gateway.distinct())).where(table.span == DAY, table.start < figures.until)
    statement = await in_scope(connection, statement, table, _any_screen(figures))
    return int((await connection.execute(statement)).scalar_one())


async def counted_since(connection: Connection, figures: FigureFilter) -> datetime | None:
    """Return the first hour for which any gateway counted touches; None if none did."""
    table = screen_figures.c
    statement = select(func.min(table.start)).where(table.span == HOUR)
    statement = await in_scope(connection, statement, table, _any_screen(figures))
    found: datetime | None = (await connection.execute(statement)).scalar_one()
    return found


def _any_screen(figures: FigureFilter) -> FigureScope:
    return FigureScope(figures.scope.tops, figures.scope.gateway)
