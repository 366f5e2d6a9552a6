"""The donor's way: the posted order, the pay page, and the return to the merchant."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from central_server.bank_emulator.page_style import language, render, serve_style
from central_server.bank_emulator.unionpay import codes
from central_server.bank_emulator.unionpay.authority import Authority, SignerKind
from central_server.bank_emulator.unionpay.clock import Clock, read_time
from central_server.bank_emulator.unionpay.codes import Code
from central_server.bank_emulator.unionpay.faults import FaultSwitches
from central_server.bank_emulator.unionpay.messages import build_notification
from central_server.bank_emulator.unionpay.requests import Refused, clock_offset, read_request
from central_server.bank_emulator.unionpay.schedule import Scheduler
from central_server.bank_emulator.unionpay.signing import sign
from central_server.bank_emulator.unionpay.texts import TEXTS
from central_server.bank_emulator.unionpay.transaction_states import failed, paid
from central_server.bank_emulator.unionpay.transactions import PAYMENT, Transaction, TransactionBook, new_numbers
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
"""The donor's text, and the code returned to the merchant; None: the transaction's own code."""


@dataclass(frozen=True, slots=True)
class Pages:
    authority: Authority
    book: TransactionBook
    switches: FaultSwitches
    clock: Clock
    scheduler: Scheduler

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(ORDER_PATH, self._order),
            web.get("/gateway/pay/{token}", self._show),
            web.post("/gateway/pay/{token}", self._decide),
            web.get("/static/bank.css", serve_style),
        ]

    async def _order(self, request: web.Request) -> web.Response:
        try:
            fields = await read_request(request, self.authority.merchant, (PAYMENT,))
        except Refused as refused:
            return page(request, 400, code=refused.code)
        accepted = self._open_transaction(fields)
        if isinstance(accepted, Code):
            return page(request, 400, code=accepted)
        self.book.save(accepted)
        # A redirect allows the donor to reload the page; the same order again would be refused.
        raise web.HTTPSeeOther(f"/gateway/pay/{accepted.token}")

    def _open_transaction(self, fields: Mapping[str, str]) -> Transaction | Code:
        now, ahead = self.clock.now(), clock_offset(fields["txnTime"], self.clock)
        if ahead is None:
            return codes.STALE
        deadline = None
        if "payTimeout" in fields:
            ends = read_time(fields["payTimeout"])
            if ends is None:
                return codes.MALFORMED
            deadline = ends + ahead
            if deadline <= now:
                return codes.TOO_LATE
        if self.book.order(fields["orderId"]) is not None:
            return codes.REUSED
        query_id, trace_no = new_numbers(fields["txnTime"])
        return Transaction(
            order_id=fields["orderId"],
            kind=PAYMENT,
            txn_time=fields["txnTime"],
            amount=int(fields["txnAmt"]),
            query_id=query_id,
            trace_no=trace_no,
            accepted_at=now,
            biz_type=fields["bizType"],
            channel=fields["channelType"],
            back_url=fields["backUrl"],
            front_url=fields["frontUrl"],
            fail_url=fields.get("frontFailUrl", ""),
            req_reserved=fields.get("reqReserved", ""),
            reserved=fields.get("reserved", ""),
            description=fields.get("orderDesc", ""),
            token=secrets.token_urlsafe(16),
            deadline=deadline,
            faults=self.switches.take_upcoming(),
        )

    async def _show(self, request: web.Request) -> web.Response:
        order = self.book.page(request.match_info["token"])
        if order is None:
            return page(request, 404, message="unknown")
        facts: dict[str, Any] = {"order": order, "amount": money(Money(order.amount), language(request))}
        state = "expired" if order.expired(self.clock.now()) else order.state
        if state == "open" and "left" in request.query:
            facts |= {"back": self._back(order, codes.DONOR_LEFT), "again": request.path}
            return page(request, 200, message="left", **facts)
        if state == "open":
            return page(request, 200, csrf=csrf_token(request.config_dict[RULES], order.token), **facts)
        message, code = _ENDS[state]
        return page(request, 200, message=message, back=self._back(order, code), **facts)

    async def _decide(self, request: web.Request) -> web.Response:
        order = self.book.page(request.match_info["token"])
        if order is None:
            return page(request, 404, message="unknown")
        form = await read_form(request, request.config_dict[RULES], order.token)
        decision, language_ = form.get("decision", ""), request.query.get("lang", "")
        order, now = self.book.order(order.order_id) or order, self.clock.now()
        faults = self.switches.active_for(order.faults)
        if decision not in ("confirm", "fail", "close"):
            raise web.HTTPBadRequest
        if order.state == "open" and not order.expired(now):
            if decision == "confirm":
                self.book.save(paid(order, now, faults))
                self.scheduler.wake()
                if "notify-before-return" in faults:
                    await self.scheduler.wait_idle()
            elif decision == "fail":
                self.book.save(failed(order))
        query = {"lang": language_} if language_ else {}
        query |= {"left": "1"} if decision == "close" else {}
        raise web.HTTPSeeOther(request.rel_url.with_query(query))

    def _back(self, order: Transaction, code: Code | None) -> dict[str, Any]:
        """Return the form with which the donor's browser returns to the merchant."""
        faults = self.switches.active_for(order.faults)
        url = order.front_url if code is None else order.fail_url or order.front_url
        if code is not None and "front-forged" in faults:
            forged = build_notification(order, code=codes.SUCCESS)
            return {"url": order.front_url, "fields": sign(forged, self.authority.signer(SignerKind.foreign))}
        signed_fields = sign(build_notification(order, code=code), self.authority.signer(SignerKind.bank))
        return {"url": url, "fields": signed_fields}


def page(request: web.Request, status: int, **facts: Any) -> web.Response:  # noqa: ANN401  (the template's own)
    absent = {"message": "", "code": None, "order": None, "csrf": "", "amount": "", "back": None, "again": ""}
    return render(request, status, "unionpay.html", TEXTS, **(absent | facts))
