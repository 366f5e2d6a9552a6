"""Serve the phone pages of a community's activities, and let members sign up. A GET changes nothing."""

from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import quote

from aiohttp import web

from central_server.language import language
from central_server.public.phone_pages.page_responder import PageResponder, hall_path
from central_server.public.rate_limit import RateLimit
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from volunteering.activities import sign_up
from volunteering.activities.sign_up import SignUpProblem
from volunteering.people.member_cookie import read_token
from volunteering.people.membership import Membership
from volunteering.public.activity_lines import load_lines
from volunteering.public.community import AT, community_path, find_community
from volunteering.public.member_session import form_token, read_member_form
from volunteering.public.views import ActivityPage, CommunityPage
from volunteering.rules.seats import SignUpState
from volunteering.store import activities, sign_ups
from volunteering.store.people import Person

_SHIFT = f"{AT}/shifts/{{shift:[0-9a-f]{{32}}}}"
Action = Callable[..., Awaitable[SignUpState | SignUpProblem]]


class ActivityPages:
    """`rate`, `burst`: forms for each peer, and a hundred times as many for all: a hall may be one peer."""

    def __init__(
        self, membership: Membership, responder: PageResponder, *, rate: float = 5.0, burst: int = 600
    ) -> None:
        self._membership = membership
        self._database, self._clock = membership.database, membership.clock
        self._environment = membership.environment.value
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/community", self._home),
            web.get(AT, self._show_list),
            web.get(_SHIFT, self._show_shift),
            web.post(f"{_SHIFT}/sign-up", partial(self._act, action=sign_up.sign_up)),
            web.post(f"{_SHIFT}/accept", partial(self._act, action=sign_up.accept)),
            web.post(f"{_SHIFT}/leave", partial(self._act, action=sign_up.leave)),
        ]

    async def _home(self, request: web.Request) -> web.Response:
        """Lead to the only community; without one, or with several, to the projects."""
        async with self._database.read() as connection:
            only = await places.only_community(connection)
        raise web.HTTPSeeOther("/s" if only is None else community_path(only))

    async def _show_list(self, request: web.Request) -> web.Response:
        person = await self._membership.find(read_token(request), request.match_info["place"])
        now = self._clock()
        async with self._database.read() as connection:
            community = await find_community(connection, request)
            found = await activities.coming(connection, community.id, self._environment, now)
            lines = await load_lines(connection, found, person, language(request), now)
        root = community_path(community.id)
        view = CommunityPage(community.names, lines, hall_path(community.id), root)
        return await self._responder.page(request, view)

    async def _show_shift(self, request: web.Request) -> web.Response:
        person = await self._membership.find(read_token(request), request.match_info["place"])
        return await self._shift(request, person)

    async def _act(self, request: web.Request, *, action: Action) -> web.Response:
        """Change the person's own sign-up, then show the shift."""
        self._limit.check(request)
        async with self._database.read() as connection:
            community = await find_community(connection, request)
        person, _form = await read_member_form(request, self._membership, community.id)
        if person is None:
            raise web.HTTPSeeOther(_join_path(request))
        shift, now = request.match_info["shift"], self._clock()

        async def work(connection: Connection) -> SignUpState | SignUpProblem:
            return await action(connection, person, shift, now)

        result = await self._database.queued(f"shift {shift}", work)
        if isinstance(result, SignUpProblem):
            return await self._shift(request, person, result)
        raise web.HTTPSeeOther(_shift_path(request))

    async def _shift(
        self, request: web.Request, person: Person | None, problem: SignUpProblem | None = None
    ) -> web.Response:
        now = self._clock()
        async with self._database.read() as connection:
            community = await find_community(connection, request)
            shift = request.match_info["shift"]
            found = await activities.get_shift(connection, community.id, self._environment, shift)
            if found is None:
                raise web.HTTPNotFound
            (line,) = await load_lines(connection, [found], person, language(request), now)
            own = None if person is None else await sign_ups.get(connection, shift, person.id)
            waits = own is not None and own.state == SignUpState.waiting
            before = await sign_ups.waiting_before(connection, own) if own is not None and waits else 0
        view = ActivityPage(
            line,
            community_path(community.id),
            _join_path(request) if person is None else "",
            problem.value if problem else "",
            before,
        )
        return await self._responder.page(request, view, 409 if problem else 200, csrf=form_token(request))


def _shift_path(request: web.Request) -> str:
    match = request.match_info
    return f"{community_path(match['place'])}/shifts/{match['shift']}"


def _join_path(request: web.Request) -> str:
    root = community_path(request.match_info["place"])
    return f"{root}/join?next={quote(_shift_path(request), safe='')}"
