"""What tells whether a page is out of date: marks that move with every change in the communities of its reader."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, union_all

from central_server.store import sync_log
from central_server.store.connection import Connection
from central_server.store.places import communities
from central_server.store.tables import state_changes

Marks = tuple[tuple[datetime, int] | None, int | None]
_BRANCHES = 40


async def marks(connection: Connection, tops: Collection[str]) -> Marks:
    """Of the sync log's newest line, and of the newest change of a gift."""
    return await sync_log.mark(connection, tops), await _newest_change(connection, tops)


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
