"""Read events for webhooks in the order of their numbers, and store how far they were read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import alerts, arrivals, intents, state_changes, webhook_marks
from central_server.store.engine.upsert import insert
from sync_contract.records import IntentState, Receipt


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event for webhooks. `facts`: by column."""

    seq: int
    at: datetime
    community: str
    facts: Mapping[str, Any]


async def mark(connection: Connection, source: str) -> int:
    """Return the number up to which the source was read."""
    statement = select(webhook_marks.c.seq).where(webhook_marks.c.source == source)
    return (await connection.execute(statement)).scalar() or 0


async def set_mark(connection: Connection, source: str, seq: int) -> None:
    statement = insert(connection, webhook_marks).values(source=source, seq=seq)
    await connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_={"seq": seq}))


async def settled_at(
    connection: Connection, seq: ColumnElement[int], at: ColumnElement[datetime], after: int, before: datetime
) -> int:
    """Return the greatest number above `after` of an event before that time; `after` if there is none."""
    return (await connection.execute(select(func.max(seq)).where(seq > after, at < before))).scalar() or after


async def paid_after(connection: Connection, after: int, limit: int, *, environment: str) -> tuple[StoredEvent, ...]:
    changes, gifts = state_changes.c, intents.c
    statement = (
        select(*(changes[name] for name in ("seq", "at", "community", "gateway", "intent")))
        .add_columns(*(gifts[name] for name in ("environment", "project", "amount_minor", "currency", "slip")))
        .join_from(state_changes, intents, (changes.gateway == gifts.gateway) & (changes.intent == gifts.id))
        .where(changes.seq > after, changes.attempt.is_(None), changes.after == IntentState.paid.value)
        .where(gifts.environment == environment)
        .order_by(changes.seq)
        .limit(limit)
    )
    return await _read(connection, statement)


async def rejected_after(connection: Connection, after: int, limit: int) -> tuple[StoredEvent, ...]:
    columns = arrivals.c
    results = (Receipt.refused.value, Receipt.conflict.value)
    names = ("seq", "first_at", "community", "gateway", "parcel", "result", "kind", "reason")
    statement = (
        select(*(columns[name] for name in names))
        .where(columns.seq > after, columns.result.in_(results))
        .order_by(columns.seq)
        .limit(limit)
    )
    return await _read(connection, statement)


async def fell_silent_after(connection: Connection, after: int, limit: int) -> tuple[StoredEvent, ...]:
    """Return alerts of late gateways and silent beacons."""
    columns = alerts.c
    statement = (
        select(*(columns[name] for name in ("id", "opened_at", "community", "kind", "gateway", "beacon", "since")))
        .where(columns.id > after, columns.kind.in_(("late", "silent_beacon")))
        .order_by(columns.id)
        .limit(limit)
    )
    return await _read(connection, statement)


async def _read(connection: Connection, statement: Any) -> tuple[StoredEvent, ...]:  # noqa: ANN401  (a select)
    found = await connection.execute(statement)
    return tuple(
        StoredEvent(row[0], row[1], row[2], {str(name): value for name, value in list(row._mapping.items())[3:]})
        for row in found
    )
