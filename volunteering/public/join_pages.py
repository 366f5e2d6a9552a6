"""Serve the pages on which a person joins or logs in: their number, then the code that was sent to it."""

import re
from dataclasses import replace

from aiohttp import web
from multidict import MultiDict

from central_server.language import language
from central_server.public.phone_pages.page_responder import PageResponder
from central_server.public.rate_limit import RateLimit
from central_server.store.places.places import Place
from daemonkit.web import RULES, csrf_token, read_form
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from volunteering.people.membership import (
    GuardianNeeded,
    GuardianTyped,
    Joined,
    Joining,
    JoinProblem,
    Membership,
    SentCode,
)
from volunteering.public.community import AT, community_path, find_community
from volunteering.public.member_session import begin
from volunteering.public.views import CodePage, GuardianPage, NumberPage
from volunteering.rules.minors import read_age
from volunteering.rules.one_time_code import CodeProblem
from volunteering.rules.phone_number import MAX_WRITTEN, hide_middle, read_mobile

_LATER = (CodeProblem.too_soon, CodeProblem.too_many, CodeProblem.busy)
_OF_GUARDIAN = (JoinProblem.guardian_consent, JoinProblem.guardian_wrong)
_ID = re.compile(r"[0-9a-f]{32}")


class JoinPages:
    """`rate`, `burst`: forms for each peer, and a hundred times as many for all: a hall may be one peer."""

    def __init__(self, membership: Membership, responder: PageResponder, *, rate: float = 0.5, burst: int = 60) -> None:
        self._membership = membership
        self._responder = responder
        self._limit = RateLimit(rate, burst, together=100)

    def routes(self) -> list[web.RouteDef]:
        """`?next=`: the page to return to, below the community's path."""
        return [
            web.get(f"{AT}/join", self._ask_number),
            web.post(f"{AT}/join", self._send_code),
            web.post(f"{AT}/join/code", self._join),
            web.post(f"{AT}/join/guardian", self._join),
        ]

    async def _ask_number(self, request: web.Request) -> web.Response:
        return await self._number(request, await self._community(request))

    async def _number(self, request: web.Request, community: Place, typed: str = "", fault: str = "") -> web.Response:
        form, back = new_id(), _next_path(request, community)
        card = f"{community_path(community.id)}/login-card"
        view = NumberPage(_action(community, "join", form, back), back, card, typed[:MAX_WRITTEN], fault)
        status = 429 if fault in _LATER else 422 if fault else 200
        return await self._responder.page(request, view, status, csrf=_csrf(request, form))

    async def _send_code(self, request: web.Request) -> web.Response:
        self._limit.check(request)
        community = await self._community(request)
        form = await _read(request)
        written = form.get("number", "")
        mobile = read_mobile(written)
        if mobile is None:
            return await self._number(request, community, written, "number")
        sent = await self._membership.send_code(community.id, mobile, language(request))
        if not isinstance(sent, SentCode):
            return await self._number(request, community, written, sent)
        return await self._code(request, community, sent.ticket, number=hide_middle(mobile), shown=sent.shown)

    async def _code(
        self,
        request: web.Request,
        community: Place,
        ticket: str,
        *,
        number: str = "",
        shown: str = "",
        name: str = "",
        fault: str = "",
    ) -> web.Response:
        back = _next_path(request, community)
        action, again = _action(community, "join/code", ticket, back), _again_path(community, back)
        view = CodePage(action, again, number, shown, name, fault)
        return await self._responder.page(request, view, 422 if fault else 200, csrf=_csrf(request, ticket))

    async def _join(self, request: web.Request) -> web.Response:
        self._limit.check(request)
        community = await self._community(request)
        form, ticket = await _read(request), request.query["form"]
        name = form.get("name", "")[:60]
        typed = _read_joining(form, ticket, name, language(request))
        joined = await self._membership.join(community.id, typed)
        if joined is CodeProblem.ended:
            return await self._number(request, community, fault=joined)
        if isinstance(joined, GuardianNeeded):
            return await self._ask_guardian(request, community, typed, joined)
        if joined in _OF_GUARDIAN:
            return await self._guardian(request, community, typed, fault=str(joined))
        if not isinstance(joined, Joined):
            return await self._code(request, community, ticket, name=name, fault=joined)
        response = web.Response(status=303, headers={"Location": _next_path(request, community)})
        begin(request, response, joined.token)
        return response

    async def _ask_guardian(
        self, request: web.Request, community: Place, typed: Joining, needed: GuardianNeeded
    ) -> web.Response:
        """Send a code to the guardian's number, and ask for it."""
        sent = await self._membership.send_code(community.id, needed.mobile, typed.language, guardian=True)
        if not isinstance(sent, SentCode):
            return await self._code(request, community, typed.ticket, name=typed.name, fault="guardian_later")
        guardian = replace(typed.guardian, ticket=sent.ticket)
        return await self._guardian(request, community, replace(typed, guardian=guardian), shown=sent.shown)

    async def _guardian(
        self, request: web.Request, community: Place, typed: Joining, *, shown: str = "", fault: str = ""
    ) -> web.Response:
        back, guardian = _next_path(request, community), typed.guardian
        mobile = read_mobile(guardian.number)
        hidden = {
            "code": typed.code,
            "name": typed.name,
            "consent": "yes",
            "holder": "yes" if typed.holder else "",
            "age": typed.age.value,
            "guardian": guardian.number,
            "guardian_ticket": guardian.ticket,
        }
        action, again = _action(community, "join/guardian", typed.ticket, back), _again_path(community, back)
        view = GuardianPage(action, again, hide_middle(mobile) if mobile else "", tuple(hidden.items()), shown, fault)
        return await self._responder.page(request, view, 422 if fault else 200, csrf=_csrf(request, typed.ticket))

    async def _community(self, request: web.Request) -> Place:
        async with self._membership.database.read() as connection:
            return await find_community(connection, request)


def _read_joining(form: MultiDict[str], ticket: str, name: str, reader: Language) -> Joining:
    guardian = GuardianTyped(
        form.get("guardian", "")[:MAX_WRITTEN],
        form.get("guardian_ticket", "")[:32],
        form.get("guardian_code", "")[:40],
        form.get("guardian_agrees") == "yes",
    )
    agreed, holder = form.get("consent") == "yes", form.get("holder") == "yes"
    return Joining(
        ticket, form.get("code", "")[:40], name, agreed, reader, holder, read_age(form.get("age", "")), guardian
    )


async def _read(request: web.Request) -> MultiDict[str]:
    """Raises 403 for a form that this server did not make."""
    form = request.query.get("form", "")
    return await read_form(request, request.config_dict[RULES], f"join {form}" if _ID.fullmatch(form) else "")


def _csrf(request: web.Request, form: str) -> str:
    return csrf_token(request.config_dict[RULES], f"join {form}")


def _action(community: Place, page: str, form: str, back: str) -> str:
    return f"{community_path(community.id)}/{page}?form={form}&next={back}"


def _again_path(community: Place, back: str) -> str:
    return f"{community_path(community.id)}/join?next={back}"


def _next_path(request: web.Request, community: Place) -> str:
    """Return the page to return to: one of this community, else its list of activities."""
    root, wanted = community_path(community.id), request.query.get("next", "")
    known = re.fullmatch(
        rf"{re.escape(root)}(/me|/me/pool|/help|/help/new|/(?:shifts|help|me/pool)/[0-9a-f]{{32}})?", wanted
    )
    return wanted if known else root
