"""Money goes out: asked for by one person, decided by another, and never more than its project holds."""

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

LONGEST_TEXT = 300
LONGEST_PAYEE = 200
MOST_PEOPLE = 1_000_000


class Why(StrEnum):
    """Of which field, or of what, somebody has to think again."""

    amount = "amount"
    purpose = "purpose"
    payee = "payee"
    voucher = "voucher"
    day = "day"
    people = "people"
    balance = "balance"
    """The project does not hold so much."""
    month = "month"
    """The month's books are closed."""
    own = "own"
    """Who asked does not decide."""
    decided = "decided"
    """Somebody was faster."""
    target = "target"
    """Not another project of the same organisation in the community."""
    not_ended = "not_ended"
    """Money is moved only when its project has ended."""
    too_much = "too_much"
    """More than was spent, with what was corrected before."""


class SpendingRefused(CentralError):
    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


async def available(connection: Connection, disbursement: Disbursement, now: datetime) -> int:
    """Fen that may go out of its purse: what is there, less what refunds under way will take, and the bank may."""
    held = await ledger_lines.balances(connection, disbursement.community, disbursement.environment)
    return held.get(disbursement.project, 0) - await disbursements.reserved(connection, disbursement.purse, now)


async def ask(connection: Connection, disbursement: Disbursement, now: datetime) -> None:
    """Raises SpendingRefused."""
    await ledger_lines.alone(connection, disbursement.community)
    await _check(connection, disbursement, now)
    await disbursements.add(connection, disbursement)


async def approve(connection: Connection, asked: Disbursement, *, by: str, note: str, now: datetime) -> None:
    """It stands in the ledger from now on. Raises SpendingRefused."""
    await ledger_lines.alone(connection, asked.community)
    await _decide(connection, asked, DisbursementState.approved, by, note, now)
    await _check(connection, asked, now)
    for line in await _lines(connection, asked, now):
        if not await ledger_lines.add(connection, line):
            raise SpendingRefused(Why.decided)


async def decline(connection: Connection, asked: Disbursement, *, by: str, note: str, now: datetime) -> None:
    """Raises SpendingRefused."""
    await ledger_lines.alone(connection, asked.community)
    await _decide(connection, asked, DisbursementState.declined, by, note, now)


async def _decide(
    connection: Connection, asked: Disbursement, state: DisbursementState, by: str, note: str, now: datetime
) -> None:
    if asked.asked_by == by:
        raise SpendingRefused(Why.own)
    if not await disbursements.decide(connection, asked, state, by=by, note=note[:LONGEST_TEXT], at=now):
        raise SpendingRefused(Why.decided)


async def _check(connection: Connection, asked: Disbursement, now: datetime) -> None:
    """What must hold when it is asked for and still when it is approved."""
    if not 0 < asked.amount_minor < 2**53:
        raise SpendingRefused(Why.amount)
    if not 0 < len(asked.purpose) <= LONGEST_TEXT:
        raise SpendingRefused(Why.purpose)
    if asked.people is not None and not 0 <= asked.people <= MOST_PEOPLE:
        raise SpendingRefused(Why.people)
    if asked.corrects is not None:
        await _check_correction(connection, asked)
        return
    if await available(connection, asked, now) < asked.amount_minor:
        raise SpendingRefused(Why.balance)
    if asked.moves:
        await _check_move(connection, asked, now)
        return
    if not 0 < len(asked.payee) <= LONGEST_PAYEE:
        raise SpendingRefused(Why.payee)
    if asked.voucher is None:
        raise SpendingRefused(Why.voucher)
    if asked.spent_on > now.astimezone(OFFICIAL_TIME).date():
        raise SpendingRefused(Why.day)
    month = f"{asked.spent_on:%Y-%m}"
    if await locked_months.is_locked(connection, asked.community, asked.environment, month):
        raise SpendingRefused(Why.month)


async def _check_correction(connection: Connection, asked: Disbursement) -> None:
    """Not more than was spent, in money and in people."""
    wrong = await disbursements.get(connection, asked.corrects or "")
    if wrong is None or wrong.purse != asked.purse or wrong.moves or wrong.corrects is not None:
        raise SpendingRefused(Why.target)
    if wrong.state != DisbursementState.approved:
        raise SpendingRefused(Why.target)
    before = [
        each
        for each in await disbursements.corrections(connection, wrong.id)
        if each.state == DisbursementState.approved and each.id != asked.id
    ]
    if sum(each.amount_minor for each in before) + asked.amount_minor > wrong.amount_minor:
        raise SpendingRefused(Why.too_much)
    if sum(each.people or 0 for each in before) + (asked.people or 0) > (wrong.people or 0):
        raise SpendingRefused(Why.people)


async def _check_move(connection: Connection, asked: Disbursement, now: datetime) -> None:
    held = await projects.holding(connection, asked.community)
    ended, other = held.get(asked.project), held.get(asked.to_project)
    if ended is None or other is None or ended.id == other.id or ended.organisation != other.organisation:
        raise SpendingRefused(Why.target)
    known = await projects.known(connection, asked.community, asked.project)
    if not ended.withdrawn and known is not None and judge(known.permit, now).open:
        raise SpendingRefused(Why.not_ended)


async def _lines(connection: Connection, asked: Disbursement, now: datetime) -> tuple[LedgerLine, ...]:
    """Spending is dated on its day, all else now."""
    at = datetime.combine(asked.spent_on, time(12), OFFICIAL_TIME)
    if asked.corrects is not None or asked.moves:
        at = await locked_months.open_time(connection, asked.community, asked.environment, now)
    spent = LedgerLine(
        identity=f"disbursed:{asked.id}",
        kind=LineKind.disbursed.value,
        community=asked.community,
        environment=asked.environment,
        project=asked.project,
        amount_minor=asked.amount_minor,
        currency=asked.currency,
        secret=secrets.token_hex(16),
        evidence=asked.voucher or "",
        at=at,
        purpose=asked.purpose,
        people=asked.people,
    )
    if asked.corrects is not None:
        return (replace(spent, amount_minor=-asked.amount_minor, refers=f"disbursed:{asked.corrects}"),)
    if not asked.moves:
        return (spent,)
    gone = replace(spent, identity=f"moved_out:{asked.id}", kind=LineKind.moved_out.value, people=None)
    came = replace(
        gone,
        identity=f"moved_in:{asked.id}",
        kind=LineKind.moved_in.value,
        project=asked.to_project,
        secret=secrets.token_hex(16),
        refers=gone.identity,
    )
    return (replace(gone, refers=came.identity), came)
