"""Store the outbox of webhooks: one row for each webhook and event, with the result of its tries.

To prevent deadlocks, lock the webhook's row before its deliveries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, literal, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.tables import webhook_deliveries, webhooks
from central_server.store.engine.upsert import insert

_SLICE = 500
"""Rows deleted in one transaction: on SQLite a write locks out every other process."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """`next_try_at` None: finished, delivered or given up. `last_ms`: response time."""

    id: str
    webhook: str
    event: str
    source: str
    seq: int
    body: str
    made_at: datetime
    next_try_at: datetime | None
    tries: int = 0
    delivered_at: datetime | None = None
    last_at: datetime | None = None
    last_status: int | None = None
    last_ms: int | None = None
    last_trouble: str = ""


async def put(connection: Connection, new: Sequence[Delivery]) -> None:
    """Add deliveries; one that the webhook already has for the event stays as it is."""
    if new:
        statement = insert(connection, webhook_deliveries).on_conflict_do_nothing()
        await connection.execute(statement, [asdict(delivery) for delivery in new])


async def due(
    connection: Connection, now: datetime, hooks: int, each: int, skip: Mapping[str, int]
) -> tuple[Delivery, ...]:
    """Return the first `each` deliveries of at most `hooks` random webhooks: a slow one delays no other.

    `skip`: by webhook, how many deliveries failed and are still due.
    """
    columns = webhook_deliveries.c
    waiting = columns.next_try_at <= now
    drawn = select(columns.webhook).where(waiting).group_by(columns.webhook).order_by(func.random()).limit(hooks)
    found: list[Delivery] = []
    for webhook in (await connection.execute(drawn)).scalars().all():
        first = select(webhook_deliveries).where(waiting, columns.webhook == webhook)
        rows = await connection.execute(
            first.order_by(columns.next_try_at, columns.id).offset(skip.get(webhook, 0)).limit(each)
        )
        found += [Delivery(**row._mapping) for row in rows]
    return tuple(found)


async def claim(connection: Connection, delivery: Delivery, next_try_at: datetime) -> bool:
    """Count a try before it is made. Return False if another process did, or the delivery is finished."""
    columns = webhook_deliveries.c
    counted = await connection.execute(
        update(webhook_deliveries)
        .where(columns.id == delivery.id, columns.tries == delivery.tries, columns.next_try_at.is_not(None))
        .values(tries=columns.tries + 1, next_try_at=next_try_at)
    )
    return bool(counted.rowcount)


async def delivered(connection: Connection, delivery: Delivery, at: datetime, status: int, ms: int) -> None:
    columns = webhook_deliveries.c
    await connection.execute(update(webhooks).where(webhooks.c.id == delivery.webhook).values(failing_since=None))
    await connection.execute(
        update(webhook_deliveries)
        .where(columns.id == delivery.id)
        .values(next_try_at=None, delivered_at=at, last_at=at, last_status=status, last_ms=ms, last_trouble="")
    )


async def failed(
    connection: Connection, delivery: Delivery, at: datetime, status: int | None, ms: int, trouble: str, *, final: bool
) -> datetime:
    """Store a failed try. Return since when nothing was delivered to the webhook."""
    since = func.coalesce(webhooks.c.failing_since, literal(at, webhooks.c.failing_since.type))
    statement = update(webhooks).where(webhooks.c.id == delivery.webhook).values(failing_since=since)
    failing = (await connection.execute(statement.returning(webhooks.c.failing_since))).scalar() or at
    columns = webhook_deliveries.c
    values: dict[str, Any] = {"last_at": at, "last_status": status, "last_ms": ms, "last_trouble": trouble[:200]}
    await connection.execute(
        update(webhook_deliveries)
        .where(columns.id == delivery.id)
        .values(values | ({"next_try_at": None} if final else {}))
    )
    return failing


async def log(connection: Connection, webhook: str, limit: int) -> tuple[Delivery, ...]:
    """Return the newest first."""
    columns = webhook_deliveries.c
    statement = select(webhook_deliveries).where(columns.webhook == webhook)
    rows = await connection.execute(statement.order_by(columns.made_at.desc(), columns.id.desc()).limit(limit))
    return tuple(Delivery(**row._mapping) for row in rows)


async def again(connection: Connection, webhook: str, delivery: str, now: datetime) -> bool:
    """Queue a finished delivery again."""
    columns = webhook_deliveries.c
    done = await connection.execute(
        update(webhook_deliveries)
        .where(columns.id == delivery, columns.webhook == webhook, columns.next_try_at.is_(None))
        .values(next_try_at=now, delivered_at=None, made_at=now, tries=0)
    )
    return bool(done.rowcount)


async def forget(database: Database, before: datetime) -> bool:
    """Delete a slice of the finished deliveries that were made before that time. Return whether there may be more."""
    columns = webhook_deliveries.c
    old = select(columns.id).where(columns.made_at < before, columns.next_try_at.is_(None)).limit(_SLICE)
    async with database.read() as connection:
        ids = (await connection.execute(old)).scalars().all()
    if ids:
        async with database.write() as connection:
            await connection.execute(delete(webhook_deliveries).where(columns.id.in_(ids)))
    return len(ids) == _SLICE
