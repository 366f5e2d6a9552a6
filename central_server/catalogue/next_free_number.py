"""Find the next major and minor of a uuid that are neither entered nor advertised by a gateway."""

from datetime import datetime
from uuid import UUID

from central_server.catalogue.identity_ownership import IN_USE_FOR
from central_server.store.catalogue import beacons
from central_server.store.engine.connection import Connection
from central_server.store.statistics import beacon_activity
from sync_contract.beacon_identity import BeaconId

_ALL = 65536


async def next_free(connection: Connection, uuid: UUID, now: datetime) -> BeaconId | None:
    """Search the highest major in use first, from minor 1. Return None if the uuid is full."""
    taken = await beacons.taken_by_major(connection, uuid)
    newest = max(taken, default=1)
    rest = (major for major in (*range(newest, _ALL), *range(newest)) if taken.get(major, 0) < _ALL)
    major = next(rest, None)
    if major is None:
        return None
    used = await beacons.minors(connection, uuid, major) | await beacon_activity.sent_minors(
        connection, uuid, major, now - IN_USE_FOR
    )
    minor = next((each for each in (*range(1, _ALL), 0) if each not in used), None)
    return None if minor is None else BeaconId(uuid, major, minor)
