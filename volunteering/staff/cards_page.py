"""Show volunteer cards without names, change them, correct hours, and download the sheet of service records."""

from datetime import date, timedelta

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.receipts.sealed_data import SealBroken
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor, sheet
from central_server.store.accounts.audit_actions import ServiceCorrected, VolunteerCardChanged
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from daemonkit.i18n import marked as _
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment
from volunteering.cards.card_facts import load_facts
from volunteering.cards.card_number import read_number, written
from volunteering.cards.issue_card import change_card
from volunteering.people.sealed_person import PersonSeal
from volunteering.records.record_service import Correction, correct
from volunteering.records.record_sheet import SheetContext, sheet_rows
from volunteering.rules.cards import CardAction, CardState, actions_of
from volunteering.rules.service_hours import Grade, Span
from volunteering.shift_wording import shift_day
from volunteering.store import activities, cards, people, service_records
from volunteering.store.activities import ListedShift
from volunteering.store.cards import Card
from volunteering.store.people import PersonState
from volunteering.store.service_figures import begin_of, months_before, next_month
from volunteering.store.service_records import ServiceRecord

_log = structlog.get_logger()
_AT = "/staff/volunteers/cards"
_ONE = _AT + "/{number:[0-9]{8}}"
MAX_MINUTES = 8 * 60
_MAX_REASON = 120
_STATES = {
    CardState.active: _("valid"),
    CardState.suspended: _("suspended"),
    CardState.lost: _("reported lost"),
    CardState.revoked: _("revoked"),
    CardState.replaceable: _("revoked; a new card is allowed"),
}
_ACTIONS = {
    CardAction.suspend: _("Suspend"),
    CardAction.resume: _("Make valid again"),
    CardAction.lose: _("Report as lost"),
    CardAction.revoke: _("Revoke the card"),
    CardAction.allow_new: _("Allow a new card"),
}
GRADES = {
    Grade.screen: _("screen"),
    Grade.organiser: _("organiser"),
    Grade.paper: _("paper"),
    Grade.claim: _("confirmed statement"),
}
_NO_NUMBER = _("A card number has eight digits.")
_UNKNOWN = _("There is no card with this number.")
_NO_REASON = _("Write why, 120 characters at most, without a name.")
_CHANGED = _("It was changed meanwhile; please look again.")
_NO_MINUTES = _("Write the minutes that are right: a number from 0 to 480.")
_BROKEN = _("The key that opens the volunteers' data is not the right one. Tell the installer: receipts.key.")


RecordLine = tuple[ServiceRecord, list[ServiceRecord], ListedShift | None, str, int]
"""A record, its corrections, its shift, the day of that, and the minutes that count."""


class CardsPage:
    def __init__(self, frame: PageFrame, seal: PersonSeal, environment: Environment) -> None:
        self._frame = frame
        self._seal = seal
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show_list, Right.people),
            frame.page(f"{_AT}/find", self._find, Right.people),
            frame.page(f"{_AT}/service.xlsx", self._export, Right.people),
            frame.page(_ONE, self._show, Right.people),
            frame.form(f"{_ONE}/correct", self._correct, Right.people),
            frame.form(f"{_ONE}/{{action:suspend|resume|lose|revoke|allow_new}}", self._act, Right.people),
        ]

    async def _show_list(self, visitor: Visitor) -> HtmlPage:
        return await self._list(visitor)

    async def _find(self, visitor: Visitor) -> HtmlPage | Redirect:
        number = read_number(visitor.request.query.get("number", ""))
        if number is None:
            return await self._list(visitor, _NO_NUMBER)
        async with visitor.database.read() as connection:
            card = await cards.of_number(connection, self._environment, number)
            if card is not None and visitor.tops.isdisjoint(await places.ancestors(connection, card.community)):
                card = None
        return await self._list(visitor, _UNKNOWN) if card is None else Redirect(f"{_AT}/{card.number:08}")

    async def _list(self, visitor: Visitor, fault: str = "") -> HtmlPage:
        async with visitor.database.read() as connection:
            found = await cards.newest_below(connection, visitor.tops, self._environment)
            around = await places.every(connection, visitor.tops)
        values = {
            "rows": [(each, written(each.number)) for each in found],
            "community_of": community_names(around),
            "states": _STATES,
            "months": months_before(next_month(visitor.now.astimezone(OFFICIAL_TIME).date()), 13),
            "fault": fault,
            "typed": visitor.request.query.get("number", "")[:20],
        }
        return HtmlPage("volunteer_cards.html", values, 422 if fault else 200)

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            card = await self._requested(connection, visitor)
        return await self._card(visitor, card)

    async def _card(self, visitor: Visitor, card: Card, fault: str = "", status: int = 422) -> HtmlPage:
        async with visitor.database.read() as connection:
            facts = await load_facts(connection, card.person)
            rows = await service_records.every_of(connection, card.person)
            listed = await _listed(connection, rows)
        versions: dict[str, list[ServiceRecord]] = {}
        for row in rows:
            versions.setdefault(row.source, []).append(row)
        newest_first = sorted(versions.items(), key=lambda item: item[1][0].served_on, reverse=True)
        lines = [_line(each, listed.get(source), visitor) for source, each in newest_first]
        values = {
            "card": card,
            "number": written(card.number),
            "facts": facts,
            "lines": lines,
            "states": _STATES,
            "grades": GRADES,
            "actions": [(action.value, _ACTIONS[action]) for action in actions_of(CardState(card.state))],
            "fault": fault,
            "reason": visitor.form.get("reason", "")[:_MAX_REASON] if fault else "",
            "section": _AT,
        }
        return HtmlPage("volunteer_card.html", values, status if fault else 200)

    async def _act(self, visitor: Visitor) -> HtmlPage | Redirect:
        action, reason = CardAction(visitor.request.match_info["action"]), _reason(visitor)
        async with visitor.database.write() as connection:
            card = await self._requested(connection, visitor, lock=True)
            if not reason:
                return await self._card(visitor, card, _NO_REASON)
            by = visitor.access.account
            if await change_card(connection, card, action, by, visitor.now, reason=reason) is None:
                return await self._card(visitor, card, _CHANGED, 409)
            await visitor.record(
                connection, card.community, VolunteerCardChanged(f"{card.number:08}", action.value, reason)
            )
        return Redirect(f"{_AT}/{card.number:08}")

    async def _correct(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Add a correction. The person asks for it, or staff do."""
        form, reason = visitor.form, _reason(visitor)
        typed = form.get("minutes", "").strip()
        minutes = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 3 else MAX_MINUTES + 1
        async with visitor.database.write() as connection:
            card = await self._requested(connection, visitor, lock=True)
            if not reason or minutes > MAX_MINUTES:
                return await self._card(visitor, card, _NO_MINUTES if reason else _NO_REASON)
            versions = await service_records.of_source(connection, form.get("source", ""))
            if not versions or versions[0].person != card.person:
                raise web.HTTPNotFound
            if form.get("version") != f"{versions[-1].version}":
                return await self._card(visitor, card, _CHANGED, 409)
            by = visitor.access.account
            span = Span(versions[0].served_on, versions[0].served_on + timedelta(minutes=minutes))
            asked_by = card.person if form.get("asked") == "person" else by
            correction = Correction(span, asked_by, reason, by)
            row = await correct(connection, card.person, versions[0].source, correction, visitor.now)
            assert row is not None
            await visitor.record(connection, card.community, ServiceCorrected(row.id, row.minutes, reason))
        return Redirect(f"{_AT}/{card.number:08}")

    async def _export(self, visitor: Visitor) -> FileDownload | HtmlPage:
        """Write the records of a month at and below the visitor's places, with names."""
        try:
            first = date.fromisoformat(f"{visitor.request.query.get('month', '')}-01")
        except ValueError as error:
            raise web.HTTPNotFound from error
        async with visitor.database.read() as connection:
            span = Span(begin_of(first), begin_of(next_month(first)))
            records = await service_records.between(connection, visitor.tops, self._environment, span)
            listed = await _listed(connection, records)
            found = await people.of_ids(connection, {each.person for each in records})
            numbers = await cards.active_numbers(connection, set(found))
        active = [each for each in found.values() if each.state == PersonState.active]
        try:
            names = {each.id: self._seal.open(each).name for each in active}
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return await self._list(visitor, _BROKEN)
        written_numbers = {person: written(number) for person, number in numbers.items()}
        rows = sheet_rows(records, SheetContext(names, written_numbers, listed, visitor.language))
        return sheet(f"service-{first:%Y-%m}", "xlsx", rows, of=visitor.tops, kind="service")

    async def _requested(self, connection: Connection, visitor: Visitor, *, lock: bool = False) -> Card:
        """Raises HTTPNotFound."""
        number = int(visitor.request.match_info["number"])
        card = await cards.of_number(connection, self._environment, number, lock=lock)
        if card is None:
            raise web.HTTPNotFound
        await visitor.demand(connection, card.community)
        return card


def _reason(visitor: Visitor) -> str:
    """Return "" for none, or one that is too long."""
    reason = " ".join(visitor.form.get("reason", "").split())
    return reason if len(reason) <= _MAX_REASON and reason.isprintable() else ""


def _line(versions: list[ServiceRecord], listed: ListedShift | None, visitor: Visitor) -> RecordLine:
    day = "" if listed is None else shift_day(listed.shift.times, visitor.language)
    return versions[0], versions[1:], listed, day, sum(row.minutes for row in versions)


async def _listed(connection: Connection, rows: tuple[ServiceRecord, ...]) -> dict[str, ListedShift]:
    """Return the shift of each source that is a sign-up."""
    shift_of = await service_records.shifts_of(connection, {row.source for row in rows if row.kind == "shift"})
    found = await activities.of_ids(connection, set(shift_of.values()))
    return {source: found[shift] for source, shift in shift_of.items() if shift in found}
