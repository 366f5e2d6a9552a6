"""Attempts: one bank order each."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, update

from central_server.store import intents
from central_server.store.connection import Connection
from central_server.store.intents import StateChange
from central_server.store.tables import attempts


class AttemptState(StrEnum):
    opened = "opened"
    """Recorded here; the bank may or may not know it."""
    sent = "sent"
    """The bank has the order; the donor was sent to its page."""
    pending = "pending"
    paid = "paid"
    failed = "failed"
    expired = "expired"


LIVE = (AttemptState.opened, AttemptState.sent, AttemptState.pending)


@dataclass(frozen=True, slots=True)
class Attempt:
    """`id` is the bank's order number. `next_query_at` is None when there is nothing to ask any more.

    `evidence`: the bank's number of the payment. `flawed`: paid, and the bank says that something about it is odd.
    `held_until`: a late payment that the bank may give back by itself is not given back by us before.
    `statement`, `statement_line`: the row of the bank's file in which it stands.
    """

    id: str
    gateway: str
    intent: str
    number: int
    community: str
    environment: str
    bank: str
    amount_minor: int
    currency: str
    return_nonce: str
    state: str
    opened_at: datetime
    queries: int
    next_query_at: datetime | None
    evidence: str = ""
    flawed: bool = False
    paid_at: datetime | None = None
    held_until: datetime | None = None
    statement: int | None = None
    statement_line: int | None = None

    @property
    def live(self) -> bool:
        return self.state in LIVE


async def add(connection: Connection, attempt: Attempt) -> None:
    """Raises IntegrityError when the intent has an attempt of that number."""
    await connection.execute(attempts.insert().values(asdict(attempt)))
    await _record(connection, attempt, "", AttemptState.opened, attempt.opened_at, "donor", attempt.id)


async def get(connection: Connection, attempt: str) -> Attempt | None:
    return _one((await connection.execute(select(attempts).where(attempts.c.id == attempt))).mappings().one_or_none())


async def by_return_nonce(connection: Connection, nonce: str) -> Attempt | None:
    statement = select(attempts).where(attempts.c.return_nonce == nonce)
    return _one((await connection.execute(statement)).mappings().one_or_none())


async def of_intent(connection: Connection, gateway: str, intent: str) -> tuple[Attempt, ...]:
    """In the order of their opening."""
    statement = select(attempts).where(attempts.c.gateway == gateway, attempts.c.intent == intent)
    rows = (await connection.execute(statement.order_by(attempts.c.number))).mappings()
    return tuple(Attempt(**row) for row in rows)


async def due(connection: Connection, now: datetime, limit: int = 50) -> tuple[Attempt, ...]:
    """Attempts about which the bank is to be asked now."""
    statement = select(attempts).where(attempts.c.next_query_at <= now).order_by(attempts.c.next_query_at).limit(limit)
    return tuple(Attempt(**row) for row in (await connection.execute(statement)).mappings())


async def schedule(connection: Connection, attempt: Attempt, next_query_at: datetime) -> bool:
    """Count one query more. False when there is nothing to ask any more, or somebody else asks now."""
    columns = attempts.c
    counted = await connection.execute(
        update(attempts)
        .where(columns.id == attempt.id, columns.state.in_(LIVE), columns.queries == attempt.queries)
        .values(queries=columns.queries + 1, next_query_at=next_query_at)
    )
    return bool(counted.rowcount)


async def hurry(connection: Connection, attempt: Attempt, now: datetime) -> None:
    """Ask the bank now, unless it was asked before."""
    columns = attempts.c
    await connection.execute(
        update(attempts)
        .where(columns.id == attempt.id, columns.queries == 0, columns.next_query_at > now)
        .values(next_query_at=now)
    )


async def move(
    connection: Connection, attempt: Attempt, after: AttemptState, *, at: datetime, cause: str, evidence: str
) -> None:
    """Set the state and record how it came about. A final state ends the queries."""
    values: dict[str, Any] = {"state": after.value} | ({} if after in LIVE else {"next_query_at": None})
    await connection.execute(update(attempts).where(attempts.c.id == attempt.id).values(values))
    await _record(connection, attempt, attempt.state, after, at, cause, evidence)


async def _record(
    connection: Connection,
    attempt: Attempt,
    before: str,
    after: AttemptState,
    at: datetime,
    cause: str,
    evidence: str,
) -> None:
    change = StateChange(
        attempt.community, attempt.gateway, attempt.intent, attempt.id, before, after.value, at, cause, evidence[:200]
    )
    await intents.record(connection, [change])


def _one(row: Mapping[Any, Any] | None) -> Attempt | None:
    return None if row is None else Attempt(**row)
