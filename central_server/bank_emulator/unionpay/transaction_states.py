"""State changes of a transaction: pure functions with the bank's time as an argument."""

from collections.abc import Mapping
from dataclasses import replace

from central_server.bank_emulator.unionpay.clock import after_working_days
from central_server.bank_emulator.unionpay.codes import FAILED, FLAWED, PAID_LATE, SUCCESS, Code
from central_server.bank_emulator.unionpay.transactions import REFUND, Transaction, new_numbers

_A_MINUTE_S = 60.0
_LIFETIME_S = 15 * 60.0
_WORKING_DAYS = 5
GAPS_MIN = (0.0, 1.0, 2.0, 4.0)
"""Minutes between notifications until one is answered: five in all."""

Faults = Mapping[str, str]


def paid(payment: Transaction, now: float, faults: Faults) -> Transaction:
    """After the donor's confirmation."""
    if "ebank-late" in faults:
        late = (payment.deadline or now) + _A_MINUTE_S
        return replace(payment, state="pending", pay_type="0201", completes_at=late)
    code = FLAWED if "a6" in faults else SUCCESS
    done = replace(payment, state="done", code=code.code, settled_at=now)
    due = now
    if "notify-after-timeout" in faults:
        due = (payment.deadline or now + _LIFETIME_S) + 1
    return _to_notify(done, due, faults)


def failed(transaction: Transaction) -> Transaction:
    return replace(transaction, state="failed", code=FAILED.code)


def completed(payment: Transaction, faults: Faults) -> Transaction:
    """Complete an e-bank payment after its time: the merchant is not notified, and the bank will return it."""
    assert payment.completes_at is not None
    at = payment.completes_at
    plain = faults.get("ebank-late") == SUCCESS.code
    code: Code = SUCCESS if plain else PAID_LATE
    done = replace(
        payment,
        state="done",
        code=code.code,
        settled_at=at,
        completes_at=None,
        returns_at=after_working_days(at, _WORKING_DAYS),
    )
    return _to_notify(done, at, faults) if plain else done


def carry_out(asked: Transaction, now: float, faults: Faults) -> Transaction:
    """Carry out an accepted refund or cancel."""
    if "refund-fails" in faults:
        return failed(asked)
    return _to_notify(replace(asked, state="done", code=SUCCESS.code, settled_at=now), now, faults)


def returned(payment: Transaction, rest: int, txn_time: str) -> Transaction:
    """Return the bank's own refund of a late payment, under an order number of the bank."""
    assert payment.returns_at is not None
    query_id, trace_no = new_numbers(txn_time)
    return Transaction(
        order_id=f"ZDTH{query_id}",
        kind=REFUND,
        txn_time=txn_time,
        amount=rest,
        query_id=query_id,
        trace_no=trace_no,
        accepted_at=payment.returns_at,
        original=payment.query_id,
        pay_type=payment.pay_type,
        state="done",
        code=SUCCESS.code,
        settled_at=payment.returns_at,
    )


def after_notification(
    transaction: Transaction, *, answered: bool, due: float, gaps: tuple[float, ...], faults: Faults
) -> Transaction:
    """Return the state after a notification that was due at `due`. `gaps`: minutes."""
    tries, answered_count = transaction.tries + 1, transaction.answered + answered
    needed = 2 if "duplicate-notify" in faults else 1
    following: float | None = None
    if answered_count < needed:
        if answered:
            following = due
        elif tries <= len(gaps):
            following = due + 60 * gaps[tries - 1]
    return replace(transaction, tries=tries, answered=answered_count, notify_at=following)


def _to_notify(transaction: Transaction, due: float, faults: Faults) -> Transaction:
    lost = "notify-lost" in faults or not transaction.back_url
    return replace(transaction, notify_at=None if lost else due)
