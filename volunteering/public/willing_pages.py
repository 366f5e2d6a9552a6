"""Serve the page on which a member says when they can help and answers proposals of staff."""

from datetime import date, timedelta
from functools import partial

from aiohttp import web
from babel.dates import format_date
from multidict import MultiDict

from central_server.language import language
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.public.rate_limit import RateLimit
from central_server.store.places.places import Place
from sync_contract.strict_model import Language
from volunteering.dispatch.proposing import answer
from volunteering.dispatch.willing_form import NONE_BEST, WillingForm, read_form, stored_form
from volunteering.people.member_cookie import read_token
from volunteering.people.membership import Membership
from volunteering.public.activity_lines import load_lines
from volunteering.public.community import AT, community_path, find_community
from volunteering.public.member_session import form_token, read_member_form
from volunteering.public.willing_views import ProposalLine, WillingPage
from volunteering.store import activities, dispatch
from volunteering.store.dispatch import WillingTimes
from volunteering.store.people import Person

_MONDAY = date(2024, 1, 1)
_LOCALES = {Language.zh_hans: "zh_Hans", Language.zh_hant: "zh_Hant", Language.en: "en"}
_EMPTY = WillingForm(frozenset(), NONE_BEST, 1, "", adult=False)
_INVALID = "invalid"


class WillingPages:
    def __init__(self, membership: Membership, responder: PageResponder, *, rate: float = 0.5, burst: int = 60) -> None:
        self._membership = membership
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        one = f"{AT}/me/when/{{proposal:[0-9a-f]{{32}}}}"
        return [
            web.get(f"{AT}/me/when", self._show),
            web.post(f"{AT}/me/when", self._save),
            web.post(f"{one}/accept", partial(self._answer, accepted=True)),
            web.post(f"{one}/decline", partial(self._answer, accepted=False)),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        community = await self._community(request)
        person = await self._membership.find(read_token(request), community.id)
        root = community_path(community.id)
        if person is None:
            raise web.HTTPSeeOther(f"{root}/join?next={root}/me/when")
        return await self._page(request, person, result="saved" if "saved" in request.query else "")

    async def _page(self, request: web.Request, person: Person, problem: str = "", result: str = "") -> web.Response:
        reader, now = language(request), self._membership.clock()
        async with self._membership.database.read() as connection:
            stored = await dispatch.willing_of(connection, person.id)
            asked = await dispatch.open_of(connection, person.id, now)
            found = await activities.of_ids(connection, [each.shift for each in asked])
            lines = await load_lines(connection, [found[each.shift] for each in asked], person, reader, now)
        form = stored_form(stored.week, stored.per_week, stored.grid, adult=stored.adult) if stored else _EMPTY
        days = [format_date(_MONDAY + timedelta(days=each), "EEE", _LOCALES[reader]) for each in range(7)]
        proposals = [
            ProposalLine(each.id, line, each.gladly, each.near) for each, line in zip(asked, lines, strict=True)
        ]
        view = WillingPage(
            community_path(person.community),
            tuple(proposals),
            tuple(days),
            form.parts,
            form.best,
            form.per_week,
            form.grid,
            form.adult,
            problem,
            result,
        )
        status = 422 if problem == _INVALID else 409 if problem else 200
        return await self._responder.page(request, view, csrf=form_token(request), status=status)

    async def _save(self, request: web.Request) -> web.Response:
        community, person, sent = await self._member(request)
        form = read_form(sent)
        if form is None:
            return await self._page(request, person, _INVALID)
        times = WillingTimes(
            person.id,
            community.id,
            person.environment,
            form.week,
            form.per_week,
            form.grid,
            form.adult,
            self._membership.clock(),
        )
        await self._membership.database.written(partial(dispatch.set_willing, times=times))
        raise web.HTTPSeeOther(f"{community_path(community.id)}/me/when?saved=1")

    async def _answer(self, request: web.Request, *, accepted: bool) -> web.Response:
        _community, person, _form = await self._member(request)
        work = partial(
            answer,
            person=person,
            proposal=request.match_info["proposal"],
            accepted=accepted,
            now=self._membership.clock(),
        )
        problem = await self._membership.database.written(work)
        if problem is not None:
            return await self._page(request, person, problem.value)
        return await self._page(request, person, result="accepted" if accepted else "declined")

    async def _member(self, request: web.Request) -> tuple[Place, Person, MultiDict[str]]:
        self._limit.check(request)
        community = await self._community(request)
        person, form = await read_member_form(request, self._membership, community.id)
        if person is None:
            raise web.HTTPSeeOther(f"{community_path(community.id)}/join")
        return community, person, form

    async def _community(self, request: web.Request) -> Place:
        async with self._membership.database.read() as connection:
            return await find_community(connection, request)
