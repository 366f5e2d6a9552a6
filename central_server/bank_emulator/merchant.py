"""What the merchant asks: orders, refunds, and how they stand. Requests carry its HMAC, answers our signature.

Written from the protocol, on purpose without the merchant's own code.
"""

import hmac
import json
import secrets
import time
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from typing import Annotated, Any

from aiohttp import web
from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from central_server.bank_emulator.addresses import on_this_machine
from central_server.bank_emulator.keys import BankKeys
from central_server.bank_emulator.notification_sender import Notifying
from central_server.bank_emulator.orders import Order, OrderBook, Refund, RefundBook
from daemonkit.web import read_body
from sync_contract.strict_model import Record

_LIMIT = 16 * 1024


def _loopback(url: str) -> str:
    if not on_this_machine(url):
        raise ValueError("expected http(s) on this machine: a drill goes nowhere else")
    return url


LoopbackUrl = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_loopback)]


_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{8,40}$")]
_Minor = Annotated[int, Field(ge=1, le=10_000_000_00)]
_Currency = Annotated[str, StringConstraints(pattern=r"^CNY$")]


class NewOrder(Record):
    order: _Id
    amount_minor: _Minor
    currency: _Currency
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    return_url: LoopbackUrl
    notify_url: LoopbackUrl


class NewRefund(Record):
    """`payment`: the bank's number of the payment; `whole`: all of it, of which nothing was given back before."""

    refund: _Id
    order: _Id
    payment: Annotated[str, StringConstraints(max_length=64)]
    amount_minor: _Minor
    currency: _Currency
    notify_url: LoopbackUrl
    whole: bool


class Merchant:
    def __init__(self, keys: BankKeys, orders: OrderBook, refunds: RefundBook, notifying: Notifying) -> None:
        self._keys = keys
        self._orders = orders
        self._refunds = refunds
        self._notifying = notifying

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/orders", self._open),
            web.get("/orders/{order}", self._query),
            web.post("/refunds", self._give_back),
            web.get("/refunds/{refund}", self._query_refund),
        ]

    async def _open(self, request: web.Request) -> web.Response:
        body = await read_body(request, limit=_LIMIT, deadline=10)
        if not self._from_merchant(request, body):
            return self._answer(request, 401, {"error": "not signed by the merchant"})
        try:
            asked = NewOrder.model_validate_json(body)
        except ValidationError as error:
            return self._answer(request, 400, {"error": f"{error.error_count()} faults in the order"})
        fields = asked.model_dump()
        new = Order(id=fields.pop("order"), opened_at=time.time(), **fields)
        held = self._orders.get(new.id)
        if held is None:
            self._orders.keep(new)
            return self._report(request, new, 201)
        if (held.amount_minor, held.currency) != (new.amount_minor, new.currency):
            return self._answer(request, 409, {"error": "the order is known with another amount"})
        # The merchant may have moved, and its donor may read another language now.
        again = replace(held, subject=new.subject, return_url=new.return_url, notify_url=new.notify_url)
        if again != held:
            self._orders.keep(again)
        return self._report(request, again, 200)

    async def _query(self, request: web.Request) -> web.Response:
        if not self._from_merchant(request, b""):
            return self._answer(request, 401, {"error": "not signed by the merchant"})
        order = self._orders.get(request.match_info["order"])
        if order is None:
            return self._answer(request, 404, {"error": "no such order"})
        return self._report(request, order, 200)

    async def _give_back(self, request: web.Request) -> web.Response:
        body = await read_body(request, limit=_LIMIT, deadline=10)
        if not self._from_merchant(request, body):
            return self._answer(request, 401, {"error": "not signed by the merchant"})
        try:
            asked = NewRefund.model_validate_json(body)
        except ValidationError as error:
            return self._answer(request, 400, {"error": f"{error.error_count()} faults in the refund"})
        held = self._refunds.get(asked.refund)
        if held is not None:
            if (held.order, held.amount_minor) != (asked.order, asked.amount_minor):
                return self._answer(request, 409, {"error": "the refund is known with other content"})
            return self._report_refund(request, held, 200)
        order = self._orders.get(asked.order)
        if order is None or order.state != "paid" or order.payment != asked.payment:
            return self._answer(request, 409, {"error": "no such payment"})
        before = self._refunds.given_back(order.id)
        if asked.amount_minor > order.amount_minor - before:
            return self._answer(request, 409, {"error": "more than is left of the payment"})
        if asked.whole and (before or asked.amount_minor != order.amount_minor):
            return self._answer(request, 409, {"error": "not the whole payment"})
        number = f"R{secrets.randbelow(10**12):012d}"
        made = Refund(asked.refund, order.id, asked.amount_minor, asked.currency, number, asked.notify_url)
        self._refunds.keep(made)
        self._notifying.begin(made)
        return self._report_refund(request, made, 201)

    async def _query_refund(self, request: web.Request) -> web.Response:
        if not self._from_merchant(request, b""):
            return self._answer(request, 401, {"error": "not signed by the merchant"})
        refund = self._refunds.get(request.match_info["refund"])
        if refund is None:
            return self._answer(request, 404, {"error": "no such refund"})
        return self._report_refund(request, refund, 200)

    def _report_refund(self, request: web.Request, refund: Refund, status: int) -> web.Response:
        told = {
            "order": refund.id,
            "status": "paid",
            "amount_minor": refund.amount_minor,
            "currency": refund.currency,
            "payment": refund.payment,
            "pay_url": "",
        }
        return self._answer(request, status, told)

    def _report(self, request: web.Request, order: Order, status: int) -> web.Response:
        now = order.at(time.time())
        told = {
            "order": now.id,
            "status": now.state,
            "amount_minor": now.amount_minor,
            "currency": now.currency,
            "payment": now.payment,
            "pay_url": f"http://{request.host}/pay/{now.id}",
        }
        return self._answer(request, status, told)

    def _answer(self, request: web.Request, status: int, told: dict[str, Any]) -> web.Response:
        body = json.dumps(told).encode()
        signed = self._keys.signing.sign(b"sandbox answer v1\0" + request.path.encode() + b"\0" + body)
        headers = {"Sandbox-Signature": b64encode(signed).decode()}
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)

    def _from_merchant(self, request: web.Request, body: bytes) -> bool:
        expected = hmac.new(self._keys.merchant, f"{request.method} {request.path}\n".encode() + body, sha256)
        given = request.headers.get("Sandbox-Merchant", "")
        return hmac.compare_digest(given.encode(), expected.hexdigest().encode())
