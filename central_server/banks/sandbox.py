"""Bank `sandbox` (drill): requests are signed with HMAC-SHA256, the bank's messages with Ed25519.

We sign with `merchant.secret`: `Sandbox-Merchant: <hex of HMAC-SHA256 over "METHOD PATH\\
" + body>`. The bank signs
answers over `sandbox answer v1`, the path and the body, and notifications over `sandbox notification v1` and the body:
`Sandbox-Signature: <base64>`, checked against the pinned `bank.pub`. The two domains prevent the use of one kind of
message as the other.
"""

import hmac
import json
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import aiohttp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import Field, StringConstraints, ValidationError

from central_server.banks.port import (
    BankRefused,
    BankUnavailable,
    Capabilities,
    CredentialsRefused,
    Expiring,
    Movement,
    Notification,
    NotificationProblem,
    NotificationRefused,
    Order,
    OrderId,
    OrderReport,
    OrderState,
    Redirect,
    Refund,
    Statement,
)
from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from sync_contract.keys import read_public
from sync_contract.money import Money
from sync_contract.strict_model import Environment, Record

ANSWER = b"sandbox answer v1\0"
NOTIFICATION = b"sandbox notification v1\0"
_ANSWER_LIMIT = 64 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3)
_Model = TypeVar("_Model", bound=Record)

_OrderId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
_Payment = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")]
_Minor = Annotated[int, Field(ge=1, lt=2**53)]
_Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class _Notification(Record):
    id: _Payment
    order: _OrderId
    status: Literal["paid", "refunded"]
    amount_minor: _Minor
    currency: _Currency
    payment: _Payment


class _Answer(Record):
    order: _OrderId
    status: Literal["open", "pending", "paid", "failed", "expired"]
    amount_minor: _Minor
    currency: _Currency
    payment: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{0,64}$")]
    pay_url: Annotated[str, StringConstraints(max_length=300)]


class Sandbox:
    """Satisfies `Bank`."""

    name = "sandbox"
    environment = Environment.drill
    capabilities = Capabilities(notifies=True, queries=True, refunds=True)

    def __init__(self, url: str, key: Ed25519PublicKey, secret: bytes, session: aiohttp.ClientSession) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._secret = secret
        self._session = session
        self.form_targets: tuple[str, ...] = (self._url,)

    async def open(self, order: Order) -> Redirect:
        fields = {
            "order": order.id,
            "amount_minor": order.amount.minor,
            "currency": order.amount.currency,
            "subject": order.subject,
            "return_url": order.return_url,
            "notify_url": order.notify_url,
        }
        status, body = await self._ask("POST", "/orders", json.dumps(fields).encode())
        if status == 409:
            raise BankRefused(f"order {order.id} exists at the bank with another amount")
        if status not in (200, 201):
            raise BankRefused(f"order {order.id} was answered with status {status}")
        answer = _read(_Answer, body)
        if answer.order != order.id or Money(answer.amount_minor, answer.currency) != order.amount:
            raise BankRefused(f"order {order.id} was answered with another order or amount")
        if not answer.pay_url.startswith(f"{self._url}/"):
            raise BankRefused("the bank's page is not at the bank's address")
        return Redirect(f"{answer.pay_url}?lang={order.language}")

    def verify(self, headers: Mapping[str, str], body: bytes) -> Notification:
        if headers.get("Content-Type") != "application/json":
            raise NotificationRefused(
                NotificationProblem.content_type, "the content type is not exactly application/json"
            )
        if not self._signed(NOTIFICATION, body, headers):
            raise NotificationRefused(NotificationProblem.signature, "not signed by the bank's key")
        try:
            # pydantic would silently use the last of two fields of one name.
            json.loads(body, object_pairs_hook=_no_field_twice)
            notification = _Notification.model_validate_json(body)
        except (ValidationError, ValueError, RecursionError) as error:
            raise NotificationRefused(NotificationProblem.content, "signed, but invalid") from error
        amount = Money(notification.amount_minor, notification.currency)
        movement = Movement.refund if notification.status == "refunded" else Movement.payment
        return Notification(
            notification.id, notification.order, amount, notification.payment, content=body.decode(), movement=movement
        )

    async def query(self, order: OrderId) -> OrderReport:
        path = "refunds" if order.movement is Movement.refund else "orders"
        status, body = await self._ask("GET", f"/{path}/{order.id}", b"")
        if status == 404:
            return OrderReport(order.id, OrderState.unknown, None, "")
        if status != 200:
            raise BankUnavailable(f"the query was answered with status {status}")
        answer = _read(_Answer, body)
        if answer.order != order.id:
            raise BankUnavailable("the query was answered about another order")
        amount = Money(answer.amount_minor, answer.currency)
        return OrderReport(order.id, OrderState(answer.status), amount, answer.payment)

    async def refund(self, refund: Refund) -> None:
        fields = {
            "refund": refund.id,
            "order": refund.paid.id,
            "payment": refund.payment,
            "amount_minor": refund.amount.minor,
            "currency": refund.amount.currency,
            "notify_url": refund.notify_url,
            "whole": refund.whole,
        }
        status, body = await self._ask("POST", "/refunds", json.dumps(fields).encode())
        if status not in (200, 201):
            raise BankRefused(f"refund {refund.id} was answered with status {status}", code=f"{status}")
        answer = _read(_Answer, body)
        if answer.order != refund.id or Money(answer.amount_minor, answer.currency) != refund.amount:
            raise BankUnavailable(f"refund {refund.id} was answered with another refund or amount")

    async def statement(self, day: date) -> Statement:
        raise StatementRefused(StatementProblem.no_files, kind="sandbox")

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        return ()

    async def _ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of an answer signed by the bank. Raises BankUnavailable."""
        proof = hmac.new(self._secret, f"{method} {path}\n".encode() + body, sha256).hexdigest()
        headers = {"Sandbox-Merchant": proof, "Content-Type": "application/json", "Accept-Encoding": "identity"}
        try:
            async with self._session.request(
                method,
                self._url + path,
                data=body or None,
                headers=headers,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response:
                answer = await response.content.read(_ANSWER_LIMIT)
                while not response.content.at_eof():
                    answer += await response.content.read(_ANSWER_LIMIT)
                    if len(answer) > _ANSWER_LIMIT:
                        raise BankUnavailable("the answer is too long")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise BankUnavailable(f"{type(error).__name__}: {error}"[:200]) from error
        if not self._signed(ANSWER + path.encode() + b"\0", answer, response.headers):
            raise BankUnavailable(f"status {response.status}, not signed by the bank's key")
        return response.status, answer

    def _signed(self, domain: bytes, body: bytes, headers: Mapping[str, str]) -> bool:
        try:
            self._key.verify(b64decode(headers.get("Sandbox-Signature", ""), validate=True), domain + body)
        except (InvalidSignature, Base64Error, ValueError):
            return False
        return True


@asynccontextmanager
async def open_sandbox(url: str, credentials: Path) -> AsyncIterator[Sandbox]:
    """Raises CredentialsRefused if `bank.pub` or `merchant.secret` in `credentials` is missing or wrong."""
    public, secret = credentials / "bank.pub", credentials / "merchant.secret"
    try:
        key = read_public(_text(public))
    except ValueError as error:
        raise CredentialsRefused(f"{public}: {error}") from error
    try:
        shared = bytes.fromhex(_text(secret))
    except ValueError as error:
        raise CredentialsRefused(f"{secret}: hexadecimal digits are expected") from error
    if len(shared) < 32:
        raise CredentialsRefused(f"{secret}: at least 64 hexadecimal digits are expected")
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=8), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:
        yield Sandbox(url, key, shared, session)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CredentialsRefused(f"{file} cannot be read: {getattr(error, 'strerror', None) or 'not ASCII'}") from error


def _read(model: type[_Model], body: bytes) -> _Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise BankUnavailable(f"signed, but invalid: {error.error_count()} faults") from error


def _no_field_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field occurs twice")
    return found
