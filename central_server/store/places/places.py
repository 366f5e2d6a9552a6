"""Store the tree of places: top, cities, 街道, communities, sites and grids (網格). A record belongs to a community."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from central_server.errors import CentralError
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import place_ancestors, places
from central_server.store.engine.upsert import insert
from sync_contract.project import Texts

TOP = "all"
"""The place above all cities; every database has it."""
PLACE_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
"""Of new places; communities added by an enrolment may have other ids."""
MAX_NAME = 60


class PlaceKind(StrEnum):
    top = "top"
    city = "city"
    street = "street"
    community = "community"
    site = "site"
    grid = "grid"
    """A part of the community where people live; no hall and no record of money belongs to it."""


UNDER = {
    PlaceKind.city: (PlaceKind.top,),
    PlaceKind.street: (PlaceKind.city,),
    PlaceKind.community: (PlaceKind.top, PlaceKind.city, PlaceKind.street),
    PlaceKind.site: (PlaceKind.community,),
    PlaceKind.grid: (PlaceKind.community,),
}
"""The kinds of place that may contain a kind."""
INSIDE_COMMUNITY = (PlaceKind.site, PlaceKind.grid)
"""Not offered where a list is about communities and the places above them."""


class PlaceRefused(CentralError):
    """The place may not be under this parent; the message says why."""


@dataclass(frozen=True, slots=True)
class Place:
    id: str
    kind: PlaceKind
    parent: str | None
    names: Texts


async def plant(connection: Connection, place: Place, now: datetime) -> bool:
    """Return False if it exists; it is not changed. Raises PlaceRefused."""
    if await get(connection, place.id) is not None:
        return False
    await connection.alone("the tree of places")  # the parent's ancestors must not change meanwhile
    parent = None if place.parent is None else await get(connection, place.parent)
    if parent is None or parent.kind not in UNDER.get(place.kind, ()):
        raise PlaceRefused(f"{place.id}: a {place.kind} does not stand under {place.parent}")
    await connection.execute(
        insert(connection, places)
        .values(
            id=place.id,
            kind=place.kind.value,
            parent=place.parent,
            names=place.names.model_dump_json(by_alias=True),
            added_at=now,
        )
        .on_conflict_do_nothing()
    )
    above = select(place_ancestors.c.ancestor).where(place_ancestors.c.place == place.parent)
    ancestors = [place.id, *(await connection.execute(above)).scalars()]
    await connection.execute(
        insert(connection, place_ancestors).on_conflict_do_nothing(),
        [{"place": place.id, "ancestor": ancestor} for ancestor in ancestors],
    )
    return True


async def plant_community(
    connection: Connection, community: str, now: datetime, first_name: Texts | None = None
) -> None:
    """Add a community under the top unless it exists: the first one named `first_name`, others by their id."""
    names = Texts.model_validate({"zh-Hans": community, "zh-Hant": community, "en": community})
    communities = select(places.c.id).where(places.c.kind == PlaceKind.community.value).limit(1)
    if first_name is not None and (await connection.execute(communities)).first() is None:
        names = first_name
    await plant(connection, Place(community, PlaceKind.community, TOP, names), now)


async def rename(connection: Connection, place: str, names: Texts) -> None:
    await connection.execute(
        update(places).where(places.c.id == place).values(names=names.model_dump_json(by_alias=True))
    )


async def move(connection: Connection, place: Place, parent: str) -> None:
    """Move the place with everything below it. Raises PlaceRefused."""
    await connection.alone("the tree of places")
    new = await get(connection, parent)
    if new is None or new.kind not in UNDER.get(place.kind, ()):
        raise PlaceRefused(f"{place.id}: a {place.kind} does not stand under {parent}")
    # A kind is never under its own kind, so no cycle is possible.
    below = [row.id for row in await every(connection, {place.id})]
    inside = select(place_ancestors.c.ancestor).where(place_ancestors.c.place == place.id)
    above = {*(await connection.execute(inside)).scalars()} - {place.id}
    await connection.execute(
        delete(place_ancestors).where(place_ancestors.c.place.in_(below), place_ancestors.c.ancestor.in_(above))
    )
    added = [{"place": each, "ancestor": over} for each in below for over in await ancestors(connection, parent)]
    await connection.execute(place_ancestors.insert(), added)
    await connection.execute(update(places).where(places.c.id == place.id).values(parent=parent))


async def get(connection: Connection, place: str) -> Place | None:
    found = (await connection.execute(PLACES.where(places.c.id == place))).one_or_none()
    return None if found is None else place_of(found)


async def every(connection: Connection, tops: Collection[str], kind: PlaceKind | None = None) -> tuple[Place, ...]:
    """Return the places at and below `tops`, by id; `kind`: only of this kind."""
    wanted = PLACES.where(within(places.c.id, tops)).order_by(places.c.id)
    if kind is not None:
        wanted = wanted.where(places.c.kind == kind.value)
    return tuple(place_of(row) for row in await connection.execute(wanted))


async def ancestors(connection: Connection, place: str) -> frozenset[str]:
    """Return the place and all above it; empty for an unknown place."""
    above = select(place_ancestors.c.ancestor).where(place_ancestors.c.place == place)
    return frozenset((await connection.execute(above)).scalars())


async def above(connection: Connection, of: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return each place with all above it, nearest first."""
    below = place_ancestors.alias()
    height = select(below.c.place, func.count().label("height")).group_by(below.c.place).subquery()
    found: dict[str, list[str]] = {}
    wanted = sorted(of)
    for start in range(0, len(wanted), 500):
        statement = (
            select(place_ancestors.c.place, place_ancestors.c.ancestor)
            .join(height, height.c.place == place_ancestors.c.ancestor)
            .where(place_ancestors.c.place.in_(wanted[start : start + 500]))
            .order_by(height.c.height.desc())
        )
        for place, ancestor in await connection.execute(statement):
            found.setdefault(place, []).append(ancestor)
    return {place: tuple(line) for place, line in found.items()}


async def communities(connection: Connection, tops: Collection[str]) -> tuple[str, ...] | None:
    """Return the communities at and below `tops`, by id; None for all."""
    if TOP in tops:
        return None
    below = select(place_ancestors.c.place).where(place_ancestors.c.ancestor.in_(tops))
    statement = select(places.c.id).where(places.c.kind == PlaceKind.community.value, places.c.id.in_(below))
    return tuple((await connection.execute(statement.order_by(places.c.id))).scalars())


async def communities_of(connection: Connection, of: Collection[str]) -> dict[str, str]:
    """Return the community that contains each place, or the place itself if it is above communities."""
    found = {place: place for place in of}
    wanted = sorted(of)
    for start in range(0, len(wanted), 500):
        above = select(place_ancestors.c.place, places.c.id).join(places, places.c.id == place_ancestors.c.ancestor)
        some = place_ancestors.c.place.in_(wanted[start : start + 500])
        rows = await connection.execute(above.where(some, places.c.kind == PlaceKind.community.value))
        found |= {place: community for place, community in rows}
    return found


async def only_community(connection: Connection) -> str | None:
    """Return the only community; None if there is none or more than one."""
    found = select(places.c.id).where(places.c.kind == PlaceKind.community.value).limit(2)
    known = (await connection.execute(found)).scalars().all()
    return known[0] if len(known) == 1 else None


def within(column: ColumnElement[Any], tops: Collection[str]) -> ColumnElement[bool]:
    """Return a condition: the column names a place at or below one of `tops`."""
    return column.in_(select(place_ancestors.c.place).where(place_ancestors.c.ancestor.in_(tops)))


def place_of(row: Any) -> Place:  # noqa: ANN401  (a row)
    return Place(row.id, PlaceKind(row.kind), row.parent, Texts.model_validate_json(row.names))


PLACES = select(places.c.id, places.c.kind, places.c.parent, places.c.names)
