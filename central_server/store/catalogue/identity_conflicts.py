"""Who wanted a beacon's numbers that another community has: its staff are told, for a while."""

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import identity_wishes
from central_server.store.engine.upsert import insert
from sync_contract.beacon_identity import BeaconId

_KEPT = timedelta(days=90)


async def note(connection: Connection, beacon: BeaconId, wisher: str, now: datetime) -> None:
    """`wisher`: the community, or the place above communities. Again and again is once, the last time."""
    key = {"uuid": str(beacon.uuid), "major": beacon.major, "minor": beacon.minor, "wisher": wisher}
    statement = insert(connection, identity_wishes).values(**key, at=now)
    columns = [identity_wishes.c[name] for name in key]
    await connection.execute(statement.on_conflict_do_update(index_elements=columns, set_={"at": now}))
    await connection.execute(delete(identity_wishes).where(identity_wishes.c.at < now - _KEPT))


async def since(connection: Connection, at: datetime) -> dict[BeaconId, dict[str, datetime]]:
    """By identity who wanted it, and when last."""
    found: dict[BeaconId, dict[str, datetime]] = defaultdict(dict)
    for row in await connection.execute(select(identity_wishes).where(identity_wishes.c.at >= at)):
        found[BeaconId(UUID(row.uuid), row.major, row.minor)][row.wisher] = row.at
    return found
