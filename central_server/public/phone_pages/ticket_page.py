"""Serve the page of a ticket, and the page to which the bank returns the donor."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from aiohttp import web

from central_server.catalogue.contact_lookup import gift_place
from central_server.donations.bank_routing import reports_outcomes
from central_server.donations.tickets import (
    AmountOutOfRange,
    PermitClosed,
    ProjectUnknown,
    TicketUnusable,
    VerifiedTicket,
    get_ticket_project,
    read_ticket,
    report_contradiction,
)
from central_server.donations.typed_codes import CODE_LIFETIME
from central_server.language import language
from central_server.public.phone_pages.bank_redirect import BankRedirect
from central_server.public.phone_pages.page_responder import PLACE, PageResponder, hall_path
from central_server.public.phone_pages.project_pictures import pictures_of
from central_server.public.phone_pages.slip_page import SlipPages
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, intents
from central_server.store.donations.attempts import AttemptState
from central_server.store.donations.intents import Intent
from central_server.store.engine.database import Database
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.giving_views import PhoneGift, PhoneOutcome
from kiosk_ui.notice_views import NoticeKind, NoticePage
from sync_contract.money import Money
from sync_contract.permit import PermitReason
from sync_contract.project import Project
from sync_contract.records import Door, IntentState
from sync_contract.strict_model import Environment

_CONFIRMED = "confirmed"


class TicketPages:
    def __init__(
        self,
        database: Database,
        environment: Environment,
        redirect: BankRedirect,
        slips: SlipPages,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._slips = slips
        self._environment = environment
        self._redirect = redirect
        self._responder = redirect.responder
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """`/T/` too: a QR code needs fewer modules for capitals."""
        return [
            *(web.get(f"/{door}/{{ticket}}", self._show) for door in ("t", "T")),
            *(web.post(f"/{door}/{{ticket}}", self._open) for door in ("t", "T")),
            web.get("/g/{nonce}", self._outcome),
            web.post("/g/{nonce}", self._back),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        """Change nothing: scanners prefetch and donors reload."""
        now = self._clock()
        try:
            asked = await self._read(request, now)
            if asked.known is not None and asked.known.state == IntentState.paid:
                return await respond_outcome(request, self._database, self._responder, asked.known, now)
            return await self._gift(request, asked, await get_ticket_project(self._database, asked, now), now)
        except (TicketUnusable, ProjectUnknown, PermitClosed, AmountOutOfRange) as error:
            return await self._redirect.refuse(request, error)

    async def _open(self, request: web.Request) -> web.Response:
        now = self._clock()
        try:
            asked = await self._read(request, now)
            await read_form(request, request.config_dict[RULES], _form_session(asked))
            if asked.known is not None and asked.known.state == IntentState.paid:
                return await respond_outcome(request, self._database, self._responder, asked.known, now)
            project = await get_ticket_project(self._database, asked, now)
            if asked.needs_confirmation(now) and _CONFIRMED not in request.query:
                return await self._gift(request, asked, project, now)
            await goes_to_public_page(self._redirect, asked.gateway.community, project)
            return await self._redirect.open(request, asked, project, asked.ticket.amount, request.path, now)
        except (TicketUnusable, ProjectUnknown, PermitClosed, AmountOutOfRange) as error:
            if isinstance(error, TicketUnusable) and error.verified is not None:
                text = request.match_info["ticket"]
                await report_contradiction(self._database, error.verified, text, str(error), now)
            return await self._redirect.refuse(request, error)

    async def _back(self, request: web.Request) -> web.Response:
        """Accept a bank's form from its own site; nothing of it is read, because anybody can send it."""
        raise web.HTTPSeeOther(request.path)

    async def _outcome(self, request: web.Request) -> web.Response:
        """Show the stored state of the gift; the donor's return proves nothing."""
        async with self._database.read() as connection:
            attempt = await attempts.by_return_nonce(connection, self._environment.value, request.match_info["nonce"])
            intent = None if attempt is None else await intents.get(connection, attempt.gateway, attempt.intent)
            if intent is not None:
                request[PLACE] = await gift_place(connection, intent.gateway, intent.community)
        if attempt is not None and attempt.live and attempt.queries == 0:
            async with self._database.write() as connection:  # once: the donor waits, so query the bank now
                await attempts.hurry(connection, attempt, self._clock())
        if intent is None or attempt is None:
            return await self._responder.page(request, NoticePage(NoticeKind.not_found, back=""), 404)
        if attempt.paid and (view := await self._slips.outcome(attempt.return_nonce, language(request))) is not None:
            return await self._responder.page(request, view)
        state = None
        if intent.state != IntentState.paid and not attempt.live:
            unconfirmed = attempt.state == AttemptState.unconfirmed
            state = IntentState.unconfirmed if unconfirmed else IntentState.closed
        return await respond_outcome(request, self._database, self._responder, intent, self._clock(), state)

    async def _read(self, request: web.Request, now: datetime) -> VerifiedTicket:
        asked = await read_ticket(self._database, request.match_info["ticket"], self._environment, now)
        async with self._database.read() as connection:
            request[PLACE] = await gift_place(connection, asked.gateway.id, asked.gateway.community)
        return asked

    async def _gift(self, request: web.Request, asked: VerifiedTicket, project: Project, now: datetime) -> web.Response:
        """Raises PermitClosed."""
        again = asked.needs_confirmation(now)
        action = f"/t/{request.match_info['ticket']}" + (f"?{_CONFIRMED}=1" if again else "")
        public = await goes_to_public_page(self._redirect, asked.gateway.community, project)
        leave = hall_path(asked.gateway.community)
        view = PhoneGift(project, asked.ticket.amount, action, confirm_again=again, public_page=public, leave=leave)
        csrf = csrf_token(request.config_dict[RULES], _form_session(asked))
        shown = await pictures_of(self._database, asked.gateway.community, [project.id])
        return await self._responder.page(request, view, csrf=csrf, pictures=shown)


async def goes_to_public_page(redirect: BankRedirect, community: str, project: Project) -> bool:
    """Return whether gifts go to a page that reports nothing back. Raises PermitClosed if no bank takes them."""
    bank = await redirect.opening.bank_of(community, project.id)
    if bank is None:
        raise PermitClosed(project, PermitReason.elsewhere)
    return not reports_outcomes(bank)


async def respond_outcome(
    request: web.Request,
    database: Database,
    responder: PageResponder,
    intent: Intent,
    now: datetime,
    state: IntentState | None = None,
    *,
    slip: bool = True,
) -> web.Response:
    """Show what is known of a gift. `state`: replaces the intent's own."""
    async with database.read() as connection:
        project = await projects.known(connection, intent.community, intent.project)
    if project is None:
        return await responder.page(request, NoticePage(NoticeKind.project_unknown, back=""), 404)
    amount = Money(intent.amount_minor, intent.currency)
    view = PhoneOutcome(
        project,
        amount,
        state or IntentState(intent.state),
        intent.slip if slip else "",
        again=_again(intent, now),
        root=hall_path(intent.community),
    )
    return await responder.page(request, view)


def _again(intent: Intent, now: datetime) -> str:
    """Return the path to start the gift over, by the door that it came by; empty if only the screen can."""
    if intent.first_seen_in == "page":
        if intent.beacon and intent.door in (Door.qr, Door.nfc):
            return f"/h/{intent.beacon}" + ("?nfc" if intent.door == Door.nfc else "")
        return f"{hall_path(intent.community)}/{quote(intent.project, safe='')}"
    return f"/t?code={intent.code}" if intent.code and now - intent.first_seen_at < CODE_LIFETIME else ""


def _form_session(asked: VerifiedTicket) -> str:
    return f"ticket {asked.gateway.id} {asked.ticket.intent}"
