"""Match one row of a bank's file with our records, by order and amount, never by date."""

from dataclasses import dataclass

from central_server.banks.port import Movement
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import RefundState, StoredRefund
from central_server.store.reconciliation.differences import DifferenceKind
from central_server.store.reconciliation.statements import RowResult, StoredRow

_SENT = (RefundState.sent, RefundState.refunded, RefundState.refused)
"""States after the refund was sent; money that the bank returned before is not our refund."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Our records that a row may be of. `attempt`: of that order, or whose payment the row returns.

    `refund`: ours of that order. `already_matched`: another row of some file is of the same payment or refund.
    `left_minor`:
    fen of the attempt that were not returned yet.
    """

    attempt: Attempt | None = None
    refund: StoredRefund | None = None
    already_matched: bool = False
    left_minor: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`by_bank`: the bank returned a late payment by itself. Amounts in fen, None if one side has nothing."""

    result: RowResult
    difference: DifferenceKind | None = None
    ours_minor: int | None = None
    by_bank: bool = False


def match_row(row: StoredRow, candidates: Candidates) -> Verdict:
    """Raises ValueError for a payment that is not posted yet: post it first."""
    if row.movement == Movement.refund:
        return _refund(row, candidates)
    attempt = candidates.attempt
    if attempt is None:
        return Verdict(RowResult.theirs_only, DifferenceKind.theirs_only)
    if row.amount_minor == 0:
        return Verdict(RowResult.fee_only)
    if (row.amount_minor, row.currency) != (attempt.amount_minor, attempt.currency):
        return Verdict(RowResult.amount_differs, DifferenceKind.amount_differs, attempt.amount_minor)
    if not attempt.paid:
        raise ValueError(f"attempt {attempt.id} is {attempt.state}: post it first")
    if candidates.already_matched:
        return Verdict(RowResult.duplicate_row, DifferenceKind.duplicate_row, attempt.amount_minor)
    return Verdict(RowResult.matched, ours_minor=attempt.amount_minor)


def _refund(row: StoredRow, candidates: Candidates) -> Verdict:
    refund, attempt = candidates.refund, candidates.attempt
    if refund is not None:
        if row.amount_minor == 0:
            return Verdict(RowResult.fee_only)
        if (row.amount_minor, row.currency) != (refund.amount_minor, refund.currency):
            return Verdict(RowResult.amount_differs, DifferenceKind.amount_differs, refund.amount_minor)
        if candidates.already_matched:
            return Verdict(RowResult.duplicate_row, DifferenceKind.duplicate_row, refund.amount_minor)
        if refund.state not in _SENT:
            return Verdict(RowResult.refund_unknown, DifferenceKind.refund_unknown)
        return Verdict(RowResult.matched, ours_minor=refund.amount_minor)
    if attempt is None:
        return Verdict(RowResult.refund_unknown, DifferenceKind.refund_unknown)
    if row.amount_minor == 0:
        return Verdict(RowResult.fee_only)
    if (
        attempt.refundable_from is not None
        and attempt.currency == row.currency
        and row.amount_minor <= candidates.left_minor
    ):
        return Verdict(RowResult.matched, ours_minor=row.amount_minor, by_bank=True)
    return Verdict(RowResult.refund_unknown, DifferenceKind.refund_unknown)


def must_be_posted(row: StoredRow, attempt: Attempt | None) -> bool:
    """Return whether the row reports a payment that we have not posted: the file counts as the bank's confirmation."""
    return (
        attempt is not None
        and row.movement == Movement.payment
        and row.amount_minor > 0
        and (row.amount_minor, row.currency) == (attempt.amount_minor, attempt.currency)
        and not attempt.paid
    )
