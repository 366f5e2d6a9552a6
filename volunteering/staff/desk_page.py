"""Register a person at the desk, and print or revoke login cards. A printed code is shown once."""

from collections.abc import Callable

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.receipts.sealed_data import SealBroken
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts.audit_actions import LoginCardPrinted, LoginCardRevoked, VolunteerRegistered
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from kiosk_ui.qr import qr_svg
from sync_contract.strict_model import Environment, Language
from volunteering.people.login_cards import DeskForm, DeskProblem, PrintedCard, print_card, register, revoke_card
from volunteering.people.sealed_person import PersonSeal
from volunteering.rules.login_code import in_groups
from volunteering.rules.minors import read_age
from volunteering.store import people
from volunteering.store.people import Person, PersonState

_log = structlog.get_logger()
_AT = "/staff/volunteers/desk"
_PERSON = "/staff/volunteers/people/{person:[0-9a-f]{32}}"
_PROBLEMS = {
    DeskProblem.name: _("Write the name, 30 characters at most."),
    DeskProblem.number: _("This is not a mobile number of eleven digits."),
    DeskProblem.consent: _("Without the person's consent nothing is stored."),
    DeskProblem.minor: _("Under 18, a guardian must agree with a code: let them join together on a phone."),
    DeskProblem.known: _("This number has joined already. Find the volunteer by the number, and print a card there."),
}
_FIELDS = {DeskProblem.known: "number", DeskProblem.minor: "age"}
_BROKEN = _("The key that opens the volunteers' data is not the right one. Tell the installer: receipts.key.")


class DeskPage:
    """`address`: the origin that phones reach."""

    def __init__(
        self, frame: PageFrame, seal: PersonSeal, environment: Environment, address: Callable[[], str]
    ) -> None:
        self._frame = frame
        self._seal = seal
        self._environment = environment.value
        self._address = address

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show, Right.people),
            frame.form(_AT, self._register, Right.people),
            frame.form(f"{_PERSON}/login-card", self._print, Right.people),
            frame.form(f"{_PERSON}/login-card/revoke", self._revoke, Right.people),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return await self._form(visitor)

    async def _form(self, visitor: Visitor, fault: DeskProblem | None = None) -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
        values = {
            "communities": communities,
            "values": dict(visitor.form) if fault else {},
            "fault": _PROBLEMS[fault] if fault else "",
            "field": _FIELDS.get(fault, fault) if fault else "",
            "languages": list(Language),
            "revoked": "revoked" in visitor.request.query,
        }
        return HtmlPage("volunteer_desk.html", values, 422 if fault else 200)

    async def _register(self, visitor: Visitor) -> HtmlPage:
        """Add the person and print their card, in one write."""
        form, now, account = visitor.form, visitor.now, visitor.access.account
        language = form.get("language", "")
        typed = DeskForm(
            form.get("place", ""),
            self._environment,
            form.get("name", "")[:100],
            form.get("number", "")[:40],
            form.get("consent") == "yes",
            Language(language) if language in list(Language) else Language.zh_hans,
            read_age(form.get("age", "")),
        )
        async with visitor.database.write() as connection:
            await visitor.demand(connection, typed.community)
            place = await places.get(connection, typed.community)
            if place is None or place.kind is not PlaceKind.community:
                raise web.HTTPNotFound
            person = await register(connection, self._seal, typed, account, now)
            if isinstance(person, DeskProblem):
                return await self._form(visitor, person)
            await visitor.record(connection, person.community, VolunteerRegistered(person.id))
            return await self._printed(visitor, connection, person)

    async def _print(self, visitor: Visitor) -> HtmlPage:
        try:
            async with visitor.database.write() as connection:
                person = await self._requested(connection, visitor)
                return await self._printed(visitor, connection, person)
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return HtmlPage("volunteer_login_card.html", {"card": None, "fault": _BROKEN, "section": _AT}, 503)

    async def _printed(self, visitor: Visitor, connection: Connection, person: Person) -> HtmlPage:
        """Raises SealBroken."""
        card = await print_card(connection, self._seal, person, visitor.access.account, visitor.now)
        await visitor.record(connection, person.community, LoginCardPrinted(person.id))
        place = await places.get(connection, person.community)
        assert place is not None
        return self._card(person, card, place.names[Language(person.language)])

    def _card(self, person: Person, card: PrintedCard, community: str) -> HtmlPage:
        address = f"{self._address()}/community/{person.community}/login-card"
        values = {
            "card": card,
            "code": in_groups(card.code),
            "picture": qr_svg(f"{address}/{card.code}"),
            "address": address,
            "community": community,
            "person": person,
            "section": _AT,
            "fault": "",
        }
        return HtmlPage("volunteer_login_card.html", values)

    async def _revoke(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            person = await self._requested(connection, visitor)
            await revoke_card(connection, person, visitor.now)
            await visitor.record(connection, person.community, LoginCardRevoked(person.id))
        return Redirect(f"{_AT}?revoked=1")

    async def _requested(self, connection: Connection, visitor: Visitor) -> Person:
        """Raises HTTPNotFound."""
        person = await people.get(connection, visitor.request.match_info["person"])
        if person is None or person.environment != self._environment or person.state != PersonState.active:
            raise web.HTTPNotFound
        await visitor.demand(connection, person.community)
        return person
