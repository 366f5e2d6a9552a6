"""When beacons were heard or advertised, by which gateway. Place beacons only: nothing is kept of a person's tag."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, or_, select

from central_server.store.connection import Connection
from central_server.store.tables import beacon_activity
from central_server.store.upsert import insert
from sync_contract.beacon import BeaconId
from sync_contract.records import BeaconStatistics

ACTIVE_FOR = timedelta(minutes=15)
"""Three of the stretches that gateways report."""


class BeaconStatus(StrEnum):
    never = "never"
    """Nothing was ever heard of it."""
    activated = "activated"
    """It was heard before, and no gateway has said anything of it since."""
    active = "active"
    silent = "silent"
    """It was heard before, and a gateway that listens for it does not hear it any more."""


@dataclass(frozen=True, slots=True)
class Activity:
    """`first_at`, `last_at`: when it was heard or advertised; `reported_at`: when the gateway last said so or not."""

    gateway: str
    community: str
    beacon: BeaconId
    first_at: datetime | None
    last_at: datetime | None
    reported_at: datetime
    advertised: bool


def status(seen: Sequence[Activity], now: datetime) -> tuple[BeaconStatus, datetime | None]:
    """The status of one beacon and when it was last active, from all that gateways said of it."""
    last = max((each.last_at for each in seen if each.last_at), default=None)
    if last is None:
        return BeaconStatus.never, None
    if now - last <= ACTIVE_FOR:
        return BeaconStatus.active, last
    missed = any(each.reported_at - last > ACTIVE_FOR for each in seen)
    return (BeaconStatus.silent if missed else BeaconStatus.activated), last


async def note(connection: Connection, gateway: str, reports: Iterable[tuple[str, datetime, BeaconStatistics]]) -> None:
    """Take the newest of what a gateway's reports say of each place beacon and each advert.

    Each with the community to which it belongs and the time when it began.
    """
    rows: dict[BeaconId, dict[str, Any]] = {}
    for community, began, report in reports:
        at = began + timedelta(seconds=report.seconds)
        for place in report.places:
            _merge(rows, gateway, community, place.beacon, at, active=place.frames > 0, advertised=False)
        for advert in report.advertised:
            _merge(rows, gateway, community, advert.beacon, at, active=advert.seconds > 0, advertised=True)
    if not rows:
        return
    statement = insert(connection, beacon_activity)
    held, new = beacon_activity.c, statement.excluded
    later = or_(held.last_at.is_(None), held.last_at < new.last_at)
    statement = statement.on_conflict_do_update(
        index_elements=[held.gateway, held.uuid, held.major, held.minor],
        set_={
            "community": new.community,
            "first_at": case(
                (or_(held.first_at.is_(None), held.first_at > new.first_at), new.first_at), else_=held.first_at
            ),
            "last_at": case((and_(new.last_at.is_not(None), later), new.last_at), else_=held.last_at),
            "reported_at": case((held.reported_at < new.reported_at, new.reported_at), else_=held.reported_at),
            "advertised": new.advertised,
        },
    )
    await connection.execute(statement, [rows[beacon] for beacon in sorted(rows)])


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


async def of(connection: Connection, wanted: Iterable[BeaconId]) -> dict[BeaconId, list[Activity]]:
    """What gateways said of these beacons."""
    rows = beacon_activity.c
    chosen = [and_(rows.uuid == str(one.uuid), rows.major == one.major, rows.minor == one.minor) for one in set(wanted)]
    found: dict[BeaconId, list[Activity]] = {}
    if chosen:
        for row in await connection.execute(select(beacon_activity).where(or_(*chosen))):
            beacon = BeaconId(UUID(row.uuid), row.major, row.minor)
            entry = Activity(
                row.gateway, row.community, beacon, row.first_at, row.last_at, row.reported_at, row.advertised
            )
            found.setdefault(beacon, []).append(entry)
    return found
