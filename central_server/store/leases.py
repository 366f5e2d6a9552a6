"""Which process does a periodic work: whoever holds its lease, until it runs out or is given back."""

from datetime import datetime

from sqlalchemy import delete, or_

from central_server.store.connection import Connection
from central_server.store.tables import leases
from central_server.store.upsert import insert


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
