"""Find beacons whose identity another transmitter sends too, as gateways report it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacon_figures
from central_server.store.statistics.figure_filter import in_places
from central_server.store.statistics.figures import HOUR

_LEAST_FRAMES = 96
"""Three blocks of 32, from which a gateway reports a clone. A person who walks about causes single ones."""
_ONE_IN = 20


@dataclass(frozen=True, slots=True)
class Suspect:
    """`beacon`: as text; `at`: the last such hour."""

    gateway: str
    community: str
    beacon: str
    at: datetime


async def suspects(connection: Connection, tops: Collection[str], since: datetime) -> tuple[Suspect, ...]:
    """Return beacons with many suspect frames, at least one in twenty, in an hour since then."""
    table = beacon_figures.c
    many = (table.frames_suspect >= _LEAST_FRAMES, table.frames_suspect * _ONE_IN >= table.frames)
    statement = select(table.gateway, table.community, table.beacon, table.start).where(
        table.span == HOUR, table.start >= since, *many
    )
    statement = await in_places(connection, statement, table.community, tops)
    rows = await connection.execute(statement.order_by(table.gateway, table.beacon, table.start))
    return tuple({(row[0], row[2]): Suspect(*row) for row in rows}.values())
