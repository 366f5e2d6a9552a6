"""List places and gateways for programs in pages, in order of id, from the one after `after`."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import gateways, places
from central_server.store.enrolment.gateways import DEVICE
from central_server.store.places.places import PLACES, Place, place_of, within


@dataclass(frozen=True, slots=True)
class ListedGateway:
    id: str
    community: str
    label: str


async def places_after(
    connection: Connection, tops: Collection[str], after: str | None, limit: int
) -> tuple[Place, ...]:
    statement = PLACES.where(within(places.c.id, tops))
    if after is not None:
        statement = statement.where(places.c.id > after)
    return tuple(place_of(row) for row in await connection.execute(statement.order_by(places.c.id).limit(limit)))


async def gateways_after(
    connection: Connection, tops: Collection[str], after: str | None, limit: int
) -> tuple[ListedGateway, ...]:
    """Return those of the communities at and below `tops`."""
    columns = gateways.c
    statement = select(columns.id, columns.community, columns.label).where(within(columns.community, tops))
    statement = statement.where(columns.kind == DEVICE)
    if after is not None:
        statement = statement.where(columns.id > after)
    rows = await connection.execute(statement.order_by(columns.id).limit(limit))
    return tuple(ListedGateway(*row) for row in rows)
