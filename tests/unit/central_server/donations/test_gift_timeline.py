"""The way of one gift as a timeline: every step with its time and evidence, or with what to do."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from central_server.staff.donations.gift_timeline import GiftFacts, Hint, Progress, Spent, Stop, build_timeline
from central_server.staff.donations.timeline_wording import EVIDENCE, HINTS, MARKS, STOPS
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.intents import Intent
from central_server.store.donations.receipts import Receipt
from central_server.store.donations.refunds import StoredRefund
from central_server.store.donations.remittances import Remittance
from central_server.store.ledger.ledger_lines import LedgerLine
from central_server.store.ledger.money_uses import DatedUse, GiftPath
from central_server.store.reconciliation.statements import StoredStatement

AT = datetime(2026, 12, 1, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ID = "a" * 32
INTENT = Intent(
    "0" * 16, ID, "huada", "drill", "lunch", 5000, "CNY", None, 1, "ticket", "touch", AT, "ticket", "registered"
)
ATTEMPT = Attempt(
    "b" * 32, "0" * 16, ID, 1, "huada", "drill", "unionpay", 5000, "CNY", "n", "sent", AT, 0, None, evidence="P-1"
)
PAID = replace(ATTEMPT, state="paid", paid_at=AT)
LINE = LedgerLine(f"received:{ATTEMPT.id}", "paid", "huada", "drill", "lunch", 5000, "CNY", "s", "P-1", AT, n=7)
ENTERED = Remittance(ATTEMPT.id, "huada", date(2026, 12, 1), "v" * 64, True, None, None, "lin", AT)
FILE = StoredStatement(3, "unionpay", date(2026, 12, 1), "all", "drill", "f", "x", 1, AT + DAY, "nightly")
USES = (DatedUse("disbursed:d1", "disbursed", 3000, 2, AT + DAY), DatedUse("disbursed:d2", "disbursed", 2000, 3, AT))
PATH = GiftPath(1, AT, 5000, 0, 0, 0, USES)
BEGUN = GiftFacts(INTENT, AT)
DONE = replace(BEGUN, delivered_at=AT, number=12, attempt=replace(PAID, statement=3, statement_line=5), line=LINE)
ISSUED = Receipt(ATTEMPT.id, "huada", "issued", "X-9", AT, "chen")


def test_a_complete_way_has_every_step_in_order_with_its_evidence() -> None:
    steps = build_timeline(replace(DONE, recorded_at=AT, statement=FILE, path=PATH, receipt=ISSUED))
    order = [Stop.screen, Stop.gateway, Stop.server, Stop.phone, Stop.bank, Stop.file, Stop.ledger, Stop.board,
             Stop.spending, Stop.receipt]  # fmt: skip
    assert [step.stop for step in steps] == order
    assert all(step.progress is Progress.done and step.at and not step.hint for step in steps)
    evidence = {step.stop: step.evidence for step in steps if step.evidence}
    assert (evidence[Stop.gateway], evidence[Stop.bank], evidence[Stop.receipt]) == ("12", "P-1", "X-9")
    spending = steps[-2]
    assert spending.minor == 5000
    assert spending.spent == (Spent("d1", 3000), Spent("d2", 2000))
    for step in steps:
        assert not step.evidence or step.stop in EVIDENCE


@pytest.mark.parametrize(
    ("facts", "stop", "progress", "hint"),
    [
        (BEGUN, Stop.gateway, Progress.waiting, Hint.gateway_delivers),
        (replace(BEGUN, now=AT + DAY), Stop.gateway, Progress.late, Hint.gateway_late),
        (replace(DONE, contradicted=True), Stop.gateway, Progress.late, Hint.record_contradicts),
        (BEGUN, Stop.phone, Progress.waiting, Hint.donor_on_the_way),
        (replace(BEGUN, now=AT + DAY), Stop.phone, Progress.ended, Hint.donor_left),
        (replace(BEGUN, attempt=ATTEMPT), Stop.bank, Progress.waiting, Hint.bank_is_asked),
        (replace(BEGUN, attempt=ATTEMPT, now=AT + DAY), Stop.bank, Progress.late, Hint.bank_silent),
        (replace(BEGUN, attempt=replace(ATTEMPT, state="failed")), Stop.bank, Progress.ended, Hint.order_ended),
        (replace(BEGUN, attempt=replace(ATTEMPT, state="unconfirmed")), Stop.bank, Progress.waiting,
            Hint.evidence_needed),
        (replace(BEGUN, intent=replace(INTENT, first_seen_in="page")), Stop.server, Progress.done, Hint.no_gateway),
        (replace(DONE, attempt=PAID), Stop.file, Progress.waiting, Hint.file_comes),
        (replace(DONE, attempt=PAID, now=AT + 5 * DAY), Stop.file, Progress.late, Hint.file_late),
        (replace(DONE, statement=FILE, difference=True), Stop.file, Progress.late, Hint.difference_open),
        (replace(DONE, attempt=replace(PAID, bank="link")), Stop.file, Progress.needless, Hint.no_file_platform),
        (replace(DONE, attempt=replace(PAID, bank="sandbox"), now=AT + 5 * DAY), Stop.file, Progress.needless,
            Hint.no_file_drill),
        (DONE, Stop.board, Progress.waiting, Hint.five_together),
        (DONE, Stop.spending, Progress.waiting, Hint.after_board),
        (replace(DONE, path=replace(PATH, left_minor=5000, uses=())), Stop.spending, Progress.waiting, Hint.in_order),
        (replace(DONE, path=replace(PATH, left_minor=2000, uses=USES[:1])), Stop.spending, Progress.partial,
            Hint.in_order),
        (replace(DONE, path=replace(PATH, refunded_minor=5000, uses=())), Stop.spending, Progress.ended, Hint.returned),
        (DONE, Stop.receipt, Progress.needless, Hint.receipt_unwanted),
        (replace(DONE, receipt=replace(ISSUED, state="due")), Stop.receipt, Progress.waiting, Hint.receipt_due),
        (replace(DONE, receipt=replace(ISSUED, state="due"), now=AT + 40 * DAY), Stop.receipt, Progress.late,
            Hint.receipt_due),
    ],
)  # fmt: skip
def test_a_step_that_is_missing_or_late_names_the_reason(
    facts: GiftFacts, stop: Stop, progress: Progress, hint: Hint
) -> None:
    (step,) = (step for step in build_timeline(facts) if step.stop is stop)
    assert (step.progress, step.hint) == (progress, hint)


def test_a_transfer_begins_at_the_desk_and_needs_no_file() -> None:
    attempt = replace(ATTEMPT, bank="transfer", state="pending")
    waiting = GiftFacts(replace(INTENT, first_seen_in="staff"), AT, attempt=attempt, remittance=ENTERED)
    desk, bank = build_timeline(waiting)
    assert (desk.stop, desk.evidence, bank.progress, bank.hint) == (
        Stop.desk, "lin", Progress.waiting, Hint.second_person
    )  # fmt: skip
    assert build_timeline(replace(waiting, now=AT + 8 * DAY))[-1].progress is Progress.late
    declined = replace(waiting, attempt=replace(attempt, state="failed"))
    assert build_timeline(declined)[-1].hint is Hint.declined
    paid = replace(waiting, attempt=replace(PAID, bank="transfer"), line=LINE)
    (file,) = (step for step in build_timeline(paid) if step.stop is Stop.file)
    assert (file.progress, file.hint) == (Progress.needless, Hint.no_file_advice)


@pytest.mark.parametrize(
    ("state", "progress", "hint"),
    [
        ("requested", Progress.waiting, Hint.refund_decision),
        ("sent", Progress.waiting, Hint.refund_at_bank),
        ("refunded", Progress.done, None),
        ("refused", Progress.late, Hint.refund_refused),
        ("declined", Progress.ended, None),
    ],
)
def test_a_refund_is_a_step_of_its_own(state: str, progress: Progress, hint: Hint | None) -> None:
    refund = StoredRefund("r", ATTEMPT.id, "huada", "drill", "lunch", 1000, "CNY", "why", state, "lin", AT)
    (step,) = (step for step in build_timeline(replace(DONE, refunds=(refund,))) if step.stop is Stop.refund)
    assert (step.progress, step.hint, step.minor) == (progress, hint, 1000)


def test_every_value_has_words() -> None:
    assert (set(STOPS), set(MARKS), set(HINTS)) == (set(Stop), set(Progress), set(Hint))
