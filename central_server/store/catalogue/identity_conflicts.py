"""Store who requested a beacon identity that another community owns, so that its staff can be notified."""

from collections import defaultdict
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import identity_requests
from central_server.store.engine.upsert import insert
from sync_contract.beacon_identity import BeaconId

_LIFETIME = timedelta(days=90)


async def note(connection: Connection, beacon: BeaconId, requester: str, now: datetime) -> None:
    """`requester`: the community, or the place above communities. Repeated requests update the time."""
    key = {"uuid": str(beacon.uuid), "major": beacon.major, "minor": beacon.minor, "requester": requester}
    statement = insert(connection, identity_requests).values(**key, at=now)
    columns = [identity_requests.c[name] for name in key]
    await connection.execute(statement.on_conflict_do_update(index_elements=columns, set_={"at": now}))
    await connection.execute(delete(identity_requests).where(identity_requests.c.at < now - _LIFETIME))


async def since(connection: Connection, at: datetime) -> dict[BeaconId, dict[str, datetime]]:
    """Return, by identity, who requested it and when last."""
    found: dict[BeaconId, dict[str, datetime]] = defaultdict(dict)
    for row in await connection.execute(select(identity_requests).where(identity_requests.c.at >= at)):
        found[BeaconId(UUID(row.uuid), row.major, row.minor)][row.requester] = row.at
    return found
