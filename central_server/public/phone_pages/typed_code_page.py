"""Serve `/t`, where a donor types the code from the screen."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central_server.catalogue.contact_lookup import gift_place
from central_server.donations.tickets import AmountOutOfRange, PermitClosed, ProjectUnknown, get_open_project
from central_server.donations.typed_codes import CodedIntent, resolve_code
from central_server.public.phone_pages.bank_redirect import BankRedirect
from central_server.public.phone_pages.page_responder import PLACE, hall_path
from central_server.public.phone_pages.ticket_page import goes_to_public_page, respond_outcome
from central_server.public.rate_limit import RateLimit
from central_server.store.engine.database import Database
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.giving_views import PhoneCode, PhoneGift
from sync_contract.money import Money
from sync_contract.records import IntentState
from sync_contract.strict_model import Environment
from sync_contract.ticket import FRESH_FOR

_CONFIRMED = "confirmed"


class CodePages:
    """`rate`, `burst`: codes that each peer may try, and twenty times as many for all together.

    A code has 40 random bits, so guessing finds none of a day's few gifts in a year.
    """

    def __init__(
        self,
        database: Database,
        environment: Environment,
        redirect: BankRedirect,
        clock: Callable[[], datetime],
        *,
        rate: float = 0.2,
        burst: int = 20,
    ) -> None:
        self._database = database
        self._environment = environment
        self._redirect = redirect
        self._responder = redirect.responder
        self._clock = clock
        self._limit = RateLimit(rate, burst, together=20)

    def routes(self) -> list[web.RouteDef]:
        return [
            *(web.get(f"/{door}", self._show) for door in ("t", "T")),
            *(web.post(f"/{door}", self._open) for door in ("t", "T")),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        """Show the form, or the gift with `?code=`. Change nothing."""
        if "code" not in request.query:
            return await self._responder.page(request, PhoneCode())
        now = self._clock()
        found = await self._found(request, now)
        if found is None:
            return await self._unknown(request)
        if found.known.state == IntentState.paid:
            return await respond_outcome(request, self._database, self._responder, found.known, now, slip=False)
        try:
            return await self._gift(request, found, now)
        except (ProjectUnknown, PermitClosed, AmountOutOfRange) as error:
            return await self._redirect.refuse(request, error)

    async def _open(self, request: web.Request) -> web.Response:
        now = self._clock()
        found = await self._found(request, now)
        if found is None:
            return await self._unknown(request)
        await read_form(request, request.config_dict[RULES], _form_session(found))
        if found.known.state == IntentState.paid:
            return await respond_outcome(request, self._database, self._responder, found.known, now, slip=False)
        amount = _amount(found)
        try:
            project = await get_open_project(self._database, found.known.community, found.known.project, amount, now)
            await goes_to_public_page(self._redirect, found.known.community, project)
        except (ProjectUnknown, PermitClosed, AmountOutOfRange) as error:
            return await self._redirect.refuse(request, error)
        if _is_old(found, now) and _CONFIRMED not in request.query:
            return await self._gift(request, found, now)
        return await self._redirect.open(request, found, project, amount, f"/t?code={found.code}", now)

    async def _found(self, request: web.Request, now: datetime) -> CodedIntent | None:
        """Raises 429."""
        self._limit.check(request)
        found = await resolve_code(self._database, self._environment, request.query.get("code", ""), now)
        if found is not None:
            async with self._database.read() as connection:
                request[PLACE] = await gift_place(connection, found.known.gateway, found.known.community)
        return found

    async def _gift(self, request: web.Request, found: CodedIntent, now: datetime) -> web.Response:
        """Raises ProjectUnknown, PermitClosed, AmountOutOfRange."""
        amount = _amount(found)
        project = await get_open_project(self._database, found.known.community, found.known.project, amount, now)
        public = await goes_to_public_page(self._redirect, found.known.community, project)
        again = _is_old(found, now)
        action = f"/t?code={found.code}" + (f"&{_CONFIRMED}=1" if again else "")
        view = PhoneGift(
            project, amount, action, confirm_again=again, public_page=public, leave=hall_path(found.known.community)
        )
        return await self._responder.page(
            request, view, csrf=csrf_token(request.config_dict[RULES], _form_session(found))
        )

    async def _unknown(self, request: web.Request) -> web.Response:
        self._redirect.refusals.count("code", "unknown", "unknown code")
        return await self._responder.page(
            request, PhoneCode(unknown=True, typed=request.query.get("code", "")[:20]), 404
        )


def _amount(found: CodedIntent) -> Money:
    return Money(found.known.amount_minor, found.known.currency)


def _is_old(found: CodedIntent, now: datetime) -> bool:
    return now - found.known.first_seen_at > FRESH_FOR


def _form_session(found: CodedIntent) -> str:
    return f"code {found.known.gateway} {found.known.id}"
