"""The donor's way: the posted order, the pay page, and back to the merchant."""

import secrets
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central_server.bank_emulator.page_style import language, render, style
from central_server.bank_emulator.unionpay import codes
from central_server.bank_emulator.unionpay.authority import Authority, Voice
from central_server.bank_emulator.unionpay.clock import Clock, read_time
from central_server.bank_emulator.unionpay.codes import Code
from central_server.bank_emulator.unionpay.faults import Switches
from central_server.bank_emulator.unionpay.reports import notification_of
from central_server.bank_emulator.unionpay.requests import Refused, read_request, reading_of
from central_server.bank_emulator.unionpay.schedule import Diary
from central_server.bank_emulator.unionpay.signing import signed
from central_server.bank_emulator.unionpay.texts import TEXTS
from central_server.bank_emulator.unionpay.transaction_states import failed, paid
from central_server.bank_emulator.unionpay.transactions import PAYMENT, Book, Transaction, new_numbers
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.number_format import money
from sync_contract.money import Money

ORDER_PATH = "/gateway/api/frontTransReq.do"
_ENDS: dict[str, tuple[str, Code | None]] = {
    "done": ("paid", None),
    "pending": ("pending", codes.ACCEPTED),
    "failed": ("failed", codes.FAILED),
    "expired": ("expired", codes.TOO_LATE),
}
"""What the donor reads, and what the way back to the merchant says; None: what the transaction says."""


class Pages:
    def __init__(self, authority: Authority, book: Book, switches: Switches, clock: Clock, diary: Diary) -> None:
        self._authority = authority
        self._book = book
        self._switches = switches
        self._clock = clock
        self._diary = diary

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(ORDER_PATH, self._order),
            web.get("/gateway/pay/{token}", self._show),
            web.post("/gateway/pay/{token}", self._decide),
            web.get("/static/bank.css", style),
        ]

    async def _order(self, request: web.Request) -> web.Response:
        try:
            asked = await read_request(request, self._authority.merchant, (PAYMENT,))
        except Refused as refused:
            return page(request, 400, code=refused.code)
        accepted = self._accept(asked)
        if isinstance(accepted, Code):
            return page(request, 400, code=accepted)
        self._book.keep(accepted)
        # Elsewhere, so that a donor may reload the page: the same order again would be refused.
        raise web.HTTPSeeOther(f"/gateway/pay/{accepted.token}")

    def _accept(self, asked: Mapping[str, str]) -> Transaction | Code:
        now, ahead = self._clock.now(), reading_of(asked["txnTime"], self._clock)
        if ahead is None:
            return codes.STALE
        deadline = None
        if "payTimeout" in asked:
            ends = read_time(asked["payTimeout"])
            if ends is None:
                return codes.MALFORMED
            deadline = ends + ahead
            if deadline <= now:
                return codes.TOO_LATE
        if self._book.order(asked["orderId"]) is not None:
            return codes.REUSED
        query_id, trace_no = new_numbers(asked["txnTime"])
        return Transaction(
            order_id=asked["orderId"],
            kind=PAYMENT,
            txn_time=asked["txnTime"],
            amount=int(asked["txnAmt"]),
            query_id=query_id,
            trace_no=trace_no,
            accepted_at=now,
            biz_type=asked["bizType"],
            channel=asked["channelType"],
            back_url=asked["backUrl"],
            front_url=asked["frontUrl"],
            fail_url=asked.get("frontFailUrl", ""),
            req_reserved=asked.get("reqReserved", ""),
            reserved=asked.get("reserved", ""),
            description=asked.get("orderDesc", ""),
            token=secrets.token_urlsafe(16),
            deadline=deadline,
            faults=self._switches.take(),
        )

    async def _show(self, request: web.Request) -> web.Response:
        order = self._book.page(request.match_info["token"])
        if order is None:
            return page(request, 404, message="unknown")
        facts: dict[str, Any] = {"order": order, "amount": money(Money(order.amount), language(request))}
        state = "expired" if order.expired(self._clock.now()) else order.state
        if state == "open" and "left" in request.query:
            facts |= {"back": self._back(order, codes.LEFT), "again": request.path}
            return page(request, 200, message="left", **facts)
        if state == "open":
            return page(request, 200, csrf=csrf_token(request.config_dict[RULES], order.token), **facts)
        message, code = _ENDS[state]
        return page(request, 200, message=message, back=self._back(order, code), **facts)

    async def _decide(self, request: web.Request) -> web.Response:
        order = self._book.page(request.match_info["token"])
        if order is None:
            return page(request, 404, message="unknown")
        form = await read_form(request, request.config_dict[RULES], order.token)
        decision, wish = form.get("decision", ""), request.query.get("lang", "")
        order, now = self._book.order(order.order_id) or order, self._clock.now()
        faults = self._switches.among(order.faults)
        if decision not in ("confirm", "fail", "close"):
            raise web.HTTPBadRequest
        if order.state == "open" and not order.expired(now):
            if decision == "confirm":
                self._book.keep(paid(order, now, faults))
                self._diary.look()
                if "notify-before-return" in faults:
                    await self._diary.caught_up()
            elif decision == "fail":
                self._book.keep(failed(order))
        query = {"lang": wish} if wish else {}
        query |= {"left": "1"} if decision == "close" else {}
        raise web.HTTPSeeOther(request.rel_url.with_query(query))

    def _back(self, order: Transaction, code: Code | None) -> dict[str, Any]:
        """The form with which the donor's browser goes back to the merchant."""
        faults = self._switches.among(order.faults)
        url = order.front_url if code is None else order.fail_url or order.front_url
        if code is not None and "front-forged" in faults:
            lie = notification_of(order, code=codes.SUCCESS)
            return {"url": order.front_url, "fields": signed(lie, self._authority.signer(Voice.foreign))}
        told = signed(notification_of(order, code=code), self._authority.signer(Voice.bank))
        return {"url": url, "fields": told}


def page(request: web.Request, status: int, **facts: Any) -> web.Response:  # noqa: ANN401  (the template's own)
    absent = {"message": "", "code": None, "order": None, "csrf": "", "amount": "", "back": None, "again": ""}
    return render(request, status, "unionpay.html", TEXTS, **(absent | facts))
