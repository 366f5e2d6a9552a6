"""Let a person log in with a printed card: its code is scanned or typed. A GET logs nobody in."""

from aiohttp import web

from central_server.public.phone_pages.page_responder import PageResponder
from central_server.public.rate_limit import RateLimit
from central_server.store.places.places import Place
from daemonkit.web import RULES, csrf_token, read_form
from volunteering.people.membership import Membership
from volunteering.public.community import AT, community_path, find_community
from volunteering.public.member_session import begin
from volunteering.public.views import LoginCardPage
from volunteering.rules.login_code import in_groups, read_login_code

_FORM = "login card"


class LoginCardPages:
    """`rate`, `burst`: tries of each peer, and ten times as many of all: a card's code cannot be guessed so slowly."""

    def __init__(self, membership: Membership, responder: PageResponder, *, rate: float = 0.2, burst: int = 40) -> None:
        self._membership = membership
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=10)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(f"{AT}/login-card", self._show),
            web.get(f"{AT}/login-card/{{code:[0-9]{{16}}}}", self._show),
            web.post(f"{AT}/login-card", self._log_in),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        """The page with a scanned code says nothing about it: it is checked when it is sent."""
        community = await self._community(request)
        return await self._page(request, community, in_groups(request.match_info.get("code", "")))

    async def _log_in(self, request: web.Request) -> web.Response:
        self._limit.check(request)
        community = await self._community(request)
        form = await read_form(request, request.config_dict[RULES], _FORM)
        token = await self._membership.log_in_with_card(community.id, read_login_code(form.get("code", "")))
        if not token:
            return await self._page(request, community, "", fault=True)
        response = web.Response(status=303, headers={"Location": f"{community_path(community.id)}/me"})
        begin(request, response, token)
        return response

    async def _page(self, request: web.Request, community: Place, code: str, *, fault: bool = False) -> web.Response:
        root = community_path(community.id)
        view = LoginCardPage(root, code.strip(), fault)
        csrf = csrf_token(request.config_dict[RULES], _FORM)
        return await self._responder.page(request, view, 422 if fault else 200, csrf=csrf)

    async def _community(self, request: web.Request) -> Place:
        async with self._membership.database.read() as connection:
            return await find_community(connection, request)
