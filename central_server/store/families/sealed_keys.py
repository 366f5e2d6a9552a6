"""Count the sealed data of donors, giving units, households and their sheets by the key that opens them."""

from sqlalchemy import func, select, union_all

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import help_sheets, households, receipt_donors, remittances, thanks


async def counts(connection: Connection) -> dict[str, int]:
    """Return by key fingerprint how many people's data only that key opens."""
    sealed = union_all(
        *(select(table.c.key) for table in (receipt_donors, households, help_sheets, remittances, thanks))
    ).subquery()
    statement = select(sealed.c.key, func.count()).where(sealed.c.key.is_not(None)).group_by(sealed.c.key)
    return {key: count for key, count in await connection.execute(statement)}
