"""Delete gifts that began on a phone's page and were never paid."""

from datetime import datetime, timedelta
from functools import partial

from central_server.store.alerts.quarantine import RecordKey, process_due
from central_server.store.donations import unpaid_gifts
from central_server.store.donations.intents import Intent
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database

STORED_FOR = timedelta(days=365)
"""Long after the last day on which a bank's file can contain a late payment."""


async def delete_unpaid(database: Database, now: datetime) -> int:
    """Delete all old unpaid gifts with their attempts; return their number.

    One that a bank, a file or a member of staff refers to is left. Raises StoreUnavailable.
    """

    async def read(connection: Connection, now: datetime, skip: int) -> tuple[Intent, ...]:
        return await unpaid_gifts.page(connection, now - STORED_FOR, skip)

    return await process_due(database, read, _record_of, partial(_delete, database), now)


def _record_of(intent: Intent) -> RecordKey:
    return RecordKey("gifts", intent.id, intent.community, intent.gateway)


async def _delete(database: Database, intent: Intent, now: datetime) -> bool:
    async with database.write() as connection:
        await unpaid_gifts.remove(connection, intent)
    return True
