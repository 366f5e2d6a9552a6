"""List the words of pages about the ledger and disbursements, as English msgids."""

from central_server.ledger.spending import SpendingProblem
from central_server.staff.frame.msgid import _
from central_server.store.ledger.disbursements import DisbursementState
from central_server.store.ledger.ledger_lines import LineKind

KINDS = {
    LineKind.paid.value: _("Gift"),
    LineKind.surplus.value: _("Second payment of a gift"),
    LineKind.transfer.value: _("Gift by bank transfer"),
    LineKind.cheque.value: _("Gift by cheque"),
    LineKind.fee.value: _("Bank's fee"),
    LineKind.refund.value: _("Refunded"),
    LineKind.disbursed.value: _("Spent"),
    LineKind.moved_in.value: _("From another project or the organisation"),
    LineKind.moved_out.value: _("To another project"),
    LineKind.shortfall.value: _("Shortfall, owed by the organisation"),
}

STATES = {
    DisbursementState.requested.value: _("waiting for a second person"),
    DisbursementState.approved.value: _("approved"),
    DisbursementState.declined.value: _("declined"),
}

REFUSED = {
    SpendingProblem.amount: _("The amount is in yuan, above zero, with at most two decimals."),
    SpendingProblem.purpose: _("Enter the purpose, in at most 300 characters."),
    SpendingProblem.payee: _("Enter the payee, in at most 200 characters."),
    SpendingProblem.voucher: _("A voucher is needed: a PDF, PNG or JPEG file of at most 5 MB."),
    SpendingProblem.day: _("Enter the day on which it was spent: within the last year, and not in the future."),
    SpendingProblem.people: _("The number of people is not plausible."),
    SpendingProblem.balance: _(
        "The project's balance is too low. Pending refunds, expected bank fees and late payments that the "
        "bank may take back are not available."
    ),
    SpendingProblem.month: _("The books of that month are closed: choose a later day."),
    SpendingProblem.same_person: _("You requested this one. Someone else must decide."),
    SpendingProblem.dependent: _(
        "One person made, reset or gave the money right to both accounts. Another administrator, or the machine's "
        "console, must confirm one of them first."
    ),
    SpendingProblem.decided: _("Someone else has decided in the meantime."),
    SpendingProblem.target: _("Choose another project of the same organisation in this community."),
    SpendingProblem.not_ended: _("Money is moved only from a project that has ended or was withdrawn."),
    SpendingProblem.too_much: _("More than was spent cannot be taken back."),
    SpendingProblem.more_than_owed: _("The organisation owes the project less than that."),
    SpendingProblem.cases: _(
        "Write the six-digit numbers of open cases of this community that need the same kind of help. Anyone who "
        "declared a relative, or could use the account of someone who did, can neither request nor approve it."
    ),
    SpendingProblem.new_payee_wait: _(
        "This payee was never paid before: wait until the period for new payees has passed."
    ),
    SpendingProblem.new_payee_limit: _("This is more than a new payee may receive in its first 30 days."),
}

HEADS = (
    _("Number"),
    _("Day"),
    _("Time"),
    _("Project"),
    _("Kind"),
    _("Amount ¥"),
    _("Slip number"),
    _("Purpose"),
    _("People helped"),
    _("Evidence"),
    _("Refers to"),
    _("Line"),
    _("Payee"),
    _("Organisation"),
    _("Certificate"),
    _("Filing number"),
)
"""Of the journal as a file."""
