"""Serve the phone pages on which members ask for help and help others. A GET changes nothing and shows no address."""

from datetime import date
from urllib.parse import quote

from aiohttp import web

from central_server.language import language
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.public.rate_limit import RateLimit
from central_server.store.engine.connection import Connection
from central_server.store.places.places import Place
from kiosk_ui.number_format import day, moment
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Language
from volunteering.people.member_cookie import read_token
from volunteering.people.membership import Membership
from volunteering.public.community import AT, community_path, find_community
from volunteering.public.member_session import form_token, read_member_form
from volunteering.public.request_views import AskPage, LookLine, NewRequestPage, RequestLine, RequestPage, RequestsPage
from volunteering.requests.act_on_request import (
    Outcome,
    RequestProblem,
    act,
    actor_of,
    ask,
    look_at_address,
)
from volunteering.requests.request_form import Address, Category, read_request
from volunteering.rules.requests import Action, Actor, RequestState, actions_of
from volunteering.store import requests
from volunteering.store.people import Person
from volunteering.store.requests import Request

_HELP = f"{AT}/help"
_ONE = f"{_HELP}/{{request:[0-9a-f]{{32}}}}"
_OUTCOMES = ("well", "badly")
_PUBLIC = frozenset((RequestState.open,))
_TAKEN = frozenset((RequestState.claimed, RequestState.helped))
"""What the answer to a form may still show, to say that someone else was faster."""


class RequestPages:
    """`rate`, `burst`: forms for each peer, and a hundred times as many for all: a hall may be one peer."""

    def __init__(self, membership: Membership, responder: PageResponder, *, rate: float = 1.0, burst: int = 60) -> None:
        self._membership = membership
        self._database, self._clock = membership.database, membership.clock
        self._environment = membership.environment.value
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(_HELP, self._show_list),
            web.get(f"{AT}/ask", self._show_own),
            web.get(f"{_HELP}/new", self._show_form),
            web.post(f"{_HELP}/new", self._ask),
            web.get(_ONE, self._show),
            web.post(f"{_ONE}/address", self._show_address),
            web.post(f"{_ONE}/{{action:claim|give_up|report_done|confirm|withdraw}}", self._act),
        ]

    async def _show_list(self, request: web.Request) -> web.Response:
        community, person = await self._reader(request)
        async with self._database.read() as connection:
            found = await requests.open_in(connection, community.id, self._environment)
            own = () if person is None else await requests.unfinished_of(connection, person.id)
        reader, mine = language(request), {each.id for each in own}
        lines = tuple(_line(each, person, reader) for each in found if each.id not in mine)
        helping = tuple(_line(each, person, reader) for each in own if person and each.helper == person.id)
        view = RequestsPage(lines, helping, community_path(community.id))
        return await self._responder.page(request, view)

    async def _show_own(self, request: web.Request) -> web.Response:
        """Show the member's own requests, and the way to a new one."""
        community, person = await self._reader(request)
        async with self._database.read() as connection:
            own = () if person is None else await requests.unfinished_of(connection, person.id)
        asked = [each for each in own if person and each.person == person.id]
        lines = tuple(_line(each, person, language(request)) for each in asked)
        return await self._responder.page(request, AskPage(lines, community_path(community.id)))

    async def _show_form(self, request: web.Request) -> web.Response:
        community, person = await self._reader(request)
        if person is None:
            raise web.HTTPSeeOther(_join_path(community, f"{community_path(community.id)}/help/new"))
        return await self._form(request, community, {}, {})

    async def _form(
        self, request: web.Request, community: Place, values: dict[str, str], faults: dict[str, str]
    ) -> web.Response:
        categories = tuple(each.value for each in Category)
        view = NewRequestPage(community_path(community.id), f"{self._today()}", values, faults, categories)
        return await self._responder.page(request, view, 422 if faults else 200, csrf=form_token(request))

    async def _ask(self, request: web.Request) -> web.Response:
        community, person, form = await self._member(request)
        new, faults = read_request(form, self._today())
        if new is None:
            return await self._form(request, community, form, {name: fault.value for name, fault in faults.items()})

        async def work(connection: Connection) -> Request | RequestProblem:
            return await ask(connection, self._membership.seal, person, new, self._clock())

        asked = await self._database.written(work)
        if isinstance(asked, RequestProblem):
            return await self._form(request, community, form, {"": asked.value})
        raise web.HTTPSeeOther(f"{community_path(community.id)}/help/{asked.id}")

    async def _show(self, request: web.Request) -> web.Response:
        community, person = await self._reader(request)
        return await self._page(request, community, person)

    async def _show_address(self, request: web.Request) -> web.Response:
        """Show what the reader may see of the address; the person who asked sees that they looked."""
        community, person, _form = await self._member(request)

        async def work(connection: Connection) -> Address | None:
            found = await self._find(connection, request, community, person, lock=True)
            actor = actor_of(found, person) or Actor.member
            return await look_at_address(connection, self._membership.seal, found, actor, person.id, self._clock())

        address = await self._database.written(work)
        return await self._page(
            request, community, person, address, RequestProblem.changed if address is None else None
        )

    async def _act(self, request: web.Request) -> web.Response:
        community, person, form = await self._member(request)
        outcome = form.get("outcome", "") if form.get("outcome") in _OUTCOMES else ""

        async def work(connection: Connection) -> RequestState | RequestProblem:
            found = await self._find(connection, request, community, person, lock=True)
            by = Outcome(actor_of(found, person) or Actor.member, person.id, outcome)
            return await act(connection, found, Action(request.match_info["action"]), by, self._clock())

        result = await self._database.written(work)
        if isinstance(result, RequestProblem):
            return await self._page(request, community, person, problem=result)
        gone = result in (RequestState.withdrawn, RequestState.closed)
        root = community_path(community.id)
        raise web.HTTPSeeOther(f"{root}/ask" if gone else f"{root}/help/{request.match_info['request']}")

    async def _page(
        self,
        request: web.Request,
        community: Place,
        person: Person | None,
        address: Address | None = None,
        problem: RequestProblem | None = None,
    ) -> web.Response:
        reader, root = language(request), community_path(community.id)
        async with self._database.read() as connection:
            found = await self._find(connection, request, community, person)
            looks = await requests.looks_at(connection, found.id)
        actor = actor_of(found, person)
        actions = actions_of(RequestState(found.state), actor) if actor else frozenset[Action]()
        shown = address or Address("", "", "")
        view = RequestPage(
            _line(found, person, reader),
            root,
            actor or "",
            frozenset(action.value for action in actions),
            _join_path(community, f"{root}/help/{found.id}") if person is None else "",
            shown.building,
            shown.door,
            shown.note,
            shown.name,
            shown.mobile,
            tuple(LookLine(each.step, each.by != found.helper, moment(each.at, reader)) for each in looks)
            if actor is Actor.requester
            else (),
            problem.value if problem else "",
        )
        return await self._responder.page(request, view, 409 if problem else 200, csrf=form_token(request))

    async def _find(
        self,
        connection: Connection,
        request: web.Request,
        community: Place,
        person: Person | None,
        *,
        lock: bool = False,
    ) -> Request:
        """Return the request; others than its two people see it only while it is open. Raises HTTPNotFound."""
        wanted = request.match_info["request"]
        found = await requests.get(connection, wanted, self._environment, community=community.id, lock=lock)
        if found is None:
            raise web.HTTPNotFound
        mine = person is not None and person.id in (found.person, found.helper)
        seen = _PUBLIC if request.method == "GET" else _PUBLIC | _TAKEN
        if not mine and found.state not in seen:
            raise web.HTTPNotFound
        return found

    async def _reader(self, request: web.Request) -> tuple[Place, Person | None]:
        async with self._database.read() as connection:
            community = await find_community(connection, request)
        return community, await self._membership.find(read_token(request), community.id)

    async def _member(self, request: web.Request) -> tuple[Place, Person, dict[str, str]]:
        """Return the person of a form. Raises 403, 429, and HTTPSeeOther without a session in this community."""
        self._limit.check(request)
        async with self._database.read() as connection:
            community = await find_community(connection, request)
        person, form = await read_member_form(request, self._membership, community.id)
        if person is None:
            raise web.HTTPSeeOther(_join_path(community, f"{community_path(community.id)}/help"))
        return community, person, dict(form)

    def _today(self) -> date:
        return self._clock().astimezone(OFFICIAL_TIME).date()


def _line(request: Request, person: Person | None, reader: Language) -> RequestLine:
    mine = {Actor.requester: "asked", Actor.helper: "helping"}.get(actor_of(request, person) or Actor.member, "")
    path = f"{community_path(request.community)}/help/{request.id}"
    wanted_on = day(date.fromisoformat(request.wanted_on), reader)
    return RequestLine(path, request.category, request.grid, wanted_on, request.state, mine)


def _join_path(community: Place, back: str) -> str:
    return f"{community_path(community.id)}/join?next={quote(back, safe='')}"
