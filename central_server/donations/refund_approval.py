"""Request a refund and decide about it: two people, and never more money than was paid."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from central_server.donations.late_payment import is_on_hold
from central_server.donations.refund_outcome import complete_refund, lock_refund, project_of, update_attempt_state
from central_server.errors import CentralError
from central_server.ledger.spending import free_minor
from central_server.store.accounts.independence import are_independent
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import OWN_MEANS, RefundState, StoredRefund
from central_server.store.engine.connection import Connection
from central_server.store.ledger import ledger_lines
from central_server.store.ledger.ledger_lines import REMITTED
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
    dependent = "dependent"
    """One person could use both accounts."""
    decided = "decided"
    """Decided or closed meanwhile."""
    source = "source"
    """The project has spent the money: the second person names what gives it instead."""
    source_balance = "source_balance"
    """The named project does not have so much."""


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
    if attempt.bank not in (bank, *REMITTED):
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
    connection: Connection,
    refund_id: str,
    *,
    approve: bool,
    note: str,
    by: str,
    now: datetime,
    source: str = "",
) -> StoredRefund:
    """Approve or decline a request, within a write; an approved one is sent afterwards. Raises RefundNotPossible.

    A bank transfer or cheque is returned by people or never arrived: its refund is complete when it is approved.

    `source`: what gives the money that the project has spent already: OWN_MEANS or another project.
    """
    locked = await lock_refund(connection, refund_id)
    if locked is None or locked[0].state != RefundState.requested:
        raise RefundNotPossible(RefundProblem.decided)
    refund, attempt = locked
    if refund.requested_by == by:
        raise RefundNotPossible(RefundProblem.same_person)
    if not await are_independent(connection, refund.requested_by, by):
        raise RefundNotPossible(RefundProblem.dependent)
    await ledger_lines.lock_ledger(connection, refund.community)
    state = RefundState.approved if approve else RefundState.declined
    due = now if approve else None
    missing = await spent_part(connection, refund, now) if approve else 0
    if missing > 0:
        await _check_source(connection, refund, source, missing, now)
    decided = replace(
        refund,
        state=state.value,
        decided_by=by,
        decided_at=now,
        note=note.strip()[:300],
        source=source if missing > 0 else "",
        source_minor=missing,
        next_query_at=due,
    )
    if not await refunds.decide(connection, decided):
        raise RefundNotPossible(RefundProblem.decided)
    await update_attempt_state(connection, attempt, now, "staff", refund.id)
    if approve and attempt.bank in REMITTED:
        await refunds.begin_sending(connection, decided, now, now)
        await complete_refund(connection, refund.id, f"{by} {note}".strip(), now, cause="staff")
    return decided


async def spent_part(connection: Connection, refund: StoredRefund, now: datetime) -> int:
    """Return fen of a requested refund that its project has spent already. Certain only under the ledger's lock."""
    purse = (refund.community, refund.environment, refund.project)
    free = await free_minor(connection, purse, now, undecided=False)
    return min(refund.amount_minor, max(0, refund.amount_minor - free))


async def _check_source(connection: Connection, refund: StoredRefund, source: str, missing: int, now: datetime) -> None:
    """Raise RefundNotPossible unless the source may give the money, and has it."""
    if source == OWN_MEANS:
        return
    if source not in await projects.others_of_organisation(connection, refund.community, refund.project):
        raise RefundNotPossible(RefundProblem.source)
    if await free_minor(connection, (refund.community, refund.environment, source), now) < missing:
        raise RefundNotPossible(RefundProblem.source_balance)
