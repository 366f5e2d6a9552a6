"""One row of a bank's file beside what we hold: matched by order and amount, never by date."""

from dataclasses import dataclass

from central_server.banks.port import Movement
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import RefundState, StoredRefund
from central_server.store.reconciliation.differences import DifferenceKind
from central_server.store.reconciliation.statements import RowResult, StoredRow

_TOLD = (RefundState.sent, RefundState.refunded, RefundState.refused)
"""The bank had been told of it; what it did without that is not our refund."""


@dataclass(frozen=True, slots=True)
class Held:
    """What we hold that a row may be of. `attempt`: of that order, or whose payment the row gives back.

    `refund`: ours of that order. `stands`: another row of some file is of the same payment or refund. `left_minor`: of
    the attempt, what was not given back yet.
    """

    attempt: Attempt | None = None
    refund: StoredRefund | None = None
    stands: bool = False
    left_minor: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`by_bank`: the bank gave a late payment back by itself. Amounts in fen, None where one side has nothing."""

    result: RowResult
    difference: DifferenceKind | None = None
    ours_minor: int | None = None
    by_bank: bool = False


def judge_row(row: StoredRow, held: Held) -> Verdict:
    """Raises ValueError for a payment that is not posted yet: that comes first."""
    if row.movement == Movement.refund:
        return _refund(row, held)
    attempt = held.attempt
    if attempt is None:
        return Verdict(RowResult.theirs_only, DifferenceKind.theirs_only)
    if row.amount_minor == 0:
        return Verdict(RowResult.fee_only)
    if (row.amount_minor, row.currency) != (attempt.amount_minor, attempt.currency):
        return Verdict(RowResult.amount_differs, DifferenceKind.amount_differs, attempt.amount_minor)
    if not attempt.paid:
        raise ValueError(f"attempt {attempt.id} is {attempt.state}: post it first")
    if held.stands:
        return Verdict(RowResult.duplicate_row, DifferenceKind.duplicate_row, attempt.amount_minor)
    return Verdict(RowResult.matched, ours_minor=attempt.amount_minor)


def _refund(row: StoredRow, held: Held) -> Verdict:
    refund, attempt = held.refund, held.attempt
    if refund is not None:
        if row.amount_minor == 0:
            return Verdict(RowResult.fee_only)
        if (row.amount_minor, row.currency) != (refund.amount_minor, refund.currency):
            return Verdict(RowResult.amount_differs, DifferenceKind.amount_differs, refund.amount_minor)
        if held.stands:
            return Verdict(RowResult.duplicate_row, DifferenceKind.duplicate_row, refund.amount_minor)
        if refund.state not in _TOLD:
            return Verdict(RowResult.refund_unknown, DifferenceKind.refund_unknown)
        return Verdict(RowResult.matched, ours_minor=refund.amount_minor)
    if attempt is None:
        return Verdict(RowResult.refund_unknown, DifferenceKind.refund_unknown)
    if row.amount_minor == 0:
        return Verdict(RowResult.fee_only)
    if attempt.held_until is not None and attempt.currency == row.currency and row.amount_minor <= held.left_minor:
        return Verdict(RowResult.matched, ours_minor=row.amount_minor, by_bank=True)
    return Verdict(RowResult.refund_unknown, DifferenceKind.refund_unknown)


def must_be_posted(row: StoredRow, attempt: Attempt | None) -> bool:
    """The file is the bank's word: what it has as paid, and we do not, is paid."""
    return (
        attempt is not None
        and row.movement == Movement.payment
        and row.amount_minor > 0
        and (row.amount_minor, row.currency) == (attempt.amount_minor, attempt.currency)
        and not attempt.paid
    )
