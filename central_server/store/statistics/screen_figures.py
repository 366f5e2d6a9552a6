"""How screens were used, by hour and day: an hour is written as its parcels make it, a day is the sum of its hours
(`store/figures.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import screen_figures
from central_server.store.engine.upsert import insert
from central_server.store.statistics.figure_filter import Row, Wanted, scoped, seen, whole
from central_server.store.statistics.figures import DAY, HOUR


@dataclass(frozen=True, slots=True)
class Used:
    """What a screen showed, empty for none, and the visits by touch that began and pages of the project opened then."""

    project: str
    beacon: str
    door: str
    visits: int
    opened: int


async def replace_hour(
    connection: Connection, gateway: str, hour: datetime, rows: Mapping[str, Sequence[Used]]
) -> None:
    """`rows`: by community, for a gateway may move within an hour."""
    table = screen_figures.c
    here = (table.gateway == gateway, table.span == HOUR, table.start == hour)
    await connection.execute(delete(screen_figures).where(*here))
    new = [
        {"gateway": gateway, "span": HOUR, "start": hour, "community": community} | asdict(used)
        for community, each in rows.items()
        for used in each
    ]
    if new:
        await connection.execute(insert(connection, screen_figures), new)


async def by_slot(connection: Connection, wanted: Wanted) -> list[Row]:
    """By slot and door: visits and opened."""
    table = screen_figures.c
    key = (table.start.label("slot"), table.door)
    told = select(*key, func.sum(table.visits).label("visits"), func.sum(table.opened).label("opened"))
    statement = (await scoped(connection, told, screen_figures, wanted)).group_by(table.start, table.door)
    return [whole(row) for row in await connection.execute(statement)]


async def counting(connection: Connection, wanted: Wanted) -> int:
    """How many gateways have told by then that they count touches."""
    table = screen_figures.c
    every = select(func.count(table.gateway.distinct())).where(table.span == DAY, table.start < wanted.until)
    if wanted.gateway is not None:
        every = every.where(table.gateway == wanted.gateway)
    return int((await connection.execute(await seen(connection, every, table.community, wanted.tops))).scalar_one())


async def since(connection: Connection, wanted: Wanted) -> datetime | None:
    """The first hour of which any gateway told that it counts touches; None where none did."""
    table = screen_figures.c
    first = select(func.min(table.start)).where(table.span == HOUR)
    if wanted.gateway is not None:
        first = first.where(table.gateway == wanted.gateway)
    found: datetime | None = (
        await connection.execute(await seen(connection, first, table.community, wanted.tops))
    ).scalar_one()
    return found
