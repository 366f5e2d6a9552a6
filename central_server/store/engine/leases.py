"""Leases: of several server processes, one does each periodic job until its lease expires or is given back."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.tables import leases
from central_server.store.engine.upsert import insert


class Lease:
    """One process's lease of a job for `lasts`; it is extended when half of it is over."""

    def __init__(
        self, database: Database, name: str, holder: str, started_at: datetime, lasts: timedelta = timedelta(seconds=30)
    ) -> None:
        self._database = database
        self._name = name
        self._holder = holder
        self._until = started_at
        self._lasts = lasts

    async def is_ours(self, now: datetime) -> bool:
        """Return whether this process does the job now. Raises StoreUnavailable."""
        if now > self._until - self._lasts / 2:
            async with self._database.write() as connection:
                if await take(connection, self._name, self._holder, now, now + self._lasts):
                    self._until = now + self._lasts
        return now < self._until


async def take(connection: Connection, name: str, holder: str, now: datetime, until: datetime) -> bool:
    """Take or extend a lease. Return False while another process holds it."""
    statement = insert(connection, leases).values(name=name, holder=holder, until=until)
    statement = statement.on_conflict_do_update(
        index_elements=[leases.c.name],
        set_={"holder": holder, "until": until},
        where=or_(leases.c.holder == holder, leases.c.until <= now),
    )
    return bool((await connection.execute(statement)).rowcount)


async def give_back(connection: Connection, holder: str) -> None:
    await connection.execute(delete(leases).where(leases.c.holder == holder))
