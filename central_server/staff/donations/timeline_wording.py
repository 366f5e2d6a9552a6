"""List the words of a gift's timeline, as English msgids."""

from central_server.staff.donations.gift_timeline import Hint, Progress, Stop
from central_server.staff.frame.msgid import _

STOPS = {
    Stop.screen: _("Registered on the screen"),
    Stop.desk: _("Entered by staff"),
    Stop.gateway: _("Delivered by the gateway"),
    Stop.server: _("Known to the server"),
    Stop.phone: _("Opened on the phone"),
    Stop.bank: _("Confirmed by the bank"),
    Stop.file: _("In the bank's file"),
    Stop.ledger: _("In the ledger"),
    Stop.board: _("Published on the board"),
    Stop.refund: _("Refund"),
    Stop.spending: _("Spent"),
    Stop.receipt: _("Official receipt"),
}
REMITTED_STOPS = {Stop.bank: _("Confirmed by a second person")}
"""Instead of the usual words, for a transfer or cheque."""
EVIDENCE = {
    Stop.desk: _("by %(evidence)s"),
    Stop.gateway: _("record number %(evidence)s"),
    Stop.phone: _("order %(evidence)s"),
    Stop.bank: _("the bank's number %(evidence)s"),
    Stop.file: _("line %(evidence)s"),
    Stop.ledger: _("line %(evidence)s"),
    Stop.board: _("publication number %(evidence)s"),
    Stop.receipt: _("number %(evidence)s"),
}
MARKS = {
    Progress.done: ("good", _("done")),
    Progress.partial: ("wait", _("in part")),
    Progress.waiting: ("wait", _("not yet")),
    Progress.late: ("bad", _("look at it")),
    Progress.ended: ("", _("ended")),
    Progress.needless: ("", _("not needed")),
}
HINTS = {
    Hint.gateway_delivers: _("The gateway delivers its record within minutes. Nothing to do."),
    Hint.gateway_late: _("The gateway has not delivered its record. See whether it is online."),
    Hint.record_contradicts: _("A record of this gift was refused or contradicts another one. Compare both."),
    Hint.no_gateway: _("The gift began on a phone; no gateway delivers it."),
    Hint.donor_on_the_way: _("The donor has not opened the bank's page yet. Nothing to do."),
    Hint.donor_left: _("The donor did not go on to the bank. Nothing was paid, nothing to do."),
    Hint.bank_is_asked: _("The server asks the bank by itself. Nothing to do."),
    Hint.bank_silent: _("The bank has not named a result. Look the order up in its merchant pages."),
    Hint.order_ended: _("The order ended without a payment. The donor may start again."),
    Hint.evidence_needed: _("The public page reports nothing. Import the platform's list as evidence."),
    Hint.second_person: _("A second, independent person compares it with the bank's advice and confirms it."),
    Hint.declined: _("The entry was declined or withdrawn. Nothing counts."),
    Hint.file_comes: _("The bank's file comes on the next day, after 09:00. Nothing to do."),
    Hint.file_late: _("No file contains it after three days. Ask the bank with its number."),
    Hint.difference_open: _("The bank's file and the ledger differ. Settle the difference."),
    Hint.no_file_advice: _("No file of the bank contains a transfer or cheque. Its evidence is the bank's advice."),
    Hint.no_file_platform: _("No file of the bank contains it. Its evidence is the platform's number."),
    Hint.no_file_drill: _("The bank of this server gives no files."),
    Hint.five_together: _("At least five gifts are published together. It waits for others."),
    Hint.refund_decision: _("A second person must decide about it."),
    Hint.refund_at_bank: _("The bank takes up to ten days. Nothing to do."),
    Hint.refund_refused: _("The bank refused it. Refund it by other means, and note how."),
    Hint.after_board: _("Gifts are spent in the order in which they are published."),
    Hint.in_order: _("Earlier gifts are spent first; what is left follows."),
    Hint.returned: _("The money was refunded, so it is not spent."),
    Hint.receipt_due: _("The donor waits for the receipt. Issue it and enter its number."),
    Hint.receipt_unwanted: _("The donor asked for none."),
}
