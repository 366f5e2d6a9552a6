"""Store when gateways heard or advertised place beacons. Nothing is stored of a person's tag."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, and_, false, func, or_, select, type_coerce

from central_server.store.engine import bulk_insert
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import beacon_activity, beacons, gateways, place_ancestors
from central_server.store.engine.timestamps import micros
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
    connection: Connection, reports: Iterable[tuple[str, str, datetime, BeaconStatistics]]
) -> None:
    """Store the newest activity of each place beacon and each advert.

    `reports`: gateway, community, start and content of each.
    """
    rows = await asyncio.to_thread(_newest, reports)  # hundreds of beacons in each report
    await bulk_insert.add(connection, beacon_activity, _COLUMNS, rows, _ON_KNOWN)


_COLUMNS = (
    *("gateway", "uuid", "major", "minor"),
    *("community", "first_at", "last_at", "reported_at", "advertised"),
)
_ON_KNOWN = """(gateway, uuid, major, minor) DO UPDATE SET
    community = excluded.community,
    first_at = CASE WHEN beacon_activity.first_at <= excluded.first_at OR excluded.first_at IS NULL
        THEN beacon_activity.first_at ELSE excluded.first_at END,
    last_at = CASE WHEN beacon_activity.last_at >= excluded.last_at OR excluded.last_at IS NULL
        THEN beacon_activity.last_at ELSE excluded.last_at END,
    reported_at = CASE WHEN beacon_activity.reported_at >= excluded.reported_at
        THEN beacon_activity.reported_at ELSE excluded.reported_at END,
    advertised = excluded.advertised"""


@dataclass(slots=True)
class _Reported:
    """What some reports of a gateway state about a beacon. `active`: when it was heard or advertised."""

    community: str
    reported: list[datetime] = field(default_factory=list)
    active: list[datetime] = field(default_factory=list)
    advertised: bool = False


def _newest(reports: Iterable[tuple[str, str, datetime, BeaconStatistics]]) -> list[tuple[object, ...]]:
    """Return the rows by gateway and beacon."""
    found: dict[tuple[str, BeaconId], _Reported] = {}
    for gateway, community, began, report in reports:
        at = began + timedelta(seconds=report.seconds)
        for beacon, count, advertised in (
            *((place.beacon, place.frames, False) for place in report.places),
            *((advert.beacon, advert.seconds, True) for advert in report.advertised),
        ):
            row = found.get((gateway, beacon))
            if row is None:
                row = found[gateway, beacon] = _Reported(community)
            row.reported.append(at)
            row.advertised = row.advertised or advertised
            if count > 0:
                row.active.append(at)
    return [
        (
            *(gateway, str(beacon.uuid), beacon.major, beacon.minor, row.community),
            *(min(row.active, default=None), max(row.active, default=None), max(row.reported), row.advertised),
        )
        for (gateway, beacon), row in found.items()
    ]


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
