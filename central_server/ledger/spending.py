"""Spend money: requested by one person, decided by another, and never more than the project has."""

import secrets
from dataclasses import replace
from datetime import datetime, time
from enum import StrEnum

from central_server.errors import CentralError
from central_server.store.catalogue import projects
from central_server.store.engine.connection import Connection
from central_server.store.ledger import disbursements, ledger_lines, locked_months
from central_server.store.ledger.disbursements import Disbursement, DisbursementState
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from sync_contract.permit import OFFICIAL_TIME, judge

MAX_TEXT = 300
MAX_PAYEE = 200
MAX_PEOPLE = 1_000_000


class SpendingProblem(StrEnum):
    """Why a disbursement is refused: an invalid field or a broken rule."""

    amount = "amount"
    purpose = "purpose"
    payee = "payee"
    voucher = "voucher"
    day = "day"
    people = "people"
    balance = "balance"
    """The project does not have so much."""
    month = "month"
    """The month's books are closed."""
    same_person = "own"
    """The requester cannot decide."""
    decided = "decided"
    """Another person has decided before."""
    target = "target"
    """Not another project of the same organisation in the community."""
    not_ended = "not_ended"
    """Money is moved only from an ended project."""
    too_much = "too_much"
    """More than was spent, with earlier corrections."""


class SpendingRefused(CentralError):
    def __init__(self, problem: SpendingProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


async def available(connection: Connection, disbursement: Disbursement, now: datetime) -> int:
    """Return fen that the purse may spend: its balance less pending refunds and what the bank may return."""
    balances_ = await ledger_lines.balances(connection, disbursement.community, disbursement.environment)
    return balances_.get(disbursement.project, 0) - await disbursements.reserved(connection, disbursement.purse, now)


async def ask(connection: Connection, disbursement: Disbursement, now: datetime) -> None:
    """Record a request, within a write. Raises SpendingRefused."""
    await ledger_lines.lock_ledger(connection, disbursement.community)
    await _check(connection, disbursement, now)
    await disbursements.add(connection, disbursement)


async def approve(connection: Connection, disbursement: Disbursement, *, by: str, note: str, now: datetime) -> None:
    """Approve it and post it to the ledger. Raises SpendingRefused."""
    await ledger_lines.lock_ledger(connection, disbursement.community)
    await _decide(connection, disbursement, DisbursementState.approved, by, note, now)
    await _check(connection, disbursement, now)
    for line in await _lines(connection, disbursement, now):
        if not await ledger_lines.add(connection, line):
            raise SpendingRefused(SpendingProblem.decided)


async def decline(connection: Connection, disbursement: Disbursement, *, by: str, note: str, now: datetime) -> None:
    """Raises SpendingRefused."""
    await ledger_lines.lock_ledger(connection, disbursement.community)
    await _decide(connection, disbursement, DisbursementState.declined, by, note, now)


async def _decide(
    connection: Connection, disbursement: Disbursement, state: DisbursementState, by: str, note: str, now: datetime
) -> None:
    if disbursement.requested_by == by:
        raise SpendingRefused(SpendingProblem.same_person)
    if not await disbursements.decide(connection, disbursement, state, by=by, note=note[:MAX_TEXT], at=now):
        raise SpendingRefused(SpendingProblem.decided)


async def _check(connection: Connection, disbursement: Disbursement, now: datetime) -> None:
    """Check what must hold for the request and again for the approval."""
    if not 0 < disbursement.amount_minor < 2**53:
        raise SpendingRefused(SpendingProblem.amount)
    if not 0 < len(disbursement.purpose) <= MAX_TEXT:
        raise SpendingRefused(SpendingProblem.purpose)
    if disbursement.people is not None and not 0 <= disbursement.people <= MAX_PEOPLE:
        raise SpendingRefused(SpendingProblem.people)
    if disbursement.corrects is not None:
        await _check_correction(connection, disbursement)
        return
    if await available(connection, disbursement, now) < disbursement.amount_minor:
        raise SpendingRefused(SpendingProblem.balance)
    if disbursement.moves:
        await _check_move(connection, disbursement, now)
        return
    if not 0 < len(disbursement.payee) <= MAX_PAYEE:
        raise SpendingRefused(SpendingProblem.payee)
    if disbursement.voucher is None:
        raise SpendingRefused(SpendingProblem.voucher)
    if disbursement.spent_on > now.astimezone(OFFICIAL_TIME).date():
        raise SpendingRefused(SpendingProblem.day)
    month = f"{disbursement.spent_on:%Y-%m}"
    if await locked_months.is_locked(connection, disbursement.community, disbursement.environment, month):
        raise SpendingRefused(SpendingProblem.month)


async def _check_correction(connection: Connection, disbursement: Disbursement) -> None:
    """Allow no more than was spent, in money and in people."""
    wrong = await disbursements.get(connection, disbursement.corrects or "")
    if wrong is None or wrong.purse != disbursement.purse or wrong.moves or wrong.corrects is not None:
        raise SpendingRefused(SpendingProblem.target)
    if wrong.state != DisbursementState.approved:
        raise SpendingRefused(SpendingProblem.target)
    earlier = [
        each
        for each in await disbursements.corrections(connection, wrong.id)
        if each.state == DisbursementState.approved and each.id != disbursement.id
    ]
    if sum(each.amount_minor for each in earlier) + disbursement.amount_minor > wrong.amount_minor:
        raise SpendingRefused(SpendingProblem.too_much)
    if sum(each.people or 0 for each in earlier) + (disbursement.people or 0) > (wrong.people or 0):
        raise SpendingRefused(SpendingProblem.people)


async def _check_move(connection: Connection, disbursement: Disbursement, now: datetime) -> None:
    balances_ = await projects.holding(connection, disbursement.community)
    ended, target = balances_.get(disbursement.project), balances_.get(disbursement.to_project)
    if ended is None or target is None or ended.id == target.id or ended.organisation != target.organisation:
        raise SpendingRefused(SpendingProblem.target)
    known = await projects.known(connection, disbursement.community, disbursement.project)
    if not ended.withdrawn and known is not None and judge(known.permit, now).open:
        raise SpendingRefused(SpendingProblem.not_ended)


async def _lines(connection: Connection, disbursement: Disbursement, now: datetime) -> tuple[LedgerLine, ...]:
    """Return the ledger lines. Spending is dated on its day, everything else now."""
    at = datetime.combine(disbursement.spent_on, time(12), OFFICIAL_TIME)
    if disbursement.corrects is not None or disbursement.moves:
        at = await locked_months.open_time(connection, disbursement.community, disbursement.environment, now)
    spent = LedgerLine(
        identity=f"disbursed:{disbursement.id}",
        kind=LineKind.disbursed.value,
        community=disbursement.community,
        environment=disbursement.environment,
        project=disbursement.project,
        amount_minor=disbursement.amount_minor,
        currency=disbursement.currency,
        secret=secrets.token_hex(16),
        evidence=disbursement.voucher or "",
        at=at,
        purpose=disbursement.purpose,
        people=disbursement.people,
    )
    if disbursement.corrects is not None:
        return (replace(spent, amount_minor=-disbursement.amount_minor, refers=f"disbursed:{disbursement.corrects}"),)
    if not disbursement.moves:
        return (spent,)
    moved_out = replace(spent, identity=f"moved_out:{disbursement.id}", kind=LineKind.moved_out.value, people=None)
    moved_in = replace(
        moved_out,
        identity=f"moved_in:{disbursement.id}",
        kind=LineKind.moved_in.value,
        project=disbursement.to_project,
        secret=secrets.token_hex(16),
        refers=moved_out.identity,
    )
    return (replace(moved_out, refers=moved_in.identity), moved_in)
