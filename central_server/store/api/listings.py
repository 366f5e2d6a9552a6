"""List places, gateways, beacons and projects for programs in pages, in order of id, from the one after `after`."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, tuple_

from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacons, gateways, places, projects
from central_server.store.enrolment.gateways import DEVICE
from central_server.store.places.places import PLACES, Place, place_of, within
from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class ListedGateway:
    id: str
    community: str
    label: str


@dataclass(frozen=True, slots=True)
class ListedBeacon:
    id: str
    place: str
    uuid: str
    major: int
    minor: int
    kind: str
    label: str
    gateway: str | None
    groups: str


@dataclass(frozen=True, slots=True)
class ListedProject:
    id: str
    place: str
    title: Texts
    summary: Texts
    withdrawn: bool


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


async def beacons_after(
    connection: Connection, tops: Collection[str], after: str | None, limit: int
) -> tuple[ListedBeacon, ...]:
    """Return those of the places at and below `tops`, and those that apply there from above."""
    columns = [beacons.c[name] for name in ListedBeacon.__dataclass_fields__]
    statement = select(*columns).where(versioned_rows.visible(beacons.c.place, tops))
    if after is not None:
        statement = statement.where(beacons.c.id > after)
    rows = await connection.execute(statement.order_by(beacons.c.id).limit(limit))
    return tuple(ListedBeacon(*row) for row in rows)


async def projects_after(
    connection: Connection, tops: Collection[str], after: tuple[str, str] | None, limit: int
) -> tuple[ListedProject, ...]:
    """Return those of the places at and below `tops`, and those that apply there from above."""
    columns = projects.c
    statement = select(columns.id, columns.place, columns.title, columns.summary, columns.withdrawn)
    statement = statement.where(versioned_rows.visible(columns.place, tops))
    if after is not None:
        statement = statement.where(tuple_(columns.id, columns.place) > after)
    rows = await connection.execute(statement.order_by(columns.id, columns.place).limit(limit))
    return tuple(
        ListedProject(row.id, row.place, _texts(row.title), _texts(row.summary), row.withdrawn) for row in rows
    )


def _texts(text: Any) -> Texts:  # noqa: ANN401  (JSON as text)
    return Texts.model_validate(json.loads(text))
