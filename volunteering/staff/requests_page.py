"""Check requests for help before members see them. Addresses are on the answer of a form, whose look is recorded."""

from datetime import date, timedelta

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.receipts.sealed_data import SealBroken
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts.audit_actions import VolunteersShown
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from kiosk_ui.number_format import day
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment
from volunteering.people.sealed_person import Contact, PersonSeal
from volunteering.requests.act_on_request import (
    Desk,
    Outcome,
    RequestProblem,
    act,
    ask_at_the_desk,
    look_at_address,
)
from volunteering.requests.request_form import Address, RequestFault, read_desk_request
from volunteering.rules.requests import Action, Actor, RequestState, actions_of, is_unanswered
from volunteering.staff.request_wording import CATEGORIES, STATES
from volunteering.store import people, requests
from volunteering.store.requests import Request

_log = structlog.get_logger()
_AT = "/staff/volunteers/requests"
_ONE = _AT + "/{request:[0-9a-f]{32}}"
_BADLY_BACK = timedelta(days=14)
_FAULTS = {
    RequestFault.needed: _("Please fill in this field."),
    RequestFault.long: _("This text is too long, or has characters that cannot be shown."),
    RequestFault.category: _("Choose what kind of help."),
    RequestFault.day: _("Choose a day from today on, within sixty days."),
    RequestFault.mobile: _("This is not a mobile number of eleven digits."),
    RequestFault.consent: _("Ask the neighbour first."),
}
_BROKEN = _("The key that opens the volunteers' data is not the right one. Tell the installer: receipts.key.")
_CHANGED = _("It was changed meanwhile; please look again.")


class StaffRequestsPage:
    def __init__(self, frame: PageFrame, seal: PersonSeal, environment: Environment) -> None:
        self._frame = frame
        self._seal = seal
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show_list, Right.see),
            frame.page(_ONE, self._show, Right.people),
            frame.form(f"{_ONE}/address", self._look, Right.people),
            frame.form(f"{_ONE}/{{action:check|decline|confirm|withdraw}}", self._act, Right.people),
            frame.page(f"{_AT}/new", self._show_form, Right.people),
            frame.form(f"{_AT}/new", self._ask, Right.people),
        ]

    async def _show_list(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            found = await requests.unfinished_below(connection, visitor.tops, self._environment)
            around = await places.every(connection, visitor.tops)
            since = visitor.now - _BADLY_BACK
            badly = await requests.went_badly(connection, visitor.tops, self._environment, since)
        rows = [
            (
                each,
                day(date.fromisoformat(each.wanted_on), visitor.language),
                is_unanswered(RequestState(each.state), each.asked_at, visitor.now),
            )
            for each in found
        ]
        values = {
            "rows": rows,
            "badly": badly,
            "asked": "asked" in visitor.request.query,
            "community_of": community_names(around),
            "may_check": visitor.access.has(Right.people),
            "categories": CATEGORIES,
            "states": STATES,
        }
        return HtmlPage("volunteer_requests.html", values)

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            found = await self._requested(connection, visitor)
        return self._page(visitor, found)

    async def _look(self, visitor: Visitor) -> HtmlPage:
        """Record the look, then show who asks and where."""
        try:
            async with visitor.database.write() as connection:
                found = await self._requested(connection, visitor)
                by, label = visitor.access.account, visitor.language
                address = await look_at_address(connection, self._seal, found, Actor.staff, by, visitor.now)
                person = await people.get(connection, found.person)
                await visitor.record(connection, found.community, VolunteersShown(found.id, found.grid, 1))
            contact = self._seal.open(person) if person is not None and person.sealed else None
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error), language=label.value)
            return self._page(visitor, found, fault=_BROKEN)
        if address is not None and address.name:
            contact = Contact(address.name, address.mobile)
        return self._page(visitor, found, address, contact)

    async def _act(self, visitor: Visitor) -> HtmlPage | Redirect:
        action = Action(visitor.request.match_info["action"])
        async with visitor.database.write() as connection:
            found = await self._requested(connection, visitor, lock=True)
            actor = Actor.desk if found.at_the_desk and action in (Action.confirm, Action.withdraw) else Actor.staff
            outcome = visitor.form.get("outcome", "") if visitor.form.get("outcome") in ("well", "badly") else ""
            by = Outcome(actor, visitor.access.account, outcome)
            result = await act(connection, found, action, by, visitor.now)
        return self._page(visitor, found, fault=_CHANGED) if isinstance(result, RequestProblem) else Redirect(_AT)

    async def _show_form(self, visitor: Visitor) -> HtmlPage:
        return await self._form(visitor, {}, {})

    async def _form(self, visitor: Visitor, typed: dict[str, str], faults: dict[str, RequestFault]) -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
        today = visitor.now.astimezone(OFFICIAL_TIME).date()
        values = {
            "values": typed,
            "faults": {name: _FAULTS[fault] for name, fault in faults.items()},
            "communities": communities,
            "categories": CATEGORIES,
            "today": f"{today}",
            "section": _AT,
        }
        return HtmlPage("volunteer_request_new.html", values, 422 if faults else 200)

    async def _ask(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Write down the request of a neighbour without a phone."""
        typed = dict(visitor.form)
        new, faults = read_desk_request(typed, visitor.now.astimezone(OFFICIAL_TIME).date())
        if new is None:
            return await self._form(visitor, typed, faults)
        async with visitor.database.write() as connection:
            await visitor.demand(connection, typed.get("place", ""))
            place = await places.get(connection, typed.get("place", ""))
            if place is None or place.kind is not PlaceKind.community:
                raise web.HTTPNotFound
            desk = Desk(place.id, self._environment, visitor.access.account)
            await ask_at_the_desk(connection, self._seal, desk, new, visitor.now)
        return Redirect(f"{_AT}?asked=1")

    async def _requested(self, connection: Connection, visitor: Visitor, *, lock: bool = False) -> Request:
        """Raises HTTPNotFound."""
        found = await requests.get(connection, visitor.request.match_info["request"], self._environment, lock=lock)
        if found is None:
            raise web.HTTPNotFound
        await visitor.demand(connection, found.community)
        return found

    def _page(
        self,
        visitor: Visitor,
        found: Request,
        address: Address | None = None,
        contact: Contact | None = None,
        fault: str = "",
    ) -> HtmlPage:
        actors = (Actor.staff, Actor.desk) if found.at_the_desk else (Actor.staff,)
        values = {
            "found": found,
            "wanted_on": day(date.fromisoformat(found.wanted_on), visitor.language),
            "address": address,
            "contact": contact,
            "actions": {action.value for actor in actors for action in actions_of(RequestState(found.state), actor)},
            "categories": CATEGORIES,
            "states": STATES,
            "fault": fault,
            "section": _AT,
        }
        return HtmlPage("volunteer_request.html", values, 409 if fault == _CHANGED else 503 if fault else 200)
