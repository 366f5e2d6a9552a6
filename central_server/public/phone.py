"""What the donor's phone opens: the ticket's page, and the page after the bank."""

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from central_server.banks.port import BankRefused, BankUnavailable, Code, Form, Redirect
from central_server.donations.opening import Opening, Underway
from central_server.donations.settle import PaymentRefused
from central_server.donations.tickets import (
    AmountOutOfRange,
    Asked,
    PermitClosed,
    ProjectUnknown,
    TicketUnusable,
    project_of,
    read_ticket,
    report_contradiction,
)
from central_server.language import language, remember
from central_server.refusals import Refusals
from central_server.store import attempts, intents, projects
from central_server.store.database import Database
from central_server.store.intents import Intent
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.render import Pages
from kiosk_ui.views import NoticeKind, NoticePage, PhoneGift, PhoneOutcome, View
from sync_contract.money import Money
from sync_contract.project import Project
from sync_contract.records import IntentState
from sync_contract.strict import Environment

_CONFIRMED = "confirmed"


class PhonePages:
    def __init__(
        self,
        database: Database,
        environment: Environment,
        opening: Opening,
        pages: Pages,
        refusals: Refusals,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._environment = environment
        self._opening = opening
        self._pages = pages
        self._refusals = refusals
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        """`/T/` too: a QR codes capitals in fewer modules."""
        return [
            *(web.get(f"/{door}/{{ticket}}", self._show) for door in ("t", "T")),
            *(web.post(f"/{door}/{{ticket}}", self._open) for door in ("t", "T")),
            web.get("/g/{nonce}", self._outcome),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        """Changes nothing: scanners prefetch, donors reload."""
        now = self._clock()
        try:
            asked = await self._read(request, now)
            if asked.known is not None and asked.known.state == IntentState.paid:
                return await self._told(request, asked.known)
            return self._gift(request, asked, await project_of(self._database, asked, now), now)
        except (TicketUnusable, ProjectUnknown, PermitClosed, AmountOutOfRange) as error:
            return self._refused(request, error)

    async def _open(self, request: web.Request) -> web.Response:
        now = self._clock()
        try:
            asked = await self._read(request, now)
            await read_form(request, request.config_dict[RULES], _form_of(asked))
            if asked.known is not None and asked.known.state == IntentState.paid:
                return await self._told(request, asked.known)
            project = await project_of(self._database, asked, now)
            if asked.needs_confirmation(now) and _CONFIRMED not in request.query:
                return self._gift(request, asked, project, now)
            goes_on = await self._opening.open(asked, project.title, language(request), now)
        except (TicketUnusable, ProjectUnknown, PermitClosed, AmountOutOfRange) as error:
            if isinstance(error, TicketUnusable) and error.asked is not None:
                text = request.match_info["ticket"]
                await report_contradiction(self._database, error.asked, text, str(error), now)
            return self._refused(request, error)
        except (BankUnavailable, BankRefused, PaymentRefused) as error:
            self._refusals.count("attempt", type(error).__name__, str(error))
            return self._page(request, NoticePage(NoticeKind.bank_unavailable, back=request.path), 503)
        if isinstance(goes_on, Underway):
            raise web.HTTPSeeOther(f"/g/{goes_on.return_nonce}")
        match goes_on.handover:
            case Redirect(url):
                raise web.HTTPSeeOther(url)
            case Form() | Code():
                raise NotImplementedError  # no bank of BANKS does this yet

    async def _outcome(self, request: web.Request) -> web.Response:
        """Where the bank sends the donor back. Coming back proves nothing: what is told stands in the store."""
        async with self._database.read() as connection:
            attempt = await attempts.by_return_nonce(connection, request.match_info["nonce"])
            intent = None if attempt is None else await intents.get(connection, attempt.gateway, attempt.intent)
        if attempt is not None and attempt.live and attempt.queries == 0:
            async with self._database.write() as connection:  # once: the donor waits, so the bank is asked at once
                await attempts.hurry(connection, attempt, self._clock())
        if intent is None or attempt is None:
            return self._page(request, NoticePage(NoticeKind.not_found, back=""), 404)
        ended = not attempt.live and intent.state != IntentState.paid
        return await self._told(request, intent, IntentState.closed if ended else None)

    async def _read(self, request: web.Request, now: datetime) -> Asked:
        return await read_ticket(self._database, request.match_info["ticket"], self._environment, now)

    def _gift(self, request: web.Request, asked: Asked, project: Project, now: datetime) -> web.Response:
        again = asked.needs_confirmation(now)
        action = f"/t/{request.match_info['ticket']}" + (f"?{_CONFIRMED}=1" if again else "")
        view = PhoneGift(project, asked.ticket.amount, action, confirm_again=again)
        return self._page(request, view, csrf=csrf_token(request.config_dict[RULES], _form_of(asked)))

    async def _told(self, request: web.Request, intent: Intent, state: IntentState | None = None) -> web.Response:
        async with self._database.read() as connection:
            project = await projects.known(connection, intent.community, intent.project)
        if project is None:
            return self._page(request, NoticePage(NoticeKind.project_unknown, back=""), 404)
        amount = Money(intent.amount_minor, intent.currency)
        return self._page(request, PhoneOutcome(project, amount, state or IntentState(intent.state), intent.slip))

    def _refused(
        self, request: web.Request, error: TicketUnusable | ProjectUnknown | PermitClosed | AmountOutOfRange
    ) -> web.Response:
        match error:
            case TicketUnusable():
                self._refusals.count("ticket", error.word, str(error))
                other = error.word == "other_environment"
                kind = NoticeKind.ticket_other_environment if other else NoticeKind.ticket_refused
                return self._page(request, NoticePage(kind, back=""), 400)
            case ProjectUnknown():
                return self._page(request, NoticePage(NoticeKind.project_unknown, back=""), 404)
            case PermitClosed():
                return self._page(request, NoticePage(NoticeKind.permit_closed, error.project, back=""), 403)
            case AmountOutOfRange():
                return self._page(request, NoticePage(NoticeKind.amount_out_of_range, error.project, back=""), 400)

    def _page(self, request: web.Request, view: View, status: int = 200, *, csrf: str = "") -> web.Response:
        html = self._pages.html(view, language(request), csrf=csrf, path=request.path)
        return remember(request, web.Response(status=status, text=html, content_type="text/html"))


def _form_of(asked: Asked) -> str:
    return f"ticket {asked.gateway.id} {asked.ticket.intent}"
