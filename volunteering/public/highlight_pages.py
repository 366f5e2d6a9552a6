"""Serve the phone pages of highlights, and let members answer for pictures of themselves. A GET changes nothing."""

from collections.abc import Collection
from datetime import date

from aiohttp import web

from central_server.language import language
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.public.rate_limit import RateLimit
from central_server.store.engine.connection import Connection
from kiosk_ui.number_format import day
from sync_contract.strict_model import Language
from volunteering.highlights.approval import HighlightProblem, answer
from volunteering.people.member_cookie import read_token
from volunteering.people.membership import Membership
from volunteering.public.community import AT, community_path, find_community
from volunteering.public.highlight_views import HighlightLine, HighlightsPage, PicturesPage
from volunteering.public.member_session import form_token, read_member_form
from volunteering.rules.highlights import ConsentState, HighlightState
from volunteering.store import highlights
from volunteering.store.highlights import Highlight
from volunteering.store.people import Person

_ID = "{highlight:[0-9a-f]{32}}"
_MAX_SHOWN = 40


class HighlightPages:
    def __init__(self, membership: Membership, responder: PageResponder, *, rate: float = 1.0, burst: int = 60) -> None:
        self._membership = membership
        self._database = membership.database
        self._environment = membership.environment.value
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"{AT}/highlights", self._show_list),
            web.get(f"{AT}/highlights/{_ID}.jpg", self._picture),
            web.get(f"{AT}/pictures", self._show_own),
            web.get(f"{AT}/pictures/{_ID}.jpg", self._own_picture),
            web.post(f"{AT}/pictures/{_ID}/{{answer:agree|decline}}", self._answer),
        ]

    async def _show_list(self, request: web.Request) -> web.Response:
        async with self._database.read() as connection:
            community = await find_community(connection, request)
            found = await highlights.published_in(connection, community.id, self._environment, _MAX_SHOWN)
            pictured = await highlights.with_pictures(connection, [each.id for each in found])
        root = community_path(community.id)
        lines = tuple(_line(each, f"{root}/highlights", pictured, language(request)) for each in found)
        return await self._responder.page(request, HighlightsPage(lines, root))

    async def _picture(self, request: web.Request) -> web.Response:
        """Serve a published picture; never cached, so that a withdrawal takes effect at once."""
        async with self._database.read() as connection:
            community = await find_community(connection, request)
            found = await highlights.get(connection, request.match_info["highlight"], self._environment)
            if found is None or found.community != community.id or found.state != HighlightState.published:
                raise web.HTTPNotFound
            return await _jpeg(connection, found.id)

    async def _own_picture(self, request: web.Request) -> web.Response:
        person = await self._person(request)
        async with self._database.read() as connection:
            wanted = request.match_info["highlight"]
            mine = await highlights.of_number(connection, person.community, person.number_hash or "")
            if wanted not in [each.id for each, _ in mine]:
                raise web.HTTPNotFound
            return await _jpeg(connection, wanted)

    async def _show_own(self, request: web.Request) -> web.Response:
        return await self._own(request, await self._person(request))

    async def _own(self, request: web.Request, person: Person, problem: str = "") -> web.Response:
        root, reader = community_path(person.community), language(request)
        async with self._database.read() as connection:
            await find_community(connection, request)
            found = await highlights.of_number(connection, person.community, person.number_hash or "")
            pictured = await highlights.with_pictures(connection, [each.id for each, _ in found])
        lines = tuple(_line(each, f"{root}/pictures", pictured, reader, mine.state) for each, mine in found)
        view = PicturesPage(lines, root, problem)
        return await self._responder.page(request, view, 409 if problem else 200, csrf=form_token(request))

    async def _answer(self, request: web.Request) -> web.Response:
        self._limit.check(request)
        async with self._database.read() as connection:
            community = await find_community(connection, request)
        person, _form = await read_member_form(request, self._membership, community.id)
        if person is None or person.number_hash is None:
            raise web.HTTPSeeOther(_join_path(community.id))
        number, state = person.number_hash, ConsentState.agreed
        if request.match_info["answer"] == "decline":
            state = ConsentState.declined

        async def work(connection: Connection) -> HighlightState | HighlightProblem:
            wanted = request.match_info["highlight"]
            found = await highlights.get(connection, wanted, self._environment, lock=True)
            if found is None or found.community != community.id:
                raise web.HTTPNotFound
            return await answer(connection, found, number, state, person.id, self._membership.clock())

        result = await self._database.written(work)
        if isinstance(result, HighlightProblem):
            return await self._own(request, person, result.value)
        raise web.HTTPSeeOther(f"{community_path(community.id)}/pictures")

    async def _person(self, request: web.Request) -> Person:
        """Raises HTTPSeeOther without a session in this community."""
        async with self._database.read() as connection:
            community = await find_community(connection, request)
        person = await self._membership.find(read_token(request), community.id)
        if person is None:
            raise web.HTTPSeeOther(_join_path(community.id))
        return person


async def _jpeg(connection: Connection, highlight: str) -> web.Response:
    """Raises HTTPNotFound."""
    picture = await highlights.picture_of(connection, highlight)
    if picture is None:
        raise web.HTTPNotFound
    return web.Response(body=picture.large, content_type="image/jpeg")


def _join_path(community: str) -> str:
    root = community_path(community)
    return f"{root}/join?next={root}/pictures"


def _line(
    highlight: Highlight, folder: str, pictured: Collection[str], reader: Language, state: str = ""
) -> HighlightLine:
    picture = f"{folder}/{highlight.id}.jpg" if highlight.id in pictured else ""
    shown_on = day(date.fromisoformat(highlight.day), reader)
    published = highlight.state == HighlightState.published
    return HighlightLine(highlight.id, highlight.texts[reader], shown_on, picture, state, published)
