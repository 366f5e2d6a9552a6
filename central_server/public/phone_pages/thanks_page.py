"""Serve the form with which a giver asks to be told once when the money was spent."""

from collections.abc import Callable
from datetime import datetime

import structlog
from aiohttp import web

from central_server.alerts.thanks import Address, ThankYou
from central_server.language import language
from central_server.public.phone_pages.page_responder import PLACE, PageResponder
from central_server.public.phone_pages.slip_page import NONCE, Gift, paid_gift
from central_server.receipts.receipt_requests import MAX_LENGTHS, is_email
from central_server.receipts.sealed_data import SealBroken
from central_server.store.donations import thanks
from central_server.store.donations.thanks import ThanksState
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.notice_views import NoticeKind, NoticePage
from kiosk_ui.slip_views import ThanksPage


class ThanksPages:
    def __init__(self, service: ThankYou, responder: PageResponder, clock: Callable[[], datetime]) -> None:
        self._service = service
        self._responder = responder
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        path = f"/g/{NONCE}/thanks"
        return [web.get(path, self._show), web.post(path, self._save)]

    async def _show(self, request: web.Request) -> web.Response:
        return await self._form(request, "", "")

    async def _save(self, request: web.Request) -> web.Response:
        nonce, now = request.match_info["nonce"], self._clock()
        form = await read_form(request, request.config_dict[RULES], _session(nonce))
        gift = await self._gift(request)
        if gift is None:
            return await self._unknown(request)
        email = form.get("email", "").strip()
        match form.get("choice", ""):
            case "forget":
                await self._service.withdraw(gift.attempt.id, now)
            case "mail" if form.get("consent") != "yes":
                return await self._form(request, email, "consent", 422)
            case "mail" if len(email) > MAX_LENGTHS["email"] or not is_email(email):
                return await self._form(request, email, "email", 422)
            case "mail":
                try:
                    await self._service.ask(gift.attempt, Address(email, language(request).value), now)
                except SealBroken as error:
                    structlog.get_logger().error("receipts.key", reason=str(error))
                    return await self._responder.page(request, NoticePage(NoticeKind.fault, back=f"/g/{nonce}"), 503)
            case _:
                raise web.HTTPBadRequest
        raise web.HTTPSeeOther(f"/g/{nonce}/thanks")

    async def _form(self, request: web.Request, typed: str, fault: str, status: int = 200) -> web.Response:
        nonce = request.match_info["nonce"]
        gift = await self._gift(request)
        if gift is None:
            return await self._unknown(request)
        async with self._service.database.read() as connection:
            row = await thanks.get(connection, gift.attempt.id)
        state = "" if row is None or row.state == ThanksState.ended else row.state
        request[PLACE] = gift.place
        view = ThanksPage(
            project=gift.project,
            amount=gift.amount,
            action=f"/g/{nonce}/thanks",
            back=f"/g/{nonce}",
            state=state,
            offered=self._service.mail is not None and gift.refunded < gift.amount.minor,
            typed=typed,
            fault=fault,
        )
        token = csrf_token(request.config_dict[RULES], _session(nonce))
        return await self._responder.page(request, view, status, csrf=token)

    async def _gift(self, request: web.Request) -> Gift | None:
        async with self._service.database.read() as connection:
            return await paid_gift(connection, self._service.environment, request.match_info["nonce"])

    async def _unknown(self, request: web.Request) -> web.Response:
        return await self._responder.page(request, NoticePage(NoticeKind.not_found, back=""), 404)


def _session(nonce: str) -> str:
    return f"thanks {nonce}"
