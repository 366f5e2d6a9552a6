"""Store when gateways heard or advertised place beacons. Nothing is stored of a person's tag."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, case, false, func, or_, select, type_coerce
from sqlalchemy.sql.base import Executable

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacon_activity, beacons, gateways, place_ancestors
from central_server.store.engine.timestamps import micros
from central_server.store.engine.upsert import insert_in
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import BeaconStatistics

ACTIVE_FOR = timedelta(minutes=15)
"""Three reporting intervals of a gateway."""


class BeaconStatus(StrEnum):
    never = "never"
    """It was never heard."""
    activated = "activated"
    """It was heard before, and no gateway has reported on it since."""
    active = "active"
    silent = "silent"
    """It was heard before, and a gateway that listens for it no longer hears it."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What one gateway reported on one beacon.

    `first_at`, `last_at`: when it was heard or advertised; `reported_at`: the gateway's last report on it, heard or
    not; `gateway_added_at`: by the server's clock.
    """

    gateway: str
    community: str
    beacon: BeaconId
    first_at: datetime | None
    last_at: datetime | None
    reported_at: datetime
    advertised: bool
    gateway_added_at: datetime | None = None

    @property
    def known_since(self) -> datetime:
        """Return `first_at`, but not before the gateway was added."""
        first = self.first_at or self.reported_at
        return first if self.gateway_added_at is None else max(first, self.gateway_added_at)


def beacon_status(seen: Sequence[Activity], now: datetime) -> tuple[BeaconStatus, datetime | None]:
    """Return the status of one beacon and when it was last active, from what all gateways reported."""
    last = max((each.last_at for each in seen if each.last_at), default=None)
    if last is None:
        return BeaconStatus.never, None
    if now - last <= ACTIVE_FOR:
        return BeaconStatus.active, last
    missed = any(each.reported_at - last > ACTIVE_FOR for each in seen)
    return (BeaconStatus.silent if missed else BeaconStatus.activated), last


async def record_reports(
    connection: Connection, gateway: str, reports: Iterable[tuple[str, datetime, BeaconStatistics]]
) -> None:
    """Store the newest activity of each place beacon and each advert.

    `reports`: community, start and content of each.
    """
    rows = await asyncio.to_thread(_newest, gateway, reports)  # hundreds of beacons in each report
    if not rows:
        return
    await connection.execute(_record_statement(connection.dialect.name), [rows[beacon] for beacon in sorted(rows)])


@cache
def _record_statement(dialect: str) -> Executable:
    statement = insert_in(dialect, beacon_activity)
    old, new = beacon_activity.c, statement.excluded
    later = or_(old.last_at.is_(None), old.last_at < new.last_at)
    return statement.on_conflict_do_update(
        index_elements=[old.gateway, old.uuid, old.major, old.minor],
        set_={
            "community": new.community,
            "first_at": case(
                (or_(old.first_at.is_(None), old.first_at > new.first_at), new.first_at), else_=old.first_at
            ),
            "last_at": case((and_(new.last_at.is_not(None), later), new.last_at), else_=old.last_at),
            "reported_at": case((old.reported_at < new.reported_at, new.reported_at), else_=old.reported_at),
            "advertised": new.advertised,
        },
    )


def _newest(gateway: str, reports: Iterable[tuple[str, datetime, BeaconStatistics]]) -> dict[BeaconId, dict[str, Any]]:
    rows: dict[BeaconId, dict[str, Any]] = {}
    for community, began, report in reports:
        at = began + timedelta(seconds=report.seconds)
        for place in report.places:
            _merge(rows, gateway, community, place.beacon, at, active=place.frames > 0, advertised=False)
        for advert in report.advertised:
            _merge(rows, gateway, community, advert.beacon, at, active=advert.seconds > 0, advertised=True)
    return rows


def _merge(
    rows: dict[BeaconId, dict[str, Any]],
    gateway: str,
    community: str,
    beacon: BeaconId,
    at: datetime,
    *,
    active: bool,
    advertised: bool,
) -> None:
    row = rows.setdefault(
        beacon,
        {
            "gateway": gateway,
            "uuid": str(beacon.uuid),
            "major": beacon.major,
            "minor": beacon.minor,
            "community": community,
            "first_at": None,
            "last_at": None,
            "reported_at": at,
            "advertised": False,
        },
    )
    row["reported_at"] = max(row["reported_at"], at)
    row["advertised"] = row["advertised"] or advertised
    if active:
        row["first_at"] = at if row["first_at"] is None else min(row["first_at"], at)
        row["last_at"] = at if row["last_at"] is None else max(row["last_at"], at)


def has_status(beacon: Any, word: str, now: datetime) -> ColumnElement[bool]:  # noqa: ANN401  (columns of a table)
    """Return a condition: the row's beacon has this status, as in `beacon_status`. An unknown word matches none."""
    columns = beacon_activity.c
    same = _same(columns, beacon)
    last = select(func.max(type_coerce(columns.last_at, BigInteger))).where(*same).correlate_except(beacon_activity)
    fresh, last_at = micros(now - ACTIVE_FOR), last.scalar_subquery()
    missed = (
        select(columns.gateway)
        .where(*same, type_coerce(columns.reported_at, BigInteger) > last_at + ACTIVE_FOR // timedelta(microseconds=1))
        .correlate_except(beacon_activity)
        .exists()
    )
    words = {
        BeaconStatus.never: last_at.is_(None),
        BeaconStatus.active: last_at >= fresh,
        BeaconStatus.silent: and_(last_at < fresh, missed),
        BeaconStatus.activated: and_(last_at < fresh, ~missed),
    }
    return words[BeaconStatus(word)] if word in list(BeaconStatus) else false()


async def sent_twice(connection: Connection, since: datetime) -> tuple[Activity, ...]:
    """Return adverts since then that another gateway sends too, or whose beacon is entered in another community."""
    mine, other = beacon_activity.c, beacon_activity.alias()
    again = select(other.c.gateway).where(
        *_same(other.c, mine), other.c.gateway != mine.gateway, other.c.advertised, other.c.last_at >= since
    )
    above = select(place_ancestors.c.ancestor).where(place_ancestors.c.place == mine.community)
    below = select(place_ancestors.c.place).where(place_ancestors.c.ancestor == mine.community)
    elsewhere = select(beacons.c.id).where(
        *_same(beacons.c, mine), beacons.c.place.not_in(above), beacons.c.place.not_in(below)
    )
    statement = _ROWS.where(mine.advertised, mine.last_at >= since, or_(again.exists(), elsewhere.exists()))
    return tuple(_read(row) for row in await connection.execute(statement.order_by(mine.gateway, mine.uuid)))


def _same(one: Any, other: Any) -> tuple[Any, ...]:  # noqa: ANN401  (columns of two tables)
    return one.uuid == other.uuid, one.major == other.major, one.minor == other.minor


async def sent_minors(connection: Connection, uuid: UUID, major: int, since: datetime) -> set[int]:
    rows = beacon_activity.c
    sent = (rows.uuid == str(uuid), rows.major == major, rows.advertised, rows.last_at >= since)
    return set((await connection.execute(select(rows.minor).where(*sent))).scalars())


async def of_beacons(connection: Connection, wanted: Iterable[BeaconId]) -> dict[BeaconId, list[Activity]]:
    rows = beacon_activity.c
    chosen = [and_(rows.uuid == str(one.uuid), rows.major == one.major, rows.minor == one.minor) for one in set(wanted)]
    found: dict[BeaconId, list[Activity]] = {}
    if chosen:
        for row in await connection.execute(_ROWS.where(or_(*chosen))):
            entry = _read(row)
            found.setdefault(entry.beacon, []).append(entry)
    return found


def _read(row: Any) -> Activity:  # noqa: ANN401  (a row)
    beacon = BeaconId(UUID(row.uuid), row.major, row.minor)
    times = (row.first_at, row.last_at, row.reported_at)
    return Activity(row.gateway, row.community, beacon, *times, row.advertised, row.added_at)


_ROWS = select(beacon_activity, gateways.c.added_at).join(gateways, gateways.c.id == beacon_activity.c.gateway)
