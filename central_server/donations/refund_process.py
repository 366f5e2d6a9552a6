"""Giving a gift back: asked for by one, approved by another, told to the bank until it says that it is done.

The bank is told under the refund's own id and time, which are on disk before. When its answer is lost it is asked
about that id, and told again only of what it does not know.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, time

from central_server.errors import CentralError
from central_server.ledger.journal import post_refund
from central_server.store.donations import attempts, intents, refunds
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.refunds import BY_BANK, RefundState, StoredRefund
from central_server.store.engine.connection import Connection
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.uuid7 import new_id

_NOT_LATE = time(23, 50)
"""A bank's day may end a little before ours: afterwards a refund is safer than a cancellation of the day."""


class RefundNotPossible(CentralError):
    """Tell whoever asked. `word`: not_paid, held, amount, too_much, reason, other_bank, same_person or decided."""

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


@dataclass(frozen=True, slots=True)
class Refundable:
    """`left_minor`: fen that may still go back; `word`: why none may now, as in RefundNotPossible, or empty."""

    left_minor: int
    word: str


async def refundable(connection: Connection, attempt: Attempt, bank: str, now: datetime) -> Refundable:
    """`bank`: the name of the one that gives back here, or empty. Certain only while the intent is held."""
    left = attempt.amount_minor - await refunds.counted_minor(connection, attempt.id) if attempt.paid else 0
    if not attempt.paid:
        return Refundable(0, "not_paid")
    if attempt.held_until is not None and now < attempt.held_until:
        return Refundable(left, "held")
    if attempt.bank != bank:
        return Refundable(left, "other_bank")
    return Refundable(left, "" if left > 0 else "too_much")


async def ask(
    connection: Connection, attempt_id: str, amount_minor: int, reason: str, *, bank: str, by: str, now: datetime
) -> StoredRefund:
    """Ask for a refund, within a write. Raises RefundNotPossible."""
    attempt = await attempts.hold(connection, attempt_id)
    if attempt is None:
        raise RefundNotPossible("not_paid")
    possible = await refundable(connection, attempt, bank, now)
    if possible.word:
        raise RefundNotPossible(possible.word)
    if amount_minor <= 0:
        raise RefundNotPossible("amount")
    if amount_minor > possible.left_minor:
        raise RefundNotPossible("too_much")
    if not reason.strip():
        raise RefundNotPossible("reason")
    asked = StoredRefund(
        id=new_id(),
        attempt=attempt.id,
        community=attempt.community,
        environment=attempt.environment,
        project=await _project(connection, attempt),
        amount_minor=amount_minor,
        currency=attempt.currency,
        reason=reason.strip()[:300],
        state=RefundState.asked.value,
        asked_by=by,
        asked_at=now,
    )
    await refunds.add(connection, asked)
    return asked


async def decide(
    connection: Connection, refund_id: str, *, approve: bool, note: str, by: str, now: datetime
) -> StoredRefund:
    """Approve or decline it, within a write; the bank is told afterwards. Raises RefundNotPossible."""
    refund, attempt = await _held(connection, refund_id)
    if refund.state != RefundState.asked:
        raise RefundNotPossible("decided")
    if refund.asked_by == by:
        raise RefundNotPossible("same_person")
    state = RefundState.approved if approve else RefundState.declined
    due = now if approve else None
    if not await refunds.decide(connection, refund, state, by=by, note=note.strip()[:300], next_query_at=due, at=now):
        raise RefundNotPossible("decided")
    await _stand(connection, attempt, now, "staff", refund.id)
    return replace(refund, state=state.value, decided_by=by, decided_at=now, note=note, next_query_at=due)


async def done(connection: Connection, refund_id: str, evidence: str, now: datetime, *, cause: str) -> bool:
    """The bank says that the money went back. False when that was known. `cause`: notification, query or statement."""
    refund, attempt = await _held(connection, refund_id)
    if not await refunds.end(connection, refund, RefundState.refunded, evidence):
        return False
    await post_refund(connection, attempt, refund.id, refund.amount_minor, evidence=evidence, at=now)
    await _stand(connection, attempt, now, cause, evidence)
    return True


async def refuse(connection: Connection, refund_id: str, reason: str, now: datetime) -> bool:
    """The bank says that it will not. False when that, or more, was known."""
    refund, attempt = await _held(connection, refund_id)
    if not await refunds.end(connection, refund, RefundState.refused, reason):
        return False
    await _stand(connection, attempt, now, "bank", reason)
    return True


async def given_back(
    connection: Connection,
    attempt_id: str,
    amount_minor: int,
    *,
    evidence: str,
    now: datetime,
    cause: str = "statement",
) -> StoredRefund | None:
    """The bank gave it back by itself: post that, and close what waits for the same money.

    `evidence`: the bank's number of it, by which it is taken only once. None when it was known, or nothing was paid.
    """
    attempt = await attempts.hold(connection, attempt_id)
    if attempt is None or not attempt.paid:
        return None
    own = hashlib.sha256(f"{attempt.id} {evidence}".encode()).hexdigest()[:32]
    if await refunds.get(connection, own) is not None:
        return None
    refund = StoredRefund(
        id=own,
        attempt=attempt.id,
        community=attempt.community,
        environment=attempt.environment,
        project=await _project(connection, attempt),
        amount_minor=amount_minor,
        currency=attempt.currency,
        reason="",
        state=RefundState.refunded.value,
        asked_by=BY_BANK,
        asked_at=now,
        sent_at=now,
        evidence=evidence[:200],
    )
    await refunds.add(connection, refund)
    for waiting in await refunds.of_attempts(connection, [attempt.id]):
        if waiting.state in (RefundState.asked, RefundState.approved):
            await refunds.close(connection, waiting, note=f"given back by the bank: {evidence}"[:300], at=now)
    await post_refund(connection, attempt, refund.id, amount_minor, evidence=evidence, at=now)
    await _stand(connection, attempt, now, cause, evidence)
    return refund


def is_cancellation(refund: StoredRefund, attempt: Attempt) -> bool:
    """Whether it is the whole payment, given back on the day on which it was made, by the bank's (Beijing's) calendar.

    Of one refund always the same, whenever it is sent again.
    """
    if refund.sent_at is None or attempt.paid_at is None or refund.amount_minor != attempt.amount_minor:
        return False
    sent = refund.sent_at.astimezone(OFFICIAL_TIME)
    days = {moment.astimezone(OFFICIAL_TIME).date() for moment in (attempt.opened_at, attempt.paid_at)}
    return days == {sent.date()} and sent.time() < _NOT_LATE


async def _held(connection: Connection, refund_id: str) -> tuple[StoredRefund, Attempt]:
    refund = await refunds.get(connection, refund_id)
    if refund is None:
        raise RefundNotPossible("decided")
    attempt = await attempts.hold(connection, refund.attempt)
    held = await refunds.get(connection, refund_id)
    assert attempt is not None  # the foreign key says so
    assert held is not None  # no refund is ever deleted
    return held, attempt


async def _stand(
    connection: Connection,
    attempt: Attempt,
    now: datetime,
    cause: str,
    evidence: str,
) -> None:
    """The attempt's state as its refunds have it."""
    states = {refund.state for refund in await refunds.of_attempts(connection, [attempt.id])}
    if states & {RefundState.approved, RefundState.sent}:
        after = AttemptState.refunding
    elif RefundState.refunded in states:
        after = AttemptState.refunded
    else:
        after = AttemptState.refund_refused if RefundState.refused in states else AttemptState.paid
    if attempt.state != after:
        await attempts.move(connection, attempt, after, at=now, cause=cause, evidence=evidence)


async def _project(connection: Connection, attempt: Attempt) -> str:
    intent = await intents.get(connection, attempt.gateway, attempt.intent)
    assert intent is not None  # the foreign key says so
    return intent.project
