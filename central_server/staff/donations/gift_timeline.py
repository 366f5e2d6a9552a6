"""Put the way of one gift into order, from the screen to the receipt: what happened, and what is missing or late."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from central_server.banks.settlement_day import settlement_day
from central_server.reconciliation.remittances import STAFF
from central_server.reconciliation.settlement_days import GRACE, newest_day
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.intents import Intent
from central_server.store.donations.receipts import Receipt, ReceiptState
from central_server.store.donations.refunds import WAITING, RefundState, StoredRefund
from central_server.store.donations.remittances import Remittance
from central_server.store.ledger.ledger_lines import IN_NO_FILE, LINK, REMITTED, LedgerLine
from central_server.store.ledger.money_uses import GiftPath
from central_server.store.reconciliation.statements import StoredStatement
from sync_contract.records import IntentState

_DELIVERED_WITHIN = timedelta(hours=1)
_DONOR_TAKES = timedelta(hours=2)
"""After this time the bank has closed an order that nobody paid."""
_CONFIRMED_WITHIN = timedelta(days=7)
_RECEIPT_WITHIN = timedelta(days=30)


class Stop(StrEnum):
    """In the order of the way."""

    screen = "screen"
    desk = "desk"
    gateway = "gateway"
    server = "server"
    phone = "phone"
    bank = "bank"
    file = "file"
    ledger = "ledger"
    board = "board"
    refund = "refund"
    spending = "spending"
    receipt = "receipt"


class Progress(StrEnum):
    done = "done"
    partial = "partial"
    waiting = "waiting"
    late = "late"
    """Somebody has to look."""
    ended = "ended"
    """It will not happen any more."""
    needless = "needless"
    """It is not part of this gift's way."""


class Hint(StrEnum):
    """Why a step is not done, and what to do."""

    gateway_delivers = "gateway_delivers"
    gateway_late = "gateway_late"
    record_contradicts = "record_contradicts"
    no_gateway = "no_gateway"
    donor_on_the_way = "donor_on_the_way"
    donor_left = "donor_left"
    bank_is_asked = "bank_is_asked"
    bank_silent = "bank_silent"
    order_ended = "order_ended"
    evidence_needed = "evidence_needed"
    second_person = "second_person"
    declined = "declined"
    file_comes = "file_comes"
    file_late = "file_late"
    difference_open = "difference_open"
    no_file_advice = "no_file_advice"
    no_file_platform = "no_file_platform"
    no_file_drill = "no_file_drill"
    five_together = "five_together"
    refund_decision = "refund_decision"
    refund_at_bank = "refund_at_bank"
    refund_refused = "refund_refused"
    after_board = "after_board"
    in_order = "in_order"
    returned = "returned"
    receipt_due = "receipt_due"
    receipt_unwanted = "receipt_unwanted"


@dataclass(frozen=True, slots=True)
class Spent:
    """Fen of the gift that a disbursement used; `disbursement` "" where the money was moved."""

    disbursement: str
    minor: int


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """`at`: None while it is not done, or where the time is not known. `evidence`: a number or id. `link`: a path."""

    stop: Stop
    progress: Progress
    at: datetime | None = None
    hint: Hint | None = None
    evidence: str = ""
    link: str = ""
    minor: int | None = None
    spent: tuple[Spent, ...] = ()


@dataclass(frozen=True, slots=True)
class GiftFacts:
    """What the server knows of a gift. `recorded_at`: by the gateway's clock; `delivered_at`, `number`: of its record.

    `contradicted`: a record of it was refused or differs. `attempt`: the paid one, else the latest. `line`: its payment
    in the ledger. `difference`: an open one with the bank's files.
    """

    intent: Intent
    now: datetime
    recorded_at: datetime | None = None
    delivered_at: datetime | None = None
    number: int | None = None
    contradicted: bool = False
    attempt: Attempt | None = None
    remittance: Remittance | None = None
    statement: StoredStatement | None = None
    difference: bool = False
    line: LedgerLine | None = None
    path: GiftPath | None = None
    refunds: tuple[StoredRefund, ...] = ()
    refund_lines: tuple[LedgerLine, ...] = ()
    receipt: Receipt | None = None


def build_timeline(facts: GiftFacts) -> tuple[TimelineStep, ...]:
    """Return the steps in the order of the way; those behind a step that ended are left out."""
    steps = [*_origin(facts), *_payment(facts)]
    if steps[-1].progress is Progress.done and facts.line is not None:
        steps += [_file(facts), _ledger(facts.line), _board(facts), *_refunds(facts), _spending(facts), _receipt(facts)]
    return tuple(steps)


def _origin(facts: GiftFacts) -> Iterator[TimelineStep]:
    intent = facts.intent
    if facts.remittance is not None:
        entered = facts.remittance
        link = f"/staff/remittances/{entered.attempt}"
        yield TimelineStep(Stop.desk, Progress.done, entered.entered_at, None, entered.entered_by, link)
        return
    if intent.first_seen_in == "page":
        yield TimelineStep(Stop.server, Progress.done, intent.first_seen_at, Hint.no_gateway)
        return
    record = f"/staff/parcels/{intent.gateway}/{intent.id}"
    yield TimelineStep(Stop.screen, Progress.done, facts.recorded_at)
    if facts.contradicted:
        yield TimelineStep(Stop.gateway, Progress.late, None, Hint.record_contradicts, link=record)
    elif facts.delivered_at is not None:
        yield TimelineStep(Stop.gateway, Progress.done, facts.delivered_at, None, str(facts.number or ""), record)
    else:
        late = facts.now - intent.first_seen_at > _DELIVERED_WITHIN
        link = f"/staff/gateways/{intent.gateway}"
        progress, hint = (Progress.late, Hint.gateway_late) if late else (Progress.waiting, Hint.gateway_delivers)
        yield TimelineStep(Stop.gateway, progress, None, hint, link=link)
    yield TimelineStep(Stop.server, Progress.done, intent.first_seen_at)


def _payment(facts: GiftFacts) -> Iterator[TimelineStep]:
    attempt, intent = facts.attempt, facts.intent
    if attempt is None:
        yield _unopened(facts)
        return
    if intent.first_seen_in != STAFF:
        yield TimelineStep(Stop.phone, Progress.done, attempt.opened_at, None, attempt.id)
    if attempt.paid:
        yield TimelineStep(Stop.bank, Progress.done, attempt.paid_at, None, attempt.evidence)
    elif facts.remittance is not None:
        yield _undecided(facts.remittance, attempt, facts.now)
    elif attempt.state == AttemptState.unconfirmed:
        yield TimelineStep(Stop.bank, Progress.waiting, None, Hint.evidence_needed, link="/staff/evidence")
    elif attempt.live:
        late = facts.now - attempt.opened_at > _DONOR_TAKES
        progress, hint = (Progress.late, Hint.bank_silent) if late else (Progress.waiting, Hint.bank_is_asked)
        yield TimelineStep(Stop.bank, progress, None, hint, attempt.id)
    else:
        yield TimelineStep(Stop.bank, Progress.ended, None, Hint.order_ended, attempt.id)


def _unopened(facts: GiftFacts) -> TimelineStep:
    if facts.intent.state == IntentState.unconfirmed:
        return TimelineStep(Stop.bank, Progress.waiting, None, Hint.evidence_needed, link="/staff/evidence")
    if facts.now - facts.intent.first_seen_at > _DONOR_TAKES:
        return TimelineStep(Stop.phone, Progress.ended, None, Hint.donor_left)
    return TimelineStep(Stop.phone, Progress.waiting, None, Hint.donor_on_the_way)


def _undecided(remittance: Remittance, attempt: Attempt, now: datetime) -> TimelineStep:
    link = f"/staff/remittances/{attempt.id}"
    if attempt.state == AttemptState.failed:
        return TimelineStep(Stop.bank, Progress.ended, remittance.decided_at, Hint.declined, attempt.evidence, link)
    late = now - remittance.entered_at > _CONFIRMED_WITHIN
    progress = Progress.late if late else Progress.waiting
    return TimelineStep(Stop.bank, progress, None, Hint.second_person, attempt.evidence, link)


def _file(facts: GiftFacts) -> TimelineStep:
    attempt = facts.attempt
    assert attempt is not None  # it was paid
    if facts.difference:
        return TimelineStep(Stop.file, Progress.late, None, Hint.difference_open, link="/staff/reconciliation")
    if facts.statement is not None:
        link = f"/staff/reconciliation/{facts.statement.id}"
        line = str(attempt.statement_line)
        return TimelineStep(Stop.file, Progress.done, facts.statement.fetched_at, None, line, link)
    if attempt.bank in REMITTED:
        return TimelineStep(Stop.file, Progress.needless, None, Hint.no_file_advice)
    if attempt.bank == LINK:
        return TimelineStep(Stop.file, Progress.needless, None, Hint.no_file_platform)
    if attempt.bank in IN_NO_FILE:
        return TimelineStep(Stop.file, Progress.needless, None, Hint.no_file_drill)
    late = attempt.paid_at is not None and newest_day(facts.now) >= settlement_day(attempt.paid_at) + GRACE
    progress, hint = (Progress.late, Hint.file_late) if late else (Progress.waiting, Hint.file_comes)
    return TimelineStep(Stop.file, progress, None, hint, link="/staff/reconciliation")


def _ledger(line: LedgerLine) -> TimelineStep:
    return TimelineStep(Stop.ledger, Progress.done, line.at, None, str(line.n))


def _board(facts: GiftFacts) -> TimelineStep:
    if facts.path is None:
        return TimelineStep(Stop.board, Progress.waiting, None, Hint.five_together)
    return TimelineStep(Stop.board, Progress.done, facts.path.published_at, None, str(facts.path.step))


def _refunds(facts: GiftFacts) -> Iterator[TimelineStep]:
    posted = {line.identity: line.at for line in facts.refund_lines}
    hints = {RefundState.requested: Hint.refund_decision, RefundState.refused: Hint.refund_refused}
    for refund in facts.refunds:
        state = RefundState(refund.state)
        progress = Progress.waiting if state in WAITING else Progress.ended
        if state is RefundState.refunded:
            progress = Progress.done
        elif state is RefundState.refused:
            progress = Progress.late
        hint = hints.get(state, Hint.refund_at_bank if state in WAITING else None)
        at = posted.get(f"refund:{refund.id}", refund.decided_at)
        yield TimelineStep(Stop.refund, progress, at, hint, link="/staff/refunds", minor=refund.amount_minor)


def _spending(facts: GiftFacts) -> TimelineStep:
    path = facts.path
    if path is None:
        return TimelineStep(Stop.spending, Progress.waiting, None, Hint.after_board)
    used: dict[str, int] = {}
    for use in path.uses:
        used[use.disbursement] = used.get(use.disbursement, 0) + use.minor
    spent = tuple(Spent(disbursement, minor) for disbursement, minor in used.items() if minor)
    if not spent and path.left_minor == 0:
        return TimelineStep(Stop.spending, Progress.ended, None, Hint.returned)
    if not spent:
        return TimelineStep(Stop.spending, Progress.waiting, None, Hint.in_order)
    progress, hint = (Progress.partial, Hint.in_order) if path.left_minor else (Progress.done, None)
    total = sum(each.minor for each in spent)
    return TimelineStep(Stop.spending, progress, path.uses[-1].at, hint, minor=total, spent=spent)


def _receipt(facts: GiftFacts) -> TimelineStep:
    receipt = facts.receipt
    if receipt is None or receipt.state in (ReceiptState.anonymous, ReceiptState.waived):
        return TimelineStep(Stop.receipt, Progress.needless, None, Hint.receipt_unwanted)
    if receipt.state == ReceiptState.issued:
        return TimelineStep(Stop.receipt, Progress.done, receipt.changed_at, None, receipt.number, "/staff/receipts")
    late = facts.now - receipt.changed_at > _RECEIPT_WITHIN
    progress = Progress.late if late else Progress.waiting
    return TimelineStep(Stop.receipt, progress, None, Hint.receipt_due, link="/staff/receipts")


def chosen_attempt(tried: Sequence[Attempt]) -> Attempt | None:
    """Return the first paid attempt, else the latest one."""
    return next((each for each in tried if each.paid), tried[-1] if tried else None)
