"""Marks that tell whether a page is out of date: they move with every change in the communities of its reader."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select, union_all

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import state_changes, webhook_deliveries, webhooks
from central_server.store.parcels import sync_log
from central_server.store.places.places import communities, within

Marks = tuple[tuple[datetime, int] | None, int | None, datetime | None]
_BRANCHES = 40
_SHOWN = 50
"""Deliveries of a webhook on its page."""


async def marks(connection: Connection, tops: Collection[str]) -> Marks:
    """Return the marks of the newest line of the sync log, change of a gift, and attempt to deliver to a webhook."""
    return (
        await sync_log.mark(connection, tops),
        await _newest_change(connection, tops),
        await _last_try(connection, tops),
    )


async def _newest_change(connection: Connection, tops: Collection[str]) -> int | None:
    table = state_changes.c
    seen = await communities(connection, tops)
    newest = select(table.seq).order_by(table.seq.desc()).limit(1)
    if seen is None:
        statement = newest
    elif 0 < len(seen) <= _BRANCHES:
        each = [newest.where(table.community == community).subquery() for community in seen]
        every = union_all(*(select(branch.c.seq) for branch in each)).subquery()
        statement = select(every.c.seq).order_by(every.c.seq.desc()).limit(1)
    else:
        statement = newest.where(table.community.in_(seen))
    return (await connection.execute(statement)).scalar_one_or_none()


async def _last_try(connection: Connection, tops: Collection[str]) -> datetime | None:
    hooks = (await connection.execute(select(webhooks.c.id).where(within(webhooks.c.place, tops)))).scalars().all()
    if not hooks:
        return None
    table = webhook_deliveries.c
    newest = select(func.coalesce(table.last_at, table.made_at).label("at")).order_by(table.made_at.desc())
    each = [newest.where(table.webhook == hook).limit(_SHOWN).subquery() for hook in hooks[:_BRANCHES]]
    every = union_all(*(select(branch.c.at) for branch in each)).subquery()
    return (await connection.execute(select(func.max(every.c.at)))).scalar_one_or_none()
