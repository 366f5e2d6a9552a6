"""Delete scans of the screen's code after 90 days; the grade of the evidence stays in the service record."""

from datetime import datetime

from central_server.store.engine.database import Database
from volunteering.store import attendances
from volunteering.store.claims import RECENT

_AT_ONCE = 2000


async def forget_scans(database: Database, now: datetime) -> None:
    """Delete in parts, so that no phone waits for a long write."""
    deleted = _AT_ONCE
    while deleted == _AT_ONCE:
        async with database.write() as connection:
            deleted = await attendances.forget(connection, now - RECENT, _AT_ONCE)
