"""Store refunds: requested by one person, decided by another, completed or refused by the bank."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all, fetch_one
from central_server.store.engine.tables import attempts, refunds
from central_server.store.places.places import within

BY_BANK = "(bank)"
"""Stands for the account when the bank itself returned the money."""
OWN_MEANS = "*"
"""The source of a refund that the organisation pays from its own means."""
PAGE = 50


class RefundState(StrEnum):
    requested = "requested"
    approved = "approved"
    declined = "declined"
    sent = "sent"
    """The bank may have received it: only its report ends this state."""
    refunded = "refunded"
    refused = "refused"
    """The bank refused it."""


WAITING = (RefundState.requested, RefundState.approved, RefundState.sent)
COUNTED = (*WAITING, RefundState.refunded)
"""States whose money is returned or may be: together never more than was paid."""


@dataclass(frozen=True, slots=True)
class StoredRefund:
    """`id` and `sent_at` are the bank's order number and time of the refund; both stay the same when it is sent again.

    `source_minor`: fen that were spent already and that `source`, another project or OWN_MEANS, gives instead.
    `note`: the reason of the decision or closing. `evidence`: the bank's number of the refund, or its reason of
    refusal.
    """

    id: str
    attempt: str
    community: str
    environment: str
    project: str
    amount_minor: int
    currency: str
    reason: str
    state: str
    requested_by: str
    requested_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str = ""
    source: str = ""
    source_minor: int = 0
    sent_at: datetime | None = None
    evidence: str = ""
    queries: int = 0
    next_query_at: datetime | None = None


async def add(connection: Connection, refund: StoredRefund) -> None:
    await connection.execute(refunds.insert().values(asdict(refund)))


async def get(connection: Connection, refund: str) -> StoredRefund | None:
    return await fetch_one(connection, StoredRefund, select(refunds).where(refunds.c.id == refund))


async def of_attempts(connection: Connection, attempts: Collection[str]) -> tuple[StoredRefund, ...]:
    """Return refunds in the order in which they were requested."""
    statement = select(refunds).where(refunds.c.attempt.in_(attempts)).order_by(refunds.c.requested_at, refunds.c.id)
    return await fetch_all(connection, StoredRefund, statement)


async def counted_minor(connection: Connection, attempt: str) -> int:
    """Return fen of the attempt that were returned or may be. Certain only under the intent's lock."""
    total = select(func.coalesce(func.sum(refunds.c.amount_minor), 0))
    statement = total.where(refunds.c.attempt == attempt, refunds.c.state.in_(COUNTED))
    return int((await connection.execute(statement)).scalar_one())


async def page(
    connection: Connection,
    tops: Collection[str],
    environment: str,
    *,
    waiting: bool,
    before: tuple[datetime, str] | None = None,
    limit: int = PAGE,
) -> tuple[StoredRefund, ...]:
    """Return one page, newest first. `waiting`: only undecided requests."""
    columns = refunds.c
    statement = select(refunds).where(columns.environment == environment, within(columns.community, tops))
    if waiting:
        statement = statement.where(columns.state == RefundState.requested)
    if before is not None:
        at, id_ = before
        statement = statement.where((columns.requested_at < at) | ((columns.requested_at == at) & (columns.id < id_)))
    return await fetch_all(
        connection, StoredRefund, statement.order_by(columns.requested_at.desc(), columns.id.desc()).limit(limit)
    )


async def unanswered(
    connection: Connection, tops: Collection[str], environment: str, sent_before: datetime
) -> tuple[StoredRefund, ...]:
    """Return refunds sent before that time that the bank has not completed or refused."""
    columns = refunds.c
    statement = select(refunds).where(
        columns.environment == environment,
        within(columns.community, tops),
        columns.state == RefundState.sent,
        columns.sent_at < sent_before,
    )
    return await fetch_all(connection, StoredRefund, statement.order_by(columns.sent_at).limit(PAGE))


async def due(
    connection: Connection, bank: str, environment: str, now: datetime, skip: int = 0, limit: int = 20
) -> tuple[StoredRefund, ...]:
    """Return refunds that are due to be sent to this bank or queried there; another bank's never block them."""
    columns = refunds.c
    there = select(refunds).join(attempts, attempts.c.id == columns.attempt).where(attempts.c.bank == bank)
    there = there.where(columns.environment == environment)
    statement = there.where(columns.next_query_at <= now).order_by(columns.next_query_at, columns.id)
    return await fetch_all(connection, StoredRefund, statement.offset(skip).limit(limit))


async def decide(connection: Connection, decided: StoredRefund) -> bool:
    """Record a decision; False if it was decided before."""
    names = ("state", "decided_by", "decided_at", "note", "source", "source_minor", "next_query_at")
    return await _change(
        connection, decided.id, (RefundState.requested,), {name: getattr(decided, name) for name in names}
    )


async def close(connection: Connection, refund: StoredRefund, *, note: str, at: datetime) -> bool:
    """Decline a refund that is not sent yet, also an approved one; False if it was sent meanwhile."""
    decided = {"decided_by": refund.decided_by or BY_BANK, "decided_at": refund.decided_at or at}
    values = {"state": RefundState.declined.value, "note": note, "next_query_at": None} | decided
    return await _change(connection, refund.id, (RefundState.requested, RefundState.approved), values)


async def begin_sending(connection: Connection, refund: StoredRefund, at: datetime, next_query_at: datetime) -> bool:
    """Change approved to sent; False if another process did, or it was closed."""
    values = {"state": RefundState.sent.value, "sent_at": at, "next_query_at": next_query_at}
    return await _change(connection, refund.id, (RefundState.approved,), values)


async def begin_query(connection: Connection, refund: StoredRefund, next_query_at: datetime | None) -> bool:
    """Count one more query; False if another process did, or the refund has ended."""
    columns = refunds.c
    counted = await connection.execute(
        update(refunds)
        .where(columns.id == refund.id, columns.state == RefundState.sent, columns.queries == refund.queries)
        .values(queries=columns.queries + 1, next_query_at=next_query_at)
    )
    return bool(counted.rowcount)


async def end(connection: Connection, refund: StoredRefund, state: RefundState, evidence: str) -> bool:
    """Record the bank's result. Refused may become refunded later, never the reverse."""
    before = (RefundState.sent,) if state is RefundState.refused else (RefundState.sent, RefundState.refused)
    values = {"state": state.value, "evidence": evidence[:200], "next_query_at": None}
    return await _change(connection, refund.id, before, values)


async def _change(
    connection: Connection, refund: str, before: Collection[RefundState], values: Mapping[str, Any]
) -> bool:
    changed = await connection.execute(
        update(refunds).where(refunds.c.id == refund, refunds.c.state.in_(before)).values(values)
    )
    return bool(changed.rowcount)
