"""When a community's ledger was last compared with a file of the bank."""

from datetime import datetime

from sqlalchemy import func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import place_ancestors, statements


async def at(connection: Connection, community: str, environment: str) -> datetime | None:
    """Of the files that are seen at the community or above it; None before the first."""
    above = select(place_ancestors.c.ancestor).where(place_ancestors.c.place == community)
    table = statements.c
    statement = select(func.max(table.fetched_at)).where(table.environment == environment, table.community.in_(above))
    found: datetime | None = (await connection.execute(statement)).scalar()
    return found
