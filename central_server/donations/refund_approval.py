"""Request a refund and decide about it: two people, and never more money than was paid."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from central_server.donations.late_payment import is_on_hold
from central_server.donations.refund_outcome import lock_refund, project_of, update_attempt_state
from central_server.errors import CentralError
from central_server.store.donations import attempts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import RefundState, StoredRefund
from central_server.store.engine.connection import Connection
from sync_contract.uuid7 import new_id


class RefundProblem(StrEnum):
    """Why a refund cannot be requested or decided."""

    not_paid = "not_paid"
    on_hold = "on_hold"
    """A late payment that the bank itself may still return."""
    amount = "amount"
    too_much = "too_much"
    reason = "reason"
    other_bank = "other_bank"
    same_person = "same_person"
    decided = "decided"
    """Decided or closed meanwhile."""


class RefundNotPossible(CentralError):
    def __init__(self, problem: RefundProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Refundable:
    """`left_minor`: fen that can still be refunded. `problem`: why none can be refunded now."""

    left_minor: int
    problem: RefundProblem | None


async def check_refundable(connection: Connection, attempt: Attempt, bank: str, now: datetime) -> Refundable:
    """`bank`: the name of the one that makes refunds, or empty. The result is certain only under the intent's lock."""
    if not attempt.paid:
        return Refundable(0, RefundProblem.not_paid)
    left = attempt.amount_minor - await refunds.counted_minor(connection, attempt.id)
    if is_on_hold(attempt, now):
        return Refundable(left, RefundProblem.on_hold)
    if attempt.bank != bank:
        return Refundable(left, RefundProblem.other_bank)
    return Refundable(left, None if left > 0 else RefundProblem.too_much)


async def request_refund(
    connection: Connection, attempt_id: str, amount_minor: int, reason: str, *, bank: str, by: str, now: datetime
) -> StoredRefund:
    """Record a request, within a write. Raises RefundNotPossible."""
    attempt = await attempts.lock(connection, attempt_id)
    if attempt is None:
        raise RefundNotPossible(RefundProblem.not_paid)
    possible = await check_refundable(connection, attempt, bank, now)
    if possible.problem is not None:
        raise RefundNotPossible(possible.problem)
    if amount_minor <= 0:
        raise RefundNotPossible(RefundProblem.amount)
    if amount_minor > possible.left_minor:
        raise RefundNotPossible(RefundProblem.too_much)
    if not reason.strip():
        raise RefundNotPossible(RefundProblem.reason)
    requested = StoredRefund(
        id=new_id(),
        attempt=attempt.id,
        community=attempt.community,
        environment=attempt.environment,
        project=await project_of(connection, attempt),
        amount_minor=amount_minor,
        currency=attempt.currency,
        reason=reason.strip()[:300],
        state=RefundState.requested.value,
        requested_by=by,
        requested_at=now,
    )
    await refunds.add(connection, requested)
    return requested


async def decide_refund(
    connection: Connection, refund_id: str, *, approve: bool, note: str, by: str, now: datetime
) -> StoredRefund:
    """Approve or decline a request, within a write; an approved one is sent afterwards. Raises RefundNotPossible."""
    locked = await lock_refund(connection, refund_id)
    if locked is None or locked[0].state != RefundState.requested:
        raise RefundNotPossible(RefundProblem.decided)
    refund, attempt = locked
    if refund.requested_by == by:
        raise RefundNotPossible(RefundProblem.same_person)
    state = RefundState.approved if approve else RefundState.declined
    due = now if approve else None
    if not await refunds.decide(connection, refund, state, by=by, note=note.strip()[:300], next_query_at=due, at=now):
        raise RefundNotPossible(RefundProblem.decided)
    await update_attempt_state(connection, attempt, now, "staff", refund.id)
    return replace(refund, state=state.value, decided_by=by, decided_at=now, note=note, next_query_at=due)
