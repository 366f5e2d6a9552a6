"""Which process does a periodic work: whoever holds its lease, until it runs out or is given back."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.tables import leases
from central_server.store.engine.upsert import insert


class Lease:
    """One process's hold on a work for `lasts`, prolonged when half of it is over."""

    def __init__(
        self, database: Database, name: str, holder: str, begun: datetime, lasts: timedelta = timedelta(seconds=30)
    ) -> None:
        self._database = database
        self._name = name
        self._holder = holder
        self._until = begun
        self._lasts = lasts

    async def held(self, now: datetime) -> bool:
        """Whether this process is to do the work now. Raises StoreUnavailable."""
        if now > self._until - self._lasts / 2:
            async with self._database.write() as connection:
                if await take(connection, self._name, self._holder, now, now + self._lasts):
                    self._until = now + self._lasts
        return now < self._until


async def take(connection: Connection, name: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take or prolong. False while another process holds it."""
    statement = insert(connection, leases).values(name=name, holder=holder, until=until)
    statement = statement.on_conflict_do_update(
        index_elements=[leases.c.name],
        set_={"holder": holder, "until": until},
        where=or_(leases.c.holder == holder, leases.c.until <= now),
    )
    return bool((await connection.execute(statement)).rowcount)


async def give_back(connection: Connection, holder: str) -> None:
    await connection.execute(delete(leases).where(leases.c.holder == holder))
