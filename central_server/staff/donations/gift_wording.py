"""List the words of pages about gifts and refunds, as English msgids."""

from central_server.staff.frame.msgid import _
from central_server.store.donations.gifts import Oddity
from central_server.store.donations.refunds import RefundState

STATES = {
    "registered": _("registered, not paid"),
    "handed_off": _("at the bank's page"),
    "paid": _("paid"),
    "unconfirmed": _("went to a public page, not known"),
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
    Oddity.surplus: _("paid a second time"),
    Oddity.late: _("paid too late"),
    Oddity.outside_permit: _("paid while the permit did not hold"),
    Oddity.flawed: _("the bank calls it flawed"),
    Oddity.refund: _("given back, or asked to be"),
}
LINES = {
    "paid": _("Paid"),
    "surplus": _("Paid a second time: to be given back"),
    "fee": _("Bank fee"),
    "refund": _("Given back"),
}
REFUND_STATES = {
    RefundState.requested: _("waits for a second person"),
    RefundState.approved: _("approved; will be sent to the bank in a moment"),
    RefundState.declined: _("declined"),
    RefundState.sent: _("sent to the bank; it takes up to ten days"),
    RefundState.refunded: _("given back"),
    RefundState.refused: _("the bank would not give it back"),
}
NOT_POSSIBLE = {
    "not_paid": _("Nothing was paid, so nothing can be given back."),
    "on_hold": _(
        "It came late or only in the bank's file, and the bank may refund it by itself. "
        "Until that time it cannot be refunded here."
    ),
    "amount": _("Write the amount in yuan, as 50 or 12.50."),
    "too_much": _("That is more than is left of this payment."),
    "reason": _("Write down why it is given back."),
    "other_bank": _("The bank of this server gives nothing back for this payment. Give it back by hand, and note how."),
    "same_person": _("The person who requested it cannot decide. Somebody else must decide."),
    "dependent": _(
        "One person made, reset or gave the money right to both accounts. Another administrator, or the machine's "
        "console, must confirm one of them first."
    ),
    "decided": _("It was decided or closed meanwhile. Check its current status."),
    "source": _("The project has already spent this money. Choose what gives it instead."),
    "source_balance": _("The chosen project does not have enough money."),
}
"""By the word of RefundNotPossible."""
COLUMNS = (
    _("Time"),
    _("Drill or real"),
    _("Community"),
    _("Project"),
    _("Amount in yuan"),
    _("Currency"),
    _("State"),
    _("Paid, in yuan"),
    _("Given back, in yuan"),
    _("To look at"),
    _("Door"),
    _("Gateway"),
    _("Beacon"),
    _("Slip number"),
    _("Record"),
)
"""Of the list of gifts as a file."""
