"""Word the kinds and states of requests for help, as English msgids."""

from daemonkit.i18n import marked as _
from volunteering.requests.request_form import Category
from volunteering.rules.requests import RequestState

CATEGORIES = {
    Category.errand: _("Shopping or an errand"),
    Category.company: _("Company and a chat"),
    Category.clinic: _("Company to the clinic"),
    Category.repair: _("A small repair"),
    Category.phone: _("Help with a mobile phone"),
    Category.carry: _("Carrying something"),
    Category.other: _("Other help"),
}
STATES = {
    RequestState.new: _("to be checked"),
    RequestState.open: _("waits for a helper"),
    RequestState.claimed: _("someone helps"),
    RequestState.helped: _("reported as done"),
    RequestState.closed: _("done"),
    RequestState.declined: _("declined"),
    RequestState.withdrawn: _("withdrawn"),
}
