"""List the words of reconciliation pages, as English msgids."""

from central_server.staff.frame.msgid import _
from central_server.store.reconciliation.differences import DifferenceKind
from central_server.store.reconciliation.statements import RowResult

KINDS = {
    DifferenceKind.theirs_only: _("The bank has a payment that we do not know."),
    DifferenceKind.ours_only: _("We have it as paid, and no file of the bank contains it."),
    DifferenceKind.amount_differs: _("The bank's amount differs from ours."),
    DifferenceKind.duplicate_row: _("It is in the bank's files more than once."),
    DifferenceKind.fee_differs: _("The fee is not the one that was agreed."),
    DifferenceKind.refund_unknown: _("The bank gave money back without our asking."),
    DifferenceKind.row_gone: _("A later version of the file no longer contains it."),
    DifferenceKind.file_refused: _("The bank's file of this day was refused; the day is not compared."),
    DifferenceKind.file_missing: _("The bank gave no file of this day, though payments of it wait."),
}
REMEDIES = {
    DifferenceKind.theirs_only: _("Look up the order in the bank's merchant pages to find the payer."),
    DifferenceKind.ours_only: _("Ask the bank in which file it is, with the number of the payment."),
    DifferenceKind.amount_differs: _("Ask the bank for the voucher. Nothing was posted for this row."),
    DifferenceKind.duplicate_row: _("Ask the bank whether money moved twice. Only one of them was posted."),
    DifferenceKind.fee_differs: _("Compare it with the contract. The fee was posted as in the bank's file."),
    DifferenceKind.refund_unknown: _("Ask who gave it back. It is not in the ledger yet."),
    DifferenceKind.row_gone: _("Ask the bank why. What was posted for it stays until the bank answers."),
    DifferenceKind.file_refused: _("Download the file from the bank's merchant pages and upload it below to see why."),
    DifferenceKind.file_missing: _("Download the file from the bank's merchant pages and upload it below."),
}
RESULTS = {
    RowResult.new: _("not looked at yet"),
    RowResult.matched: _("fits"),
    RowResult.fee_only: _("only a fee"),
    RowResult.replaced: _("in a later edition"),
    RowResult.theirs_only: _("unknown to us"),
    RowResult.amount_differs: _("another amount"),
    RowResult.duplicate_row: _("once more"),
    RowResult.refund_unknown: _("unknown refund"),
}
COLUMNS = (
    _("Line"),
    _("Movement"),
    _("Order"),
    _("Amount (fen)"),
    _("Fee (fen)"),
    _("Number at the bank"),
    _("Result"),
    _("Community"),
    _("Project"),
    _("Gateway"),
    _("Beacon"),
    _("Door"),
    _("Paid at"),
)
"""Of the file of a day's rows."""
