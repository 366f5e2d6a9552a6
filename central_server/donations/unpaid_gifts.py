"""Delete gifts that began on a phone's page and were never paid."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from central_server.store.alerts.quarantine import RecordKey, process_together
from central_server.store.donations import unpaid_gifts
from central_server.store.engine.database import Database

STORED_FOR = timedelta(days=365)
"""Long after the last day on which a bank's file can contain a late payment."""
_SLICE = 30
"""In one transaction: on SQLite a write locks out every other process."""
_JOB = "gifts"


async def delete_unpaid(database: Database, now: datetime) -> int:
    """Delete a slice of the oldest unpaid gifts with their attempts; return the size of the slice.

    One that a bank, a file or a member of staff refers to is left. Raises StoreUnavailable.
    """
    async with database.read() as connection:
        old = await unpaid_gifts.page(connection, now - STORED_FOR, _SLICE)
    found = {RecordKey(_JOB, intent.id, intent.community, intent.gateway): intent for intent in old}

    async def delete(keys: Sequence[RecordKey]) -> None:
        async with database.write() as connection:
            for key in keys:
                await unpaid_gifts.remove(connection, found[key])

    return len(found) if await process_together(database, list(found), delete, now) else 0
