"""Serve the page on which an invited person accepts or declines. A GET changes nothing, and names nobody."""

import structlog
from aiohttp import web

from central_server.language import language
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.public.rate_limit import RateLimit
from central_server.receipts.sealed_data import SealBroken
from central_server.store.places.places import Place
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.number_format import moment
from volunteering.people import inviting
from volunteering.people.invited_number import open_number
from volunteering.people.inviting import AlreadyMember
from volunteering.people.membership import Joined, Joining, Membership
from volunteering.public.community import AT, community_path, find_community
from volunteering.public.invitation_views import InvitationPage
from volunteering.public.member_session import begin
from volunteering.rules.minors import AgeBand
from volunteering.rules.one_time_code import CodeProblem

_log = structlog.get_logger()
_INVITATION = f"{AT}/invitation/{{invitation:[0-9a-f]{{32}}}}"


class InvitationPages:
    """`rate`, `burst`: forms for each peer, and a hundred times as many for all."""

    def __init__(self, membership: Membership, responder: PageResponder, *, rate: float = 0.2, burst: int = 30) -> None:
        self._membership = membership
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        return [web.get(_INVITATION, self._show), web.post(_INVITATION, self._answer)]

    async def _show(self, request: web.Request) -> web.Response:
        return await self._page(request, await self._community(request))

    async def _answer(self, request: web.Request) -> web.Response:
        self._limit.check(request)
        community, invitation = await self._community(request), request.match_info["invitation"]
        form = await read_form(request, request.config_dict[RULES], f"invitation {invitation}")
        code, name = form.get("code", "")[:40], form.get("name", "")[:60]
        if form.get("answer") == "decline":
            problem = await inviting.decline(self._membership, community.id, invitation, code)
            return await self._page(request, community, name, problem or "", declined=problem is None)
        age = AgeBand.adult if form.get("adult") == "yes" else AgeBand.youth
        typed = Joining(invitation, code, name, form.get("consent") == "yes", language(request), age=age)
        found = await inviting.accept(self._membership, community.id, typed)
        root = community_path(community.id)
        if isinstance(found, AlreadyMember):
            raise web.HTTPSeeOther(f"{root}/join?next={root}/me")
        if not isinstance(found, Joined):
            return await self._page(request, community, name, found)
        response = web.Response(status=303, headers={"Location": root})
        begin(request, response, found.token)
        return response

    async def _page(
        self, request: web.Request, community: Place, name: str = "", fault: str = "", *, declined: bool = False
    ) -> web.Response:
        invitation = request.match_info["invitation"]
        root = community_path(community.id)
        async with self._membership.database.read() as connection:
            found = await inviting.find(connection, self._membership, community.id, invitation)
        if found is None or fault == CodeProblem.ended:
            view = InvitationPage("declined" if declined else "ended", community.names, root)
            return await self._responder.page(request, view, 200 if declined else 410)
        shown = ""
        if self._membership.sender.on_screen:
            try:
                shown = open_number(self._membership.seal, found).code
            except SealBroken as error:
                _log.error("receipts.key", reason=str(error))
        view = InvitationPage(
            "open",
            community.names,
            root,
            f"{root}/invitation/{invitation}",
            moment(found.expires_at, language(request)),
            shown,
            name,
            fault,
        )
        csrf = csrf_token(request.config_dict[RULES], f"invitation {invitation}")
        return await self._responder.page(request, view, 422 if fault else 200, csrf=csrf)

    async def _community(self, request: web.Request) -> Place:
        async with self._membership.database.read() as connection:
            return await find_community(connection, request)
