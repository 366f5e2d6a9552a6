"""List the words of reconciliation pages, as English msgids."""

from central_server.staff.frame.msgid import _
from central_server.store.reconciliation.differences import DifferenceKind
from central_server.store.reconciliation.statements import RowResult

KINDS = {
    DifferenceKind.theirs_only: _("The bank has a payment that we do not know."),
    DifferenceKind.ours_only: _("We have it as paid, but no file from the bank contains it."),
    DifferenceKind.amount_differs: _("The bank's amount differs from ours."),
    DifferenceKind.duplicate_row: _("It is in the bank's files more than once."),
    DifferenceKind.fee_differs: _("The fee is not the one that was agreed."),
    DifferenceKind.refund_unknown: _("The bank refunded money without a request from us."),
    DifferenceKind.row_gone: _("A later version of the file no longer contains it."),
    DifferenceKind.file_refused: _("The bank's file of this day was refused; the day is not compared."),
    DifferenceKind.file_missing: _("The bank provided no file for this day, though payments of that day are waiting."),
}
REMEDIES = {
    DifferenceKind.theirs_only: _("Look up the order in the bank's merchant pages to find the payer."),
    DifferenceKind.ours_only: _("Ask the bank in which file it is, with the number of the payment."),
    DifferenceKind.amount_differs: _("Ask the bank for the voucher. Nothing was posted for this row."),
    DifferenceKind.duplicate_row: _("Ask the bank whether the money moved twice. Only one payment was posted."),
    DifferenceKind.fee_differs: _("Compare it with the contract. The fee was posted as in the bank's file."),
    DifferenceKind.refund_unknown: _("Find out who refunded it. It is not in the ledger yet."),
    DifferenceKind.row_gone: _("Ask the bank why. What was posted for it stays until the bank answers."),
    DifferenceKind.file_refused: _("Download the file from the bank's merchant pages and upload it below to see why."),
    DifferenceKind.file_missing: _("Download the file from the bank's merchant pages and upload it below."),
}
RESULTS = {
    RowResult.new: _("not checked yet"),
    RowResult.matched: _("matches"),
    RowResult.fee_only: _("only a fee"),
    RowResult.replaced: _("in a later file"),
    RowResult.theirs_only: _("unknown to us"),
    RowResult.amount_differs: _("another amount"),
    RowResult.duplicate_row: _("repeated"),
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
