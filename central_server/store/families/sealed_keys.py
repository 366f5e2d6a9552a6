"""Count the sealed data of donors and households by the key that opens them."""

from sqlalchemy import func, select, union_all

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import households, receipt_donors


async def counts(connection: Connection) -> dict[str, int]:
    """Return by key fingerprint how many people's data only that key opens."""
    sealed = union_all(select(receipt_donors.c.key), select(households.c.key)).subquery()
    statement = select(sealed.c.key, func.count()).group_by(sealed.c.key)
    return {key: count for key, count in await connection.execute(statement)}
