"""Store payment attempts: one bank order each."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import case, func, select, update

from central_server.store.donations import intents
from central_server.store.donations.intents import StateChange
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all, fetch_one
from central_server.store.engine.tables import attempts


class AttemptState(StrEnum):
    opened = "opened"
    """Recorded in this server; the bank may or may not know it."""
    sent = "sent"
    """The bank has the order, and the donor was sent to its page."""
    pending = "pending"
    paid = "paid"
    failed = "failed"
    expired = "expired"
    unconfirmed = "unconfirmed"
    """Handed to a public page that reports nothing: paid only when staff import evidence."""
    refunding = "refunding"
    """Paid; a refund of some of it is under way."""
    refunded = "refunded"
    """Paid; some or all of it was refunded. The refunds state how much."""
    refund_refused = "refund_refused"
    """Paid; the bank refused the refund."""


LIVE = (AttemptState.opened, AttemptState.sent, AttemptState.pending)
PAID = (AttemptState.paid, AttemptState.refunding, AttemptState.refunded, AttemptState.refund_refused)
"""The bank has reported the payment, whatever happened to it since."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """`id` is the bank's order number. `next_query_at`: None when no query is due any more.

    `evidence`: the bank's number of the payment. `flawed`: paid, with a reservation. `refundable_from`: for a late
    payment, which the bank itself may return before. `statement`, `statement_line`: its row in the bank's file.
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
    refundable_from: datetime | None = None
    statement: int | None = None
    statement_line: int | None = None

    @property
    def live(self) -> bool:
        return self.state in LIVE

    @property
    def paid(self) -> bool:
        return self.state in PAID


async def add(connection: Connection, attempt: Attempt, cause: str = "donor") -> None:
    """Insert an attempt. Raises IntegrityError if the intent has an attempt of that number."""
    await connection.execute(attempts.insert().values(asdict(attempt)))
    await _record(connection, attempt, "", AttemptState(attempt.state), attempt.opened_at, cause, attempt.id)


async def get(connection: Connection, attempt: str) -> Attempt | None:
    return await fetch_one(connection, Attempt, select(attempts).where(attempts.c.id == attempt))


async def lock(connection: Connection, attempt: str) -> Attempt | None:
    """Lock the attempt's intent until the write ends, and return the attempt: every change of an attempt locks its
    intent.
    """
    found = await get(connection, attempt)
    if found is None:
        return None
    await intents.lock(connection, found.gateway, found.intent)
    return await get(connection, attempt)


async def by_return_nonce(connection: Connection, environment: str, nonce: str) -> Attempt | None:
    statement = select(attempts).where(attempts.c.return_nonce == nonce, attempts.c.environment == environment)
    return await fetch_one(connection, Attempt, statement)


async def of_intent(connection: Connection, gateway: str, intent: str) -> tuple[Attempt, ...]:
    """Return the intent's attempts in the order in which they were opened."""
    statement = select(attempts).where(attempts.c.gateway == gateway, attempts.c.intent == intent)
    return await fetch_all(connection, Attempt, statement.order_by(attempts.c.number))


async def ended_unpaid(connection: Connection, gateway: str, of: Collection[str]) -> frozenset[str]:
    """Return those of the intents that have attempts, all of which ended unpaid."""
    if not of:
        return frozenset()
    still = case((attempts.c.state.in_((AttemptState.failed, AttemptState.expired)), 0), else_=1)
    statement = select(attempts.c.intent).where(attempts.c.gateway == gateway, attempts.c.intent.in_(of))
    rows = await connection.execute(statement.group_by(attempts.c.intent).having(func.sum(still) == 0))
    return frozenset(rows.scalars())


async def due(
    connection: Connection, bank: str, environment: str, now: datetime, skip: int = 0, limit: int = 50
) -> tuple[Attempt, ...]:
    """Return attempts about which this bank is due to be queried, at most `limit` after the first `skip`."""
    columns = attempts.c
    due = select(attempts).where(columns.next_query_at <= now, columns.bank == bank)
    statement = due.where(columns.environment == environment).order_by(columns.next_query_at, columns.id)
    return await fetch_all(connection, Attempt, statement.offset(skip).limit(limit))


async def schedule(connection: Connection, attempt: Attempt, next_query_at: datetime | None) -> bool:
    """Count one more query and set the next; False if none is due any more or another process has counted it."""
    columns = attempts.c
    counted = await connection.execute(
        update(attempts)
        .where(columns.id == attempt.id, columns.next_query_at.is_not(None), columns.queries == attempt.queries)
        .values(queries=columns.queries + 1, next_query_at=next_query_at)
    )
    return bool(counted.rowcount)


async def ask_again(connection: Connection, attempt: Attempt, next_query_at: datetime | None) -> None:
    """Set when the bank is queried next; None: never."""
    await connection.execute(update(attempts).where(attempts.c.id == attempt.id).values(next_query_at=next_query_at))


async def hurry(connection: Connection, attempt: Attempt, now: datetime) -> None:
    """Make the first query due now; later ones stay as scheduled."""
    columns = attempts.c
    await connection.execute(
        update(attempts)
        .where(columns.id == attempt.id, columns.queries == 0, columns.next_query_at > now)
        .values(next_query_at=now)
    )


async def move(
    connection: Connection, attempt: Attempt, after: AttemptState, *, at: datetime, cause: str, evidence: str
) -> None:
    """Set the state and record the change with its cause."""
    await _move(connection, attempt, after, {}, at, cause, evidence)


async def pay(
    connection: Connection,
    attempt: Attempt,
    *,
    payment: str,
    flawed: bool,
    refundable_from: datetime | None,
    next_query_at: datetime | None,
    at: datetime,
    cause: str,
    evidence: str,
) -> None:
    """Record the payment that the bank reported. `payment`: the bank's number of it."""
    facts = {
        "evidence": payment,
        "flawed": flawed,
        "paid_at": at,
        "refundable_from": refundable_from,
        "next_query_at": next_query_at,
    }
    await _move(connection, attempt, AttemptState.paid, facts, at, cause, evidence)


async def _move(
    connection: Connection,
    attempt: Attempt,
    after: AttemptState,
    facts: Mapping[str, Any],
    at: datetime,
    cause: str,
    evidence: str,
) -> None:
    await connection.execute(
        update(attempts).where(attempts.c.id == attempt.id).values({"state": after.value} | dict(facts))
    )
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
