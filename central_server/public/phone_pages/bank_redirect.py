"""Open a payment attempt for a donor who confirmed, and redirect to the bank or show why not."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from central_server.banks.port import BankRefused, BankUnavailable, Code, Form, Handover, Redirect
from central_server.donations.open_attempt import AlreadyUnderway, AttemptOpener, ConfirmedGift
from central_server.donations.settlement import PaymentRefused
from central_server.donations.tickets import (
    AmountOutOfRange,
    PermitClosed,
    ProjectUnknown,
    TicketProblem,
    TicketUnusable,
)
from central_server.language import language
from central_server.public.phone_pages.page_responder import PLACE, PageResponder
from central_server.rejected_requests import Refusals
from kiosk_ui.giving_views import PhoneHandover
from kiosk_ui.notice_views import NoticeKind, NoticePage
from sync_contract.money import Money
from sync_contract.permit import PermitReason
from sync_contract.project import Project


@dataclass(frozen=True, slots=True)
class BankRedirect:
    opening: AttemptOpener
    responder: PageResponder
    refusals: Refusals

    async def open(
        self, request: web.Request, confirmed: ConfirmedGift, project: Project, amount: Money, again: str, now: datetime
    ) -> web.Response:
        """`again`: path to start over. Raises HTTPSeeOther, and what `confirmed` raises."""
        phone = "Mobi" in request.headers.get("User-Agent", "")
        try:
            opened = await self.opening.open(confirmed, project.title, language(request), now, phone=phone)
        except (BankUnavailable, BankRefused, PaymentRefused) as error:
            self.refusals.count("attempt", type(error).__name__, str(error))
            return await self.responder.page(request, NoticePage(NoticeKind.bank_unavailable, back=again), 503)
        if isinstance(opened, AlreadyUnderway):
            raise web.HTTPSeeOther(f"/g/{opened.return_nonce}")
        return await self.responder.page(request, handover_page(opened.handover, project, amount, again))

    async def refuse(
        self, request: web.Request, error: TicketUnusable | ProjectUnknown | PermitClosed | AmountOutOfRange
    ) -> web.Response:
        match error:
            case TicketUnusable():
                self.refusals.count("ticket", error.problem, str(error))
                if error.verified is not None:
                    request[PLACE] = error.verified.gateway.community
                other = error.problem is TicketProblem.other_environment
                kind = NoticeKind.ticket_other_environment if other else NoticeKind.ticket_refused
                return await self.responder.page(request, NoticePage(kind, back=""), 400)
            case ProjectUnknown():
                return await self.responder.page(request, NoticePage(NoticeKind.project_unknown, back=""), 404)
            case PermitClosed():
                elsewhere = error.reason is PermitReason.elsewhere
                kind = NoticeKind.elsewhere if elsewhere else NoticeKind.permit_closed
                return await self.responder.page(request, NoticePage(kind, error.project, back=""), 403)
            case AmountOutOfRange():
                return await self.responder.page(
                    request, NoticePage(NoticeKind.amount_out_of_range, error.project, back=""), 400
                )


def handover_page(handover: Handover, project: Project, amount: Money, again: str) -> PhoneHandover:
    """Return the page that hands over to the bank. Raises HTTPSeeOther for an address. `again`: path to start over."""
    match handover:
        case Redirect(url):
            raise web.HTTPSeeOther(url)
        case Form(action, fields):
            return PhoneHandover(project, amount, again, action, fields)
        case Code(text):
            return PhoneHandover(project, amount, again, code=text)
