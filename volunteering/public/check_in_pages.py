"""Serve the page that the code on a kiosk's screen opens: members check in and out. A GET changes nothing."""

from datetime import timedelta
from functools import partial

from aiohttp import web

from central_server.language import language
from central_server.public.phone_pages.page_responder import PLACE, PageResponder
from central_server.public.rate_limit import RateLimit
from sync_contract.check_in_code import PATH
from volunteering.activities.check_in import CheckIn, CheckInState, ScannedCode, look, read_code, record
from volunteering.people.member_cookie import read_token
from volunteering.people.membership import Membership
from volunteering.public.activity_lines import load_lines
from volunteering.public.community import community_path
from volunteering.public.member_session import form_token, read_member_form
from volunteering.public.views import ActivityLine, CheckInView
from volunteering.rules.attendance import served
from volunteering.rules.check_in_judgement import Evidence
from volunteering.shift_wording import shift_day, shift_hours
from volunteering.store import activities
from volunteering.store.activities import ListedShift

_AGAIN_WITHIN = timedelta(days=15)
"""The next time of an activity is offered to whoever leaves if it begins within a fortnight."""
_CODE = "{code:[0-9A-Za-z]{1,200}}"
_BOTH = (PATH, PATH.lower())
"""A QR code needs fewer modules for capitals."""


class CheckInPages:
    """`rate`, `burst`: requests of each peer, and a hundred times as many of all: a hall may be one peer."""

    def __init__(
        self, membership: Membership, responder: PageResponder, *, rate: float = 10.0, burst: int = 1200
    ) -> None:
        self._membership = membership
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        return [
            *(web.get(f"{root}{_CODE}", self._show) for root in _BOTH),
            *(web.post(f"{root}{_CODE}", self._record) for root in _BOTH),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        scanned = await self._read(request)
        if scanned is None:
            return await self._page(request, CheckInView("refused", ""), 404)
        person = await self._membership.find(read_token(request), scanned.community)
        if person is None:
            return await self._page(request, CheckInView("log_in", community_path(scanned.community)))
        async with self._membership.database.read() as connection:
            found = await look(connection, person, scanned)
        may = found.state in (CheckInState.may_arrive, CheckInState.may_leave)
        return await self._answer(request, scanned, found, unproved=may and scanned.evidence is not Evidence.screen)

    async def _record(self, request: web.Request) -> web.Response:
        scanned = await self._read(request)
        if scanned is None:
            return await self._page(request, CheckInView("refused", ""), 404)
        person, form = await read_member_form(request, self._membership, scanned.community)
        if person is None:
            raise web.HTTPSeeOther(request.path)
        work = partial(record, person=person, scanned=scanned, claimed=form.get("claimed") == "yes")
        found = await self._membership.database.grouped(work)
        if found.state is CheckInState.unproved:
            return await self._answer(request, scanned, found, unproved=True)
        raise web.HTTPSeeOther(request.path)

    async def _read(self, request: web.Request) -> ScannedCode | None:
        """Judge the code by the time of this request."""
        self._limit.check(request)
        membership = self._membership
        code, now = request.match_info["code"], membership.clock()
        scanned = await read_code(membership.database, code, membership.environment, now)
        if scanned is not None:
            request[PLACE] = scanned.community
        return scanned

    async def _answer(
        self, request: web.Request, scanned: ScannedCode, found: CheckIn, *, unproved: bool
    ) -> web.Response:
        root, reader = community_path(scanned.community), language(request)
        if found.listed is None or found.attended is None:
            return await self._page(request, CheckInView(found.state.value, root))
        again = await self._again(request, found.listed) if found.state is CheckInState.left else None
        times, attended = found.listed.shift.times, found.attended
        total = served(times, attended.arrived, attended.left) if attended.arrived and attended.left else None
        view = CheckInView(
            found.state.value,
            root,
            title=found.listed.activity.title[reader],
            day=shift_day(times, reader),
            hours=shift_hours(times, reader),
            action=request.path,
            unproved=unproved,
            leaving=attended.arrived is not None,
            minutes=None if total is None else total.minutes,
            again=again,
        )
        return await self._page(request, view, 409 if found.state is CheckInState.unproved else 200)

    async def _again(self, request: web.Request, listed: ListedShift) -> ActivityLine | None:
        """Return the activity's next time, for whoever has no sign-up there."""
        now = self._membership.clock()
        person = await self._membership.find(read_token(request), listed.shift.community)
        async with self._membership.database.read() as connection:
            following = await activities.next_of(connection, listed.shift, listed.shift.starts + _AGAIN_WITHIN)
            if following is None:
                return None
            (line,) = await load_lines(connection, [following], person, language(request), now)
        return line if line.open and not line.own else None

    async def _page(self, request: web.Request, view: CheckInView, status: int = 200) -> web.Response:
        return await self._responder.page(request, view, status, csrf=form_token(request))
