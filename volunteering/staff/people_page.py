"""Show names and numbers of volunteers, by shift or by number; each look is in the audit trail."""

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.receipts.sealed_data import SealBroken
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts.audit_actions import GuardianConsentEnded, VolunteerLookedUp, VolunteersShown
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from sync_contract.strict_model import Environment
from volunteering.cards.card_number import read_number
from volunteering.people.sealed_person import Contact, PersonSeal
from volunteering.rules.check_in_judgement import is_burst
from volunteering.rules.login_code import read_login_code
from volunteering.rules.phone_number import read_mobile
from volunteering.rules.seats import SignUpState
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.store import activities, attendances, cards, guardians, login_cards, people, sign_ups
from volunteering.store.activities import ListedShift
from volunteering.store.people import Person, PersonState

_log = structlog.get_logger()
_SHIFT = "/staff/volunteers/shifts/{shift:[0-9a-f]{32}}"
_PEOPLE = "/staff/volunteers/people"
_STATES = {
    SignUpState.confirmed: _("has a place"),
    SignUpState.offered: _("was offered a place"),
    SignUpState.waiting: _("waits"),
}
_BROKEN = _("The key that opens the volunteers' data is not the right one. Tell the installer: receipts.key.")
_NO_NUMBER = _("This is not a mobile number of eleven digits.")
_UNKNOWN = _("Nobody in this community joined with this number.")


class PeoplePage:
    """A GET shows no name: names are on the answer of a form, whose look is recorded first."""

    def __init__(self, frame: PageFrame, seal: PersonSeal, environment: Environment) -> None:
        self._frame = frame
        self._seal = seal
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_SHIFT, self._show_shift, Right.see),
            frame.form(f"{_SHIFT}/names", self._show_names, Right.people),
            frame.page(_PEOPLE, self._show_search, Right.people),
            frame.form(_PEOPLE, self._look_up, Right.people),
            frame.form(f"{_PEOPLE}/{{person:[0-9a-f]{{32}}}}/guardian/end", self._end_consent, Right.people),
        ]

    async def _show_shift(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            listed = await self._requested(connection, visitor)
        return await self._shift(visitor, listed)

    async def _show_names(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.write() as connection:
            listed = await self._requested(connection, visitor)
            shift = listed.shift
            active = await sign_ups.active_in(connection, shift.id)
            label = listed.activity.title[visitor.language]
            await visitor.record(connection, shift.community, VolunteersShown(shift.id, label, len(active)))
            found = await people.of_ids(connection, [own.person for own in active])
        try:
            names = {own.person: self._seal.open(found[own.person]) for own in active}
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return await self._shift(visitor, listed, fault=_BROKEN)
        return await self._shift(visitor, listed, names)

    async def _shift(
        self, visitor: Visitor, listed: ListedShift, names: dict[str, Contact] | None = None, fault: str = ""
    ) -> HtmlPage:
        async with visitor.database.read() as connection:
            active = await sign_ups.active_in(connection, listed.shift.id)
            ancestors = await places.ancestors(connection, listed.shift.community)
            scans = await attendances.of_sign_ups(connection, [own.id for own in active])
            by_code = await attendances.persons_by_code(connection, listed.shift.id)
        times = listed.shift.times
        values = {
            "listed": listed,
            "day": shift_day(times, visitor.language),
            "hours": shift_hours(times, visitor.language),
            "active": active,
            "names": names,
            "may_see_names": visitor.access.may(Right.people, ancestors),
            "states": _STATES,
            "scans": {(each.sign_up, each.step): each for each in scans},
            "bursts": [(at, persons) for at, persons in by_code if is_burst(persons)],
            "fault": fault,
            "section": "/staff/volunteers/activities",
        }
        return HtmlPage("volunteer_shift.html", values, 503 if fault else 200)

    async def _requested(self, connection: Connection, visitor: Visitor) -> ListedShift:
        """Raises HTTPNotFound."""
        found = await activities.of_ids(connection, [visitor.request.match_info["shift"]])
        listed = next((each for each in found.values() if each.shift.environment == self._environment), None)
        if listed is None:
            raise web.HTTPNotFound
        await visitor.demand(connection, listed.shift.community)
        return listed

    async def _show_search(self, visitor: Visitor) -> HtmlPage:
        return await self._search(visitor)

    async def _look_up(self, visitor: Visitor) -> HtmlPage:
        typed, community = visitor.form.get("number", ""), visitor.form.get("place", "")
        mobile, code, number_of_card = read_mobile(typed), read_login_code(typed), read_number(typed)
        if mobile is None and not code and number_of_card is None:
            return await self._search(visitor, fault=_NO_NUMBER)
        async with visitor.database.write() as connection:
            await visitor.demand(connection, community)
            if mobile is not None:
                number = self._seal.number_hash(mobile)
                person = await people.find(connection, community, self._environment, number)
            elif number_of_card is not None:
                found = await cards.of_number(connection, self._environment, number_of_card)
                person = await people.get(connection, found.person) if found else None
                person = person if person and person.community == community else None
            else:
                code_hash = self._seal.login_hash(code)
                card = await login_cards.of_code(connection, community, self._environment, code_hash)
                person = await people.get(connection, card.person) if card else None
            await visitor.record(connection, community, VolunteerLookedUp(person.id if person else ""))
        if person is None or person.state != PersonState.active:
            return await self._search(visitor, fault=_UNKNOWN)
        return await self._search(visitor, person)

    async def _end_consent(self, visitor: Visitor) -> Redirect:
        """End a guardian's consent, as the guardian asked."""
        async with visitor.database.write() as connection:
            person = await people.get(connection, visitor.request.match_info["person"])
            guardian = None if person is None else await guardians.valid_of(connection, person.id)
            if person is None or guardian is None or person.environment != self._environment:
                raise web.HTTPNotFound
            await visitor.demand(connection, person.community)
            await guardians.end(connection, [guardian], visitor.now)
            await visitor.record(connection, person.community, GuardianConsentEnded(person.id))
        return Redirect(_PEOPLE)

    async def _search(self, visitor: Visitor, person: Person | None = None, fault: str = "") -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
            own = () if person is None else await sign_ups.active_of(connection, person.id, visitor.now)
            found = await activities.of_ids(connection, [each.shift for each in own])
            card = None if person is None else await login_cards.valid_of(connection, person.id)
            guardian = None if person is None else await guardians.valid_of(connection, person.id)
        contact = None
        if person is not None:
            try:
                contact = self._seal.open(person)
            except SealBroken as error:
                _log.error("receipts.key", reason=str(error))
                fault = _BROKEN
        reader = visitor.language
        lines = [
            (found[each.shift], shift_day(found[each.shift].shift.times, reader), _STATES[SignUpState(each.state)])
            for each in own
        ]
        values = {
            "communities": communities,
            "person": person,
            "contact": contact,
            "card": card,
            "guardian": guardian,
            "lines": lines,
            "fault": fault,
            "typed": visitor.form.get("number", "")[:30] if fault else "",
            "place": visitor.form.get("place", ""),
        }
        status = 503 if fault == _BROKEN else 422 if fault == _NO_NUMBER else 200
        return HtmlPage("volunteer_people.html", values, status)
