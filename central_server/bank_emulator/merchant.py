"""Answer the merchant's requests: orders, refunds and queries.

Requests carry the merchant's HMAC, answers the bank's signature.
Written from the protocol, not from the merchant's code.
"""

import hmac
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import AfterValidator, Field, StringConstraints, ValidationError

from central_server.bank_emulator.addresses import on_this_machine
from central_server.bank_emulator.keys import BankKeys
from central_server.bank_emulator.notification_sender import NotificationSender
from central_server.bank_emulator.orders import Order, OrderBook, Refund, RefundBook
from daemonkit.web import read_body
from sync_contract.strict_model import Record

_LIMIT = 16 * 1024


def _loopback(url: str) -> str:
    if not on_this_machine(url):
        raise ValueError("expected http(s) on this machine: a drill sends nothing elsewhere")
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
    """`payment`: the bank's number of the payment. `whole`: all of it, without an earlier refund."""

    refund: _Id
    order: _Id
    payment: Annotated[str, StringConstraints(max_length=64)]
    amount_minor: _Minor
    currency: _Currency
    notify_url: LoopbackUrl
    whole: bool


_Model = TypeVar("_Model", bound=Record)
Answer = tuple[int, dict[str, object]]
"""Status and body, to be signed."""


class _Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Merchant:
    keys: BankKeys
    orders: OrderBook
    refunds: RefundBook
    notifications: NotificationSender

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/orders", self._signed(self._open)),
            web.get("/orders/{order}", self._signed(self._query)),
            web.post("/refunds", self._signed(self._refund)),
            web.get("/refunds/{refund}", self._signed(self._query_refund)),
        ]

    def _signed(
        self, handler: Callable[[web.Request, bytes], Answer]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Check the merchant's HMAC before the handler, and sign its answer."""

        async def handle(request: web.Request) -> web.Response:
            body = await read_body(request, limit=_LIMIT, deadline=10) if request.method == "POST" else b""
            try:
                if not self._from_merchant(request, body):
                    raise _Refused(401, "not signed by the merchant")
                status, answer = handler(request, body)
            except _Refused as refused:
                status, answer = refused.status, {"error": str(refused)}
            content = json.dumps(answer).encode()
            signature = self.keys.signing.sign(b"sandbox answer v1\0" + request.path.encode() + b"\0" + content)
            headers = {"Sandbox-Signature": b64encode(signature).decode()}
            return web.Response(status=status, body=content, content_type="application/json", headers=headers)

        return handle

    def _open(self, request: web.Request, body: bytes) -> Answer:
        fields = _read(NewOrder, body).model_dump()
        new = Order(id=fields.pop("order"), opened_at=time.time(), **fields)
        known = self.orders.get(new.id)
        if known is None:
            self.orders.save(new)
            return 201, _report_order(request, new)
        if (known.amount_minor, known.currency) != (new.amount_minor, new.currency):
            raise _Refused(409, "the order exists with another amount")
        # The merchant's address may have changed, and its donor may read another language now.
        updated = replace(known, subject=new.subject, return_url=new.return_url, notify_url=new.notify_url)
        if updated != known:
            self.orders.save(updated)
        return 200, _report_order(request, updated)

    def _query(self, request: web.Request, _: bytes) -> Answer:
        order = self.orders.get(request.match_info["order"])
        if order is None:
            raise _Refused(404, "no such order")
        return 200, _report_order(request, order)

    def _refund(self, _: web.Request, body: bytes) -> Answer:
        new = _read(NewRefund, body)
        known = self.refunds.get(new.refund)
        if known is not None:
            if (known.order, known.amount_minor) != (new.order, new.amount_minor):
                raise _Refused(409, "the refund exists with other content")
            return 200, _report_refund(known)
        order = self.orders.get(new.order)
        if order is None or order.state != "paid" or order.payment != new.payment:
            raise _Refused(409, "no such payment")
        before = self.refunds.refunded(order.id)
        if new.amount_minor > order.amount_minor - before:
            raise _Refused(409, "more than is left of the payment")
        if new.whole and (before or new.amount_minor != order.amount_minor):
            raise _Refused(409, "not the whole payment")
        number = f"R{secrets.randbelow(10**12):012d}"
        refund = Refund(new.refund, order.id, new.amount_minor, new.currency, number, new.notify_url)
        self.refunds.save(refund)
        self.notifications.begin(refund)
        return 201, _report_refund(refund)

    def _query_refund(self, request: web.Request, _: bytes) -> Answer:
        refund = self.refunds.get(request.match_info["refund"])
        if refund is None:
            raise _Refused(404, "no such refund")
        return 200, _report_refund(refund)

    def _from_merchant(self, request: web.Request, body: bytes) -> bool:
        expected = hmac.new(self.keys.merchant, f"{request.method} {request.path}\n".encode() + body, sha256)
        given = request.headers.get("Sandbox-Merchant", "")
        return hmac.compare_digest(given.encode(), expected.hexdigest().encode())


def _read(model: type[_Model], body: bytes) -> _Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _Refused(400, f"{error.error_count()} invalid fields") from error


def _report_order(request: web.Request, order: Order) -> dict[str, object]:
    current = order.at(time.time())
    return _report(current, current.state, f"http://{request.host}/pay/{current.id}")


def _report_refund(refund: Refund) -> dict[str, object]:
    return _report(refund, "paid", "")


def _report(known: Order | Refund, status: str, pay_url: str) -> dict[str, object]:
    return {
        "order": known.id,
        "status": status,
        "amount_minor": known.amount_minor,
        "currency": known.currency,
        "payment": known.payment,
        "pay_url": pay_url,
    }
