"""Suspicious requests in the name of a gateway: one row for each kind and gateway, with a counter."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import case, delete, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import rejected_requests
from central_server.store.engine.upsert import insert

QUIET = timedelta(days=1)
"""After this time without another one it is over, and the next one starts a new count."""


class Noticed(StrEnum):
    unknown_gateway = "unknown_gateway"
    """Signed by a gateway that was never registered here."""
    wrong_signature = "wrong_signature"
    """Signed in the name of a registered one, but not with its key."""
    report_replayed = "report_replayed"
    """A report in the name of the gateway is not newer than its last one."""
    code_used = "code_used"
    """A used code was sent by another device."""
    catalogue_older = "catalogue_older"
    """The gateway reports that it received a catalogue older than its own."""


@dataclass(frozen=True, slots=True)
class RejectedParcel:
    """`gateway`: the one that was named; empty for an unknown one. `since`: of the first, without a day between two."""

    what: str
    gateway: str
    since: datetime
    last_at: datetime
    times: int


async def note(connection: Connection, what: Noticed, gateway: str, times: int, now: datetime) -> None:
    expired = rejected_requests.c.last_at < now - QUIET
    fresh = insert(connection, rejected_requests).values(
        what=what.value, gateway=gateway, since=now, last_at=now, times=times
    )
    new, table = fresh.excluded, rejected_requests.c
    added = {
        "since": case((expired, new.since), else_=table.since),
        "times": case((expired, new.times), else_=table.times + new.times),
        "last_at": new.last_at,
    }
    await connection.execute(fresh.on_conflict_do_update(index_elements=[table.what, table.gateway], set_=added))


async def lately(connection: Connection, now: datetime, gateway: str | None = None) -> tuple[RejectedParcel, ...]:
    """Return what is not over yet; `gateway`: of that one only."""
    columns = rejected_requests.c
    statement = select(columns.what, columns.gateway, columns.since, columns.last_at, columns.times)
    statement = statement.where(columns.last_at >= now - QUIET).order_by(columns.what, columns.gateway)
    if gateway is not None:
        statement = statement.where(columns.gateway == gateway)
    return tuple(RejectedParcel(*row) for row in await connection.execute(statement))


async def clear(connection: Connection, gateway: str) -> None:
    """Delete the gateway's rows: staff had a device enrolled again."""
    await connection.execute(delete(rejected_requests).where(rejected_requests.c.gateway == gateway))
