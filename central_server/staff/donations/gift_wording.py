"""List the words of pages about gifts and refunds, as English msgids."""

from central_server.receipts.receipt_requests import FieldProblem
from central_server.reconciliation.remittances import RemittanceProblem
from central_server.staff.frame.msgid import _
from central_server.store.donations.gifts import Oddity
from central_server.store.donations.refunds import RefundState

STATES = {
    "registered": _("registered, not paid"),
    "handed_off": _("at the bank's page"),
    "paid": _("paid"),
    "unconfirmed": _("went to a public page, result not known"),
    "closed": _("ended without a payment"),
}
DOORS = {
    "touch": _("touched the screen"),
    "tag": _("a card or tag was near"),
    "phone": _("came with a phone"),
    "qr": _("scanned a poster"),
    "nfc": _("touched an NFC tag"),
}
ODD = {
    Oddity.any: _("anything"),
    Oddity.surplus: _("paid twice"),
    Oddity.late: _("paid too late"),
    Oddity.outside_permit: _("paid while the permit was not valid"),
    Oddity.flawed: _("the bank reports a fault"),
    Oddity.refund: _("refunded, or refund requested"),
}
LINES = {
    "paid": _("Paid"),
    "surplus": _("Paid twice: refund the second payment"),
    "transfer": _("Paid by bank transfer"),
    "cheque": _("Paid by cheque"),
    "fee": _("Bank fee"),
    "refund": _("Refunded"),
}
REFUND_STATES = {
    RefundState.requested: _("waiting for a second person"),
    RefundState.approved: _("approved; about to be sent to the bank"),
    RefundState.declined: _("declined"),
    RefundState.sent: _("sent to the bank; it takes up to ten days"),
    RefundState.refunded: _("refunded"),
    RefundState.refused: _("the bank refused the refund"),
}
NOT_POSSIBLE = {
    "not_paid": _("Nothing was paid, so nothing can be refunded."),
    "on_hold": _(
        "It was confirmed late or only in the bank's file, and the bank may refund it on its own. Until then "
        "it cannot be refunded here."
    ),
    "amount": _("Write the amount in yuan, for example 50 or 12.50."),
    "too_much": _("That is more than is left of this payment."),
    "reason": _("Please give the reason for the refund."),
    "other_bank": _("This server's bank cannot refund this payment. Refund it by other means, and note how."),
    "same_person": _("The person who requested it cannot decide. Someone else must decide."),
    "dependent": _(
        "One person made, reset or gave the money right to both accounts. Another administrator, or the machine's "
        "console, must confirm one of them first."
    ),
    "decided": _("It has been decided or closed in the meantime. Check its current status."),
    "source": _("The project has already spent this money. Choose where it comes from instead."),
    "source_balance": _("The chosen project does not have enough money."),
}
"""By the word of RefundNotPossible."""
REMITTANCES = {"transfer": _("Bank transfer"), "cheque": _("Cheque")}
REMITTANCE_FAULTS: dict[str, str] = {
    RemittanceProblem.project: _("Choose a project that takes gifts."),
    RemittanceProblem.kind: _("Choose transfer or cheque."),
    RemittanceProblem.amount: _("The amount is in yuan, above zero, with at most two decimals."),
    RemittanceProblem.day: _("Enter the day on the bank's advice: within the last year, and not in the future."),
    RemittanceProblem.number: _("Enter the bank's number of the entry: 4 to 64 letters and digits, as on the advice."),
    RemittanceProblem.number_used: _(
        "This number of the bank is already entered. Each payment counts once: open the other gift."
    ),
    RemittanceProblem.voucher: _("The bank's advice or the cheque is needed: a PDF, PNG or JPEG file of at most 5 MB."),
    RemittanceProblem.key: _(
        "The key that seals the donors' data is not the right one. Tell the installer: receipts.key."
    ),
    RemittanceProblem.same_person: _("You entered this gift. Someone else must confirm it."),
    RemittanceProblem.dependent: NOT_POSSIBLE["dependent"],
    RemittanceProblem.decided: NOT_POSSIBLE["decided"],
    FieldProblem.needed: _("This field is empty. Fill it in."),
    FieldProblem.too_long: _("This is too long. Shorten it."),
    FieldProblem.unreadable: _("This cannot be right. Type it again."),
    FieldProblem.how_to_reach: _("For a receipt, enter an e-mail address, a telephone number or a postal address."),
}
COLUMNS = (
    _("Time"),
    _("Drill or real"),
    _("Community"),
    _("Project"),
    _("Amount in yuan"),
    _("Currency"),
    _("State"),
    _("Paid, in yuan"),
    _("Refunded, in yuan"),
    _("To look at"),
    _("Door"),
    _("Gateway"),
    _("Beacon"),
    _("Slip number"),
    _("Record"),
)
"""Of the list of gifts as a file."""
