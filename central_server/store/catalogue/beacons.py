"""Store the beacons that staff entered."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, literal, or_, select, tuple_

from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacons
from central_server.store.places.places import within
from central_server.store.statistics.beacon_activity import has_status
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

PAGE = 100


@dataclass(frozen=True, slots=True)
class StoredBeacon:
    """`gateway`: the one that advertises it, None for a separate device. `groups`: names without spaces."""

    id: str
    place: str
    beacon: BeaconId
    kind: BeaconKind
    label: str
    measured_power: int
    tag_class: str
    gateway: str | None
    groups: tuple[str, ...]
    comment: str
    edited_at: datetime
    edited_by: str
    revision: int = 0


@dataclass(frozen=True, slots=True)
class BeaconFilter:
    """At and below `tops`, and what applies there from above; empty fields do not filter.

    `place`: at and below it. `status`: a BeaconStatus of place beacons at `now`. `shared`: another place has the
    same identity.
    """

    tops: Collection[str]
    words: str = ""
    group: str = ""
    kind: str = ""
    place: str = ""
    status: str = ""
    shared: bool = False
    now: datetime | None = None


async def get(connection: Connection, id_: str) -> StoredBeacon | None:
    found = (await connection.execute(_ROWS.where(beacons.c.id == id_))).one_or_none()
    return None if found is None else _read(found)


async def page(
    connection: Connection, wanted: BeaconFilter, after: str = "", limit: int | None = PAGE
) -> tuple[StoredBeacon, ...]:
    """Order by identity. `after`: the id of the last one shown."""
    chosen = _ROWS.where(versioned_rows.visible(beacons.c.place, wanted.tops))
    if wanted.words:
        chosen = chosen.where(
            or_(
                beacons.c.label.icontains(wanted.words, autoescape=True),
                beacons.c.comment.icontains(wanted.words, autoescape=True),
                beacons.c.uuid.icontains(wanted.words, autoescape=True),
            )
        )
    if wanted.group:
        chosen = chosen.where(beacons.c.groups.contains(f" {wanted.group} ", autoescape=True))
    if wanted.kind:
        chosen = chosen.where(beacons.c.kind == wanted.kind)
    if wanted.place:
        chosen = chosen.where(within(beacons.c.place, [wanted.place]))
    if wanted.status and wanted.now is not None:
        chosen = chosen.where(
            beacons.c.kind == BeaconKind.place.value, has_status(beacons.c, wanted.status, wanted.now)
        )
    if wanted.shared:
        chosen = chosen.where(_elsewhere())
    if after and (last := await get(connection, after)) is not None:
        seen = (str(last.beacon.uuid), last.beacon.major, last.beacon.minor, last.id)
        chosen = chosen.where(tuple_(*_ORDER) > tuple_(*(literal(value) for value in seen)))
    chosen = chosen.order_by(*_ORDER)
    return tuple(_read(row) for row in await connection.execute(chosen if limit is None else chosen.limit(limit)))


async def by_id(
    connection: Connection, tops: Collection[str], after: str | None, limit: int
) -> tuple[StoredBeacon, ...]:
    """Return those at and below `tops` and those that apply there from above, by id, from the one after `after`."""
    wanted = _ROWS.where(versioned_rows.visible(beacons.c.place, tops))
    if after is not None:
        wanted = wanted.where(beacons.c.id > after)
    return tuple(_read(row) for row in await connection.execute(wanted.order_by(beacons.c.id).limit(limit)))


async def concerning(connection: Connection, community: str) -> tuple[StoredBeacon, ...]:
    """Return the beacons for the community's gateways; of two with one identity, the one of the nearer place."""
    wanted = _ROWS.where(versioned_rows.concerns(beacons.c.place, community))
    rows = await connection.execute(wanted.order_by(versioned_rows.height(beacons.c.place).desc(), *_ORDER))
    nearest: dict[BeaconId, StoredBeacon] = {}
    for row in rows:
        beacon = _read(row)
        nearest.setdefault(beacon.beacon, beacon)
    return tuple(sorted(nearest.values(), key=lambda one: one.beacon))


async def same(connection: Connection, wanted: Iterable[BeaconId]) -> tuple[StoredBeacon, ...]:
    """Return all records with one of these identities, of any place."""
    chosen = [_is(beacon) for beacon in wanted]
    return tuple(_read(row) for row in await connection.execute(_ROWS.where(or_(*chosen)))) if chosen else ()


async def doubled(connection: Connection) -> tuple[StoredBeacon, ...]:
    """Return those whose identity another place has too."""
    rows = await connection.execute(_ROWS.where(_elsewhere()))
    return tuple(_read(row) for row in rows)


async def groups(connection: Connection, tops: Collection[str]) -> tuple[str, ...]:
    """Return the names of all groups, sorted."""
    rows = select(beacons.c.groups).distinct().where(versioned_rows.visible(beacons.c.place, tops))
    return tuple(sorted({word for row in await connection.execute(rows) for word in row[0].split()}))


async def groups_at(connection: Connection, place: str) -> frozenset[str]:
    """Return the groups of the beacons that concern `place`."""
    rows = select(beacons.c.groups).distinct().where(versioned_rows.concerns(beacons.c.place, place))
    return frozenset(word for row in await connection.execute(rows) for word in row[0].split())


async def taken_by_major(connection: Connection, uuid: UUID) -> dict[int, int]:
    """Return how many minors of each major are in use."""
    rows = select(beacons.c.major, func.count(func.distinct(beacons.c.minor))).where(beacons.c.uuid == str(uuid))
    return {row[0]: row[1] for row in await connection.execute(rows.group_by(beacons.c.major))}


async def minors(connection: Connection, uuid: UUID, major: int) -> set[int]:
    rows = select(beacons.c.minor).where(beacons.c.uuid == str(uuid), beacons.c.major == major)
    return set((await connection.execute(rows)).scalars())


async def save(connection: Connection, beacon: StoredBeacon, read: int) -> bool:
    """`read`: the revision that was read, 0 for a new one. Return False if another edit was first."""
    values = {name: getattr(beacon, name) for name in beacon.__slots__ if name not in ("id", "beacon", "revision")}
    values |= {"uuid": str(beacon.beacon.uuid), "major": beacon.beacon.major, "minor": beacon.beacon.minor}
    values |= {"kind": beacon.kind.value, "groups": f" {' '.join(beacon.groups)} " if beacon.groups else ""}
    return await versioned_rows.save(connection, beacons, {"id": beacon.id}, values, read)


async def remove(connection: Connection, beacon: StoredBeacon) -> bool:
    """Return False if it was edited meanwhile."""
    return await versioned_rows.remove(connection, beacons, beacon.id, beacon.revision)


def _elsewhere() -> Any:  # noqa: ANN401  (a condition)
    """Return a condition: another place has the same identity."""
    other = beacons.alias()
    mine, theirs = beacons.c, other.c
    same = (theirs.uuid == mine.uuid, theirs.major == mine.major, theirs.minor == mine.minor)
    return select(theirs.id).where(*same, theirs.place != mine.place).exists()


def _is(beacon: BeaconId) -> Any:  # noqa: ANN401  (a condition)
    return and_(beacons.c.uuid == str(beacon.uuid), beacons.c.major == beacon.major, beacons.c.minor == beacon.minor)


def _read(row: Any) -> StoredBeacon:  # noqa: ANN401  (a row)
    fields = dict(row._mapping)
    identity = BeaconId(UUID(fields.pop("uuid")), fields.pop("major"), fields.pop("minor"))
    kind, groups = BeaconKind(row.kind), tuple(row.groups.split())
    return StoredBeacon(**fields | {"beacon": identity, "kind": kind, "groups": groups})


_ROWS = select(beacons)
_ORDER = (beacons.c.uuid, beacons.c.major, beacons.c.minor, beacons.c.id)
