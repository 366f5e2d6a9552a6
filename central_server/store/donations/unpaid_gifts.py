"""Find and delete gifts that began on a phone's page and were never paid."""

from datetime import datetime

from sqlalchemy import and_, delete, exists, literal_column, or_, select

from central_server.store.donations.intents import Intent
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all
from central_server.store.engine.tables import (
    attempts,
    differences,
    intents,
    notifications,
    refunds,
    state_changes,
    statement_rows,
)

_REFERRING = (notifications, statement_rows, differences, refunds)


async def page(connection: Connection, before: datetime, skip: int, limit: int = 100) -> tuple[Intent, ...]:
    """Return at most `limit` after the first `skip`, oldest first, of those that began before that time.

    Without those that a bank, a file or staff refer to.
    """
    of_intent = and_(attempts.c.gateway == intents.c.gateway, attempts.c.intent == intents.c.id)
    referred = or_(*(exists().where(table.c.attempt == attempts.c.id) for table in _REFERRING))
    open_or_paid = or_(
        attempts.c.next_query_at.is_not(None), attempts.c.paid_at.is_not(None), attempts.c.evidence != ""
    )
    statement = (
        select(*columns_of(intents, Intent))
        # The literals let the databases use the partial index.
        .where(intents.c.first_seen_in == literal_column("'page'"), intents.c.slip == literal_column("''"))
        .where(intents.c.first_seen_at < before, ~exists().where(of_intent, or_(open_or_paid, referred)))
        .order_by(intents.c.first_seen_at, intents.c.gateway, intents.c.id)
        .offset(skip)
        .limit(limit)
    )
    return await fetch_all(connection, Intent, statement)


async def remove(connection: Connection, intent: Intent) -> None:
    """Delete the gift with its attempts. The database refuses it for one that is paid or that began elsewhere."""
    for table in (state_changes, attempts):
        of_intent = (table.c.gateway == intent.gateway, table.c.intent == intent.id)
        await connection.execute(delete(table).where(*of_intent))
    await connection.execute(delete(intents).where(intents.c.gateway == intent.gateway, intents.c.id == intent.id))
