"""Show what happens today: bells, who is where, empty seats, requests. Names are on the page of the shift."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.alerts import bells
from central_server.store.enrolment import gateways
from central_server.store.places import places
from kiosk_ui.number_format import day
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment, Language
from volunteering.rules.attendance import AROUND
from volunteering.rules.requests import RequestState, is_unanswered
from volunteering.rules.seats import SeatUse
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.staff.request_wording import CATEGORIES, STATES
from volunteering.store import activities, attendances, claims, requests, sign_ups
from volunteering.store.activities import ListedShift
from volunteering.store.requests import Request

TODAY = "/staff/volunteers/today"
_BELL = "/staff/volunteers/bells/{gateway:[0-9a-f]{16}}/answer"
_EMPTY_WITHIN = timedelta(days=3)
_MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class _ShiftRow:
    """`present`: checked in, and not out. `running`: it has begun."""

    listed: ListedShift
    day: str
    hours: str
    use: SeatUse
    present: int
    running: bool


class TodayPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page(TODAY, self._show, Right.see),
            self._frame.form(_BELL, self._answer, Right.see),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        tops, now, environment = visitor.tops, visitor.now, self._environment
        async with visitor.database.read() as connection:
            ringing = await bells.ringing(connection, tops, environment)
            labels = {each.id: each.label for each in await gateways.every(connection, tops)} if ringing else {}
            found = await activities.below_between(connection, tops, environment, _midnight(now), now + _EMPTY_WITHIN)
            uses = await sign_ups.uses(connection, {each.shift.id: each.shift.seats for each in found})
            present = await attendances.count_present(connection, [each.shift.id for each in found])
            waiting = await requests.unfinished_below(connection, tops, environment)
            around = await places.every(connection, tops)
            claimed = await claims.waiting(connection, tops, environment, now, now - AROUND)
        rows = [_row(each, uses[each.shift.id], present.get(each.shift.id, 0), visitor) for each in found]
        midnight = _midnight(now) + timedelta(days=1)
        values = {
            "bells": [(each, labels.get(each.gateway, each.gateway)) for each in ringing],
            "today": [row for row in rows if row.listed.shift.starts < midnight],
            "empty": [row for row in rows if row.use.free and row.listed.shift.starts > now],
            "requests": [_request(each, now, visitor.language) for each in waiting if _needs_staff(each)][:_MAX_LISTED],
            "community_of": community_names(around),
            "claims": len(claimed),
            "may_check": visitor.access.has(Right.people),
            "categories": CATEGORIES,
            "states": STATES,
        }
        return HtmlPage("volunteer_today.html", values)

    async def _answer(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            gateway, account = visitor.request.match_info["gateway"], visitor.access.account
            await bells.answer(connection, gateway, visitor.tops, self._environment, account, visitor.now)
            await bells.delete_answered(connection, visitor.now - timedelta(days=90))
        return Redirect(TODAY)


def _row(listed: ListedShift, use: SeatUse, present: int, visitor: Visitor) -> _ShiftRow:
    times, reader = listed.shift.times, visitor.language
    running = listed.shift.starts <= visitor.now < listed.shift.ends
    return _ShiftRow(listed, shift_day(times, reader), shift_hours(times, reader), use, present, running)


def _needs_staff(request: Request) -> bool:
    return request.state in (RequestState.new, RequestState.open)


def _request(request: Request, now: datetime, reader: Language) -> tuple[Request, str, bool]:
    unanswered = is_unanswered(RequestState(request.state), request.asked_at, now)
    return request, day(date.fromisoformat(request.wanted_on), reader), unanswered


def _midnight(now: datetime) -> datetime:
    return datetime.combine(now.astimezone(OFFICIAL_TIME).date(), time(), OFFICIAL_TIME)
