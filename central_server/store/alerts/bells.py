"""The bells that residents rang for staff at kiosks. A row is added once by its parcel, and answered once."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all
from central_server.store.engine.tables import bells
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class Bell:
    """`rang_at`: as far as the gateway's clock could be trusted. `received_at`: by our clock."""

    gateway: str
    parcel: str
    community: str
    environment: str
    rang_at: datetime
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Ringing:
    """The bells of one kiosk that nobody has answered."""

    gateway: str
    community: str
    times: int
    first_at: datetime
    last_at: datetime


_BELL = columns_of(bells, Bell)


async def add(connection: Connection, bell: Bell) -> None:
    """A bell that is stored already stays as it is."""
    await connection.execute(insert(connection, bells).values(asdict(bell)).on_conflict_do_nothing())


async def ringing(connection: Connection, tops: Collection[str], environment: str) -> tuple[Ringing, ...]:
    """Return the kiosks at and below `tops` whose bells wait, the longest wait first."""
    first, last = func.min(bells.c.rang_at).label("first_at"), func.max(bells.c.rang_at).label("last_at")
    times = func.count().label("times")
    wanted = select(bells.c.gateway, bells.c.community, times, first, last).where(
        within(bells.c.community, tops), bells.c.environment == environment, bells.c.answered_at.is_(None)
    )
    rows = await connection.execute(wanted.group_by(bells.c.gateway, bells.c.community).order_by(first))
    return tuple(Ringing(row.gateway, row.community, row.times, row.first_at, row.last_at) for row in rows)


async def answer(
    connection: Connection, gateway: str, tops: Collection[str], environment: str, account: str, now: datetime
) -> int:
    """Answer what one kiosk has rung; return how many bells that were."""
    waiting = (bells.c.gateway == gateway) & (bells.c.environment == environment) & bells.c.answered_at.is_(None)
    mine = update(bells).where(waiting, within(bells.c.community, tops))
    return (await connection.execute(mine.values(answered_at=now, answered_by=account))).rowcount


async def every(connection: Connection, tops: Collection[str]) -> tuple[Bell, ...]:
    """Return all bells, in order of arrival."""
    wanted = select(*_BELL).where(within(bells.c.community, tops)).order_by(bells.c.received_at, bells.c.parcel)
    return await fetch_all(connection, Bell, wanted)


async def delete_answered(connection: Connection, before: datetime) -> None:
    await connection.execute(delete(bells).where(bells.c.answered_at < before))
