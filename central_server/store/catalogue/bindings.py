"""Store which project a beacon, a group of beacons or every place beacon brings, and when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, literal, or_, select, tuple_

from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacons, bindings, projects
from central_server.store.places.places import within
from sync_contract.beacon_identity import BeaconId

PAGE = 100


class Target(StrEnum):
    beacon = "beacon"
    group = "group"
    every = "every"
    """Every place beacon."""


@dataclass(frozen=True, slots=True)
class StoredBinding:
    """`beacon`, `group`: depend on the target. `hours`: `HH:MM-HH:MM`; `weekdays`: 1 Monday to 7 Sunday."""

    id: str
    place: str
    target: Target
    beacon: BeaconId | None
    group: str
    project: str
    priority: int
    hours: tuple[str, ...]
    weekdays: tuple[int, ...]
    since: date | None
    until: date | None
    zone: str
    while_needed: bool
    edited_at: datetime
    edited_by: str
    revision: int = 0


@dataclass(frozen=True, slots=True)
class BindingFilter:
    """At and below `tops`, and what applies there from above; empty fields do not filter.

    `words`: in the project's id or title, the group, or the beacon's label. `place`: at and below it.
    """

    tops: Collection[str]
    words: str = ""
    target: str = ""
    place: str = ""


async def get(connection: Connection, id_: str) -> StoredBinding | None:
    found = (await connection.execute(_ROWS.where(bindings.c.id == id_))).one_or_none()
    return None if found is None else _read(found)


async def every(connection: Connection, tops: Collection[str]) -> tuple[StoredBinding, ...]:
    """Return those at and below `tops` and those that apply there from above."""
    wanted = _ROWS.where(versioned_rows.visible(bindings.c.place, tops))
    ordered = wanted.order_by(bindings.c.place, bindings.c.project, bindings.c.priority.desc(), bindings.c.id)
    return tuple(_read(row) for row in await connection.execute(ordered))


async def page(
    connection: Connection, wanted: BindingFilter, after: str = "", limit: int = PAGE
) -> tuple[StoredBinding, ...]:
    """Order by place, project and priority. `after`: the id of the last one shown."""
    chosen = _ROWS.where(versioned_rows.visible(bindings.c.place, wanted.tops))
    if wanted.words:
        chosen = chosen.where(_contains(wanted))
    if wanted.target:
        chosen = chosen.where(bindings.c.target == wanted.target)
    if wanted.place:
        chosen = chosen.where(within(bindings.c.place, [wanted.place]))
    if after and (last := await get(connection, after)) is not None:
        seen = (last.place, last.project, -last.priority, last.id)
        chosen = chosen.where(tuple_(*_ORDER) > tuple_(*(literal(value) for value in seen)))
    return tuple(_read(row) for row in await connection.execute(chosen.order_by(*_ORDER).limit(limit)))


def _contains(wanted: BindingFilter) -> ColumnElement[bool]:
    mine = bindings.c
    titled = select(projects.c.id).where(
        versioned_rows.visible(projects.c.place, wanted.tops), projects.c.title.icontains(wanted.words, autoescape=True)
    )
    labelled = select(beacons.c.id).where(
        versioned_rows.visible(beacons.c.place, wanted.tops),
        beacons.c.label.icontains(wanted.words, autoescape=True),
        beacons.c.uuid == mine.uuid,
        beacons.c.major == mine.major,
        beacons.c.minor == mine.minor,
    )
    return or_(
        mine.project.icontains(wanted.words, autoescape=True),
        mine.in_group.icontains(wanted.words, autoescape=True),
        mine.project.in_(titled),
        labelled.exists(),
    )


async def by_id(
    connection: Connection, tops: Collection[str], after: str | None, limit: int
) -> tuple[StoredBinding, ...]:
    """Return those of `every` in order of id, from the one after `after`."""
    wanted = _ROWS.where(versioned_rows.visible(bindings.c.place, tops))
    if after is not None:
        wanted = wanted.where(bindings.c.id > after)
    return tuple(_read(row) for row in await connection.execute(wanted.order_by(bindings.c.id).limit(limit)))


async def holding(connection: Connection, place: str) -> tuple[StoredBinding, ...]:
    """Return those that apply at `place`, nearest and then oldest first; of equal ones the first counts."""
    wanted = _ROWS.where(versioned_rows.holds_at(bindings.c.place, place))
    rows = await connection.execute(wanted.order_by(versioned_rows.height(bindings.c.place).desc(), bindings.c.id))
    return tuple(_read(row) for row in rows)


async def save(connection: Connection, binding: StoredBinding, read: int) -> bool:
    """`read`: the revision that was read, 0 for a new one. Return False if another edit was first."""
    renamed = ("id", "beacon", "group", "revision")
    values = {name: getattr(binding, name) for name in binding.__slots__ if name not in renamed}
    values |= {name: getattr(binding.beacon, name, None) for name in ("major", "minor")}
    values |= {
        "target": binding.target.value,
        "uuid": str(binding.beacon.uuid) if binding.beacon else None,
        "in_group": binding.group,
        "hours": " ".join(binding.hours),
        "weekdays": "".join(map(str, binding.weekdays)),
    }
    return await versioned_rows.save(connection, bindings, {"id": binding.id}, values, read)


async def remove(connection: Connection, binding: StoredBinding) -> bool:
    """Return False if it was edited meanwhile."""
    return await versioned_rows.remove(connection, bindings, binding.id, binding.revision)


def _read(row: Any) -> StoredBinding:  # noqa: ANN401  (a row)
    fields = dict(row._mapping)
    target = Target(row.target)
    uuid, major, minor, group = (fields.pop(name) for name in ("uuid", "major", "minor", "in_group"))
    return StoredBinding(
        **fields
        | {
            "target": target,
            "beacon": BeaconId(UUID(uuid), major, minor) if target is Target.beacon else None,
            "group": group,
            "hours": tuple(row.hours.split()),
            "weekdays": tuple(map(int, row.weekdays)),
        }
    )


_ROWS = select(bindings)
_ORDER = (bindings.c.place, bindings.c.project, -bindings.c.priority, bindings.c.id)
