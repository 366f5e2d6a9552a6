"""Spend money: requested by one person, decided by another, and never more than the project has."""

import secrets
from dataclasses import replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from central_server.errors import CentralError
from central_server.ledger.spending_rules import SpendingRules
from central_server.store.accounts.independence import are_independent
from central_server.store.catalogue import projects
from central_server.store.catalogue.projects import StoredProject
from central_server.store.engine.connection import Connection
from central_server.store.ledger import disbursements, ledger_lines, locked_months, project_terms, purses
from central_server.store.ledger.disbursements import Disbursement, DisbursementState
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from central_server.store.ledger.purses import Purse
from sync_contract.permit import OFFICIAL_TIME, judge

MAX_TEXT = 300
MAX_PAYEE = 200
MAX_PEOPLE = 1_000_000
PEOPLE_STEP = 5
"""A purse publishes numbers of people in whole steps, so no figure and no difference of figures is between 0 and 5."""
MAX_AGE = timedelta(days=366)
"""Older spending is not entered any more: its year is closed."""


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
    dependent = "dependent"
    """One person could use both accounts."""
    decided = "decided"
    """Another person has decided before."""
    target = "target"
    """Not another project of the same organisation in the community."""
    not_ended = "not_ended"
    """Money is moved only from an ended project."""
    too_much = "too_much"
    """More than was spent, with earlier corrections."""
    more_than_owed = "more_than_owed"
    """More than the shortfall of the project."""
    cases = "cases"
    """Not six-digit numbers of open cases of the community with one kind of help, or the account may not decide."""
    new_payee_wait = "new_payee_wait"
    """The first payment to a payee is approved some time after its request."""
    new_payee_limit = "new_payee_limit"
    """More than a new payee may get."""


class SpendingRefused(CentralError):
    def __init__(self, problem: SpendingProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


async def free_minor(
    connection: Connection, purse: Purse, now: datetime, *, fee_basis_points: int = 0, undecided: bool = True
) -> int:
    """Return fen that the purse may spend: its balance less pending refunds, expected fees and what the bank may
    return. `undecided`: refunds that wait for a decision count as pending.
    """
    balance = (await purses.get(connection, purse)).balance_minor
    return balance - await disbursements.reserved(connection, purse, now, fee_basis_points, undecided=undecided)


async def ask(connection: Connection, disbursement: Disbursement, now: datetime, rules: SpendingRules) -> None:
    """Record a request, within a write. Raises SpendingRefused."""
    await ledger_lines.lock_ledger(connection, disbursement.community)
    await _check(connection, disbursement, now, rules)
    await disbursements.add(connection, disbursement)


async def approve(
    connection: Connection, disbursement: Disbursement, *, by: str, note: str, now: datetime, rules: SpendingRules
) -> None:
    """Approve it and post it to the ledger. Raises SpendingRefused."""
    await ledger_lines.lock_ledger(connection, disbursement.community)
    await _decide(connection, disbursement, DisbursementState.approved, by, note, now)
    await _check(connection, disbursement, now, rules)
    await _check_new_payee(connection, disbursement, now, rules)
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
    if not await are_independent(connection, disbursement.requested_by, by):
        raise SpendingRefused(SpendingProblem.dependent)
    if not await disbursements.decide(connection, disbursement, state, by=by, note=note[:MAX_TEXT], at=now):
        raise SpendingRefused(SpendingProblem.decided)


async def _check(connection: Connection, disbursement: Disbursement, now: datetime, rules: SpendingRules) -> None:
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
    if disbursement.covers:
        await _check_cover(connection, disbursement)
    from_purse = disbursement.moves or not disbursement.covers
    if from_purse:
        free = await free_minor(connection, disbursement.purse, now, fee_basis_points=rules.fee_basis_points)
        if free < disbursement.amount_minor:
            raise SpendingRefused(SpendingProblem.balance)
    if disbursement.covers:
        return
    if disbursement.moves:
        await _check_move(connection, disbursement, now)
        return
    if not 0 < len(disbursement.payee) <= MAX_PAYEE:
        raise SpendingRefused(SpendingProblem.payee)
    if disbursement.voucher is None:
        raise SpendingRefused(SpendingProblem.voucher)
    today = now.astimezone(OFFICIAL_TIME).date()
    if not today - MAX_AGE <= disbursement.spent_on <= today:
        raise SpendingRefused(SpendingProblem.day)
    month = f"{disbursement.spent_on:%Y-%m}"
    if await locked_months.is_locked(connection, disbursement.community, disbursement.environment, month):
        raise SpendingRefused(SpendingProblem.month)


async def _check_new_payee(
    connection: Connection, disbursement: Disbursement, now: datetime, rules: SpendingRules
) -> None:
    if not disbursement.payee or disbursement.corrects is not None:
        return
    paid = await disbursements.paid_to(connection, disbursement)
    if paid.since is not None and paid.since + rules.new_payee_for <= now:
        return
    if paid.since is None and now < disbursement.requested_at + rules.new_payee_wait:
        raise SpendingRefused(SpendingProblem.new_payee_wait)
    if paid.minor + disbursement.amount_minor > rules.new_payee_minor:
        raise SpendingRefused(SpendingProblem.new_payee_limit)


async def _check_cover(connection: Connection, disbursement: Disbursement) -> None:
    """Allow no more than the organisation owes, from its own means or another project of it; with evidence."""
    short = disbursement.to_project or disbursement.project
    owed = (await purses.get(connection, (disbursement.community, disbursement.environment, short))).owed_minor
    if disbursement.amount_minor > owed:
        raise SpendingRefused(SpendingProblem.more_than_owed)
    if disbursement.moves:
        await _source(connection, disbursement)
    elif disbursement.voucher is None:
        raise SpendingRefused(SpendingProblem.voucher)


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


async def _source(connection: Connection, disbursement: Disbursement) -> StoredProject:
    """Return the project that gives the money to `to_project`."""
    others = await projects.others_of_organisation(connection, disbursement.community, disbursement.to_project)
    if disbursement.project not in others:
        raise SpendingRefused(SpendingProblem.target)
    return others[disbursement.project]


async def _check_move(connection: Connection, disbursement: Disbursement, now: datetime) -> None:
    ended = await _source(connection, disbursement)
    known = await projects.known(connection, disbursement.community, disbursement.project)
    if not ended.withdrawn and known is not None and judge(known.permit, now).open:
        raise SpendingRefused(SpendingProblem.not_ended)


async def _lines(connection: Connection, disbursement: Disbursement, now: datetime) -> tuple[LedgerLine, ...]:
    """Return the ledger lines. Spending is dated on its day, everything else now."""
    at = datetime.combine(disbursement.spent_on, time(12), OFFICIAL_TIME)
    if disbursement.corrects is not None or disbursement.moves or disbursement.covers:
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
        people=await _published_people(connection, disbursement),
        terms=await _terms(connection, disbursement.community, disbursement.project),
    )
    if disbursement.corrects is not None:
        corrected = f"disbursed:{disbursement.corrects}"
        wrong = await ledger_lines.get(connection, corrected)
        terms = spent.terms if wrong is None else wrong.terms
        return (replace(spent, amount_minor=-disbursement.amount_minor, refers=corrected, terms=terms),)
    if not disbursement.moves and not disbursement.covers:
        return (spent,)
    return await _moving_lines(connection, disbursement, replace(spent, people=None))


async def _published_people(connection: Connection, disbursement: Disbursement) -> int | None:
    """Return how many people the line of an approved disbursement states: the rest waits and joins the next one's."""
    if disbursement.people is None:
        return None
    helped = await disbursements.people_helped(connection, disbursement.purse)
    before = helped + disbursement.people if disbursement.corrects else helped - disbursement.people
    return abs(helped // PEOPLE_STEP - before // PEOPLE_STEP) * PEOPLE_STEP


async def _moving_lines(
    connection: Connection, disbursement: Disbursement, spent: LedgerLine
) -> tuple[LedgerLine, ...]:
    """Return the lines that move money to another project, or that cover a shortfall."""
    target = disbursement.to_project or disbursement.project
    moved_out = replace(spent, identity=f"moved_out:{disbursement.id}", kind=LineKind.moved_out.value)
    moved_in = replace(
        spent,
        identity=f"moved_in:{disbursement.id}",
        kind=LineKind.moved_in.value,
        project=target,
        secret=secrets.token_hex(16),
        terms=await _terms(connection, disbursement.community, target),
    )
    lines: tuple[LedgerLine, ...] = (moved_in,)
    if disbursement.moves:
        lines = (replace(moved_out, refers=moved_in.identity), replace(moved_in, refers=moved_out.identity))
    if not disbursement.covers:
        return lines
    paid = replace(
        moved_in,
        identity=f"shortfall:{disbursement.id}",
        kind=LineKind.shortfall.value,
        amount_minor=-disbursement.amount_minor,
        secret=secrets.token_hex(16),
        refers=moved_in.identity,
    )
    return (*lines, paid)


async def _terms(connection: Connection, community: str, project: str) -> str | None:
    return await project_terms.add(connection, await projects.known(connection, community, project))
