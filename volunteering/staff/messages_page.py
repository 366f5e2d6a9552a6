"""List the messages to volunteers' telephones with what became of them; no name and no number."""

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Visitor
from central_server.store.places import places
from daemonkit.i18n import marked as _
from sync_contract.strict_model import Environment
from volunteering.shift_wording import shift_day
from volunteering.store import activities, messages
from volunteering.store.messages import MessageKind, MessageState

_AT = "/staff/volunteers/messages"
_KINDS = {
    MessageKind.code: _("One-time code"),
    MessageKind.cancelled: _("Cancellation"),
    MessageKind.offered: _("A free place"),
    MessageKind.reminder: _("Reminder"),
    MessageKind.asked: _("Question"),
    MessageKind.invited: _("Invitation"),
    MessageKind.guardian: _("Code for a guardian"),
    MessageKind.merging: _("Joining two records"),
    MessageKind.moved: _("Another number"),
}
_STATES = {
    MessageState.waiting: _("waiting"),
    MessageState.sending: _("is being sent"),
    MessageState.sent: _("sent"),
    MessageState.failed: _("failed"),
    MessageState.dropped: _("no longer needed"),
}


class MessagesPage:
    """`on_screen`: a drill, in which nothing leaves the server."""

    def __init__(self, frame: PageFrame, environment: Environment, *, on_screen: bool) -> None:
        self._frame = frame
        self._environment = environment.value
        self._on_screen = on_screen

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page(_AT, self._show, Right.see)]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            found = await messages.newest_below(connection, visitor.tops, self._environment)
            listed = await activities.of_ids(connection, {each.shift for each in found})
            around = await places.every(connection, visitor.tops)
        rows = [
            (each, shift, shift_day(shift.shift.times, visitor.language) if shift is not None else "")
            for each in found
            for shift in (listed.get(each.shift),)
        ]
        values = {
            "rows": rows,
            "community_of": community_names(around),
            "kinds": _KINDS,
            "states": _STATES,
            "on_screen": self._on_screen,
        }
        return HtmlPage("volunteer_messages.html", values)
