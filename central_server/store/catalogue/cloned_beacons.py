"""Beacons whose identity is on the air from another transmitter too, as gateways report it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacon_figures
from central_server.store.statistics.figure_filter import seen
from central_server.store.statistics.figures import HOUR

_LEAST_FRAMES = 96
"""Three blocks of 32: what a gateway takes for a clone. Somebody who walks about gives single ones."""
_ONE_IN = 20


@dataclass(frozen=True, slots=True)
class Suspect:
    """`beacon`: as text; `at`: the hour in which it was last."""

    gateway: str
    community: str
    beacon: str
    at: datetime


async def suspects(connection: Connection, tops: Collection[str], since: datetime) -> tuple[Suspect, ...]:
    """In an hour since then many frames of it, and not only one in a thousand, were suspect."""
    table = beacon_figures.c
    many = (table.frames_suspect >= _LEAST_FRAMES, table.frames_suspect * _ONE_IN >= table.frames)
    statement = select(table.gateway, table.community, table.beacon, table.start).where(
        table.span == HOUR, table.start >= since, *many
    )
    statement = await seen(connection, statement, table.community, tops)
    rows = await connection.execute(statement.order_by(table.gateway, table.beacon, table.start))
    return tuple({(row[0], row[2]): Suspect(*row) for row in rows}.values())
