"""Bank `unionpay`: the donor's browser posts orders as forms; the server sends all other requests itself."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import structlog

from central_server.banks.port import (
    BankRefused,
    BankUnavailable,
    Capabilities,
    Expiring,
    Form,
    NoStatement,
    Notification,
    NotificationProblem,
    NotificationRefused,
    Order,
    OrderId,
    OrderReport,
    Refund,
    Statement,
)
from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from central_server.banks.unionpay.back_channel import post
from central_server.banks.unionpay.beijing_time import PAYMENT_TIME
from central_server.banks.unionpay.certificate_check import NotAuthentic, check_authentic
from central_server.banks.unionpay.credentials import Credentials, read_credentials
from central_server.banks.unionpay.messages import Unreadable, is_form, read_answer, read_form
from central_server.banks.unionpay.notifications import read_notification
from central_server.banks.unionpay.query_result import read_query_result, safe_code
from central_server.banks.unionpay.requests import Merchant
from central_server.banks.unionpay.signing import sign
from central_server.banks.unionpay.statement import read_statement
from central_server.banks.unionpay.statement_archive import inflate
from sync_contract.strict_model import Environment

_log = structlog.get_logger()
_MAX_NOTIFICATION = 16 * 1024
_MAX_ANSWER = 64 * 1024
_MAX_FILE_ANSWER = 24 * 1024 * 1024
_ACCEPTED = ("00", "03", "04", "05", "12")
"""Refund codes: done, under way, or (12) known already, because a refund's order number is never used for another."""
_RETRY = ("02", "03", "04", "05", "06", "39")
"""Closed, busy, or no answer from a further system: the same request may be sent again."""
_NO_FILE = "98"


@dataclass(frozen=True, slots=True)
class Addresses:
    """`gateway`: its web origin. `file`: the complete address of the file service."""

    gateway: str
    file: str

    @property
    def front(self) -> str:
        return f"{self.gateway}/gateway/api/frontTransReq.do"

    @property
    def back(self) -> str:
        return f"{self.gateway}/gateway/api/backTransReq.do"

    @property
    def single_query(self) -> str:
        return f"{self.gateway}/gateway/api/queryTrans.do"


class UnionPay:
    """Satisfies `Bank`."""

    name = "unionpay"
    capabilities = Capabilities(
        notifies=True, queries=True, refunds=True, states=True, reopens=False, payment_time=PAYMENT_TIME
    )

    def __init__(
        self,
        addresses: Addresses,
        merchant: Merchant,
        credentials: Credentials,
        environment: Environment,
        session: aiohttp.ClientSession,
        clock: Callable[[], datetime],
    ) -> None:
        self.environment = environment
        parts = urlsplit(addresses.gateway)
        self.form_targets: tuple[str, ...] = (f"{parts.scheme}://{parts.netloc}",)
        self._addresses = addresses
        self._merchant = merchant
        self._credentials = credentials
        self._session = session
        self._clock = clock

    async def open(self, order: Order) -> Form:
        return Form(self._addresses.front, tuple(self._sign(self._merchant.front_consume(order)).items()))

    def verify(self, headers: Mapping[str, str], body: bytes) -> Notification:
        if len(body) > _MAX_NOTIFICATION:
            raise NotificationRefused(NotificationProblem.size, "longer than any notification")
        if not is_form(headers):
            raise NotificationRefused(NotificationProblem.content_type, "the content type is not a form in UTF-8")
        try:
            fields = read_form(body)
            self._check_authentic(fields)
        except Unreadable as error:
            raise NotificationRefused(NotificationProblem.content, str(error)) from error
        except NotAuthentic as error:
            raise NotificationRefused(NotificationProblem(error.problem.value), str(error)) from error
        return read_notification(fields, body, self._merchant.id)

    async def query(self, order: OrderId) -> OrderReport:
        asked_at = self._clock()
        fields = await self._ask(self._addresses.single_query, self._merchant.query(order), ("orderId", "txnTime"))
        return read_query_result(fields, order, asked_at)

    async def refund(self, refund: Refund) -> None:
        request_fields = self._merchant.refund(refund)
        code = (await self._ask(self._addresses.back, request_fields, ("orderId", "txnTime", "txnType"))).get(
            "respCode", ""
        )
        if code in _ACCEPTED:
            return
        if code in _RETRY:
            raise BankUnavailable(f"the refund was answered with {safe_code(code)}: try again later")
        raise BankRefused(f"the refund was answered with {safe_code(code)}", code=safe_code(code))

    async def statement(self, day: date) -> Statement:
        request_fields = self._merchant.file(day, self._clock())
        fields = await self._ask(self._addresses.file, request_fields, ("settleDate",), limit=_MAX_FILE_ANSWER)
        code = fields.get("respCode", "")
        if code == _NO_FILE:
            raise NoStatement(f"there is no file of {day}")
        if code in _RETRY:
            raise BankUnavailable(f"the file of {day} was answered with {safe_code(code)}: try again later")
        if code != "00":
            raise StatementRefused(StatementProblem.answered, code=safe_code(code))
        return await asyncio.to_thread(self._read_file, fields, day)

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        return self._credentials.expiring(now)

    def _read_file(self, fields: Mapping[str, str], day: date) -> Statement:
        name, content = fields.get("fileName", ""), fields.get("fileContent", "")
        return read_statement(name, inflate(content), self._merchant.id, day)

    async def _ask(
        self, url: str, request_fields: Mapping[str, str], repeated: tuple[str, ...], *, limit: int = _MAX_ANSWER
    ) -> dict[str, str]:
        """Send a request and return its authentic answer. Raises BankUnavailable.

        Unless it refuses, the answer must repeat the fields `repeated` of the request.
        """
        body = await post(self._session, url, self._sign(request_fields), limit=limit)
        fields = await asyncio.to_thread(self._read_authentic, body)  # a day's file takes long
        done = fields.get("respCode") == "00"
        if any(
            fields.get(name, "" if done else request_fields[name]) != request_fields[name]
            for name in ("merId", *repeated)
        ):
            raise BankUnavailable("the answer does not match the request")
        return fields

    def _read_authentic(self, answer: bytes) -> dict[str, str]:
        try:
            fields = read_answer(answer)
            self._check_authentic(fields)
        except (Unreadable, NotAuthentic) as error:
            raise BankUnavailable(f"the answer is not authentic: {error}") from error
        return fields

    def _sign(self, fields: Mapping[str, str]) -> dict[str, str]:
        return sign(fields, self._credentials.key, self._credentials.merchant.serial_number)

    def _check_authentic(self, fields: Mapping[str, str]) -> None:
        check_authentic(fields, self._credentials.root, self._credentials.middle, self.environment, self._clock())


@asynccontextmanager
async def open_unionpay(
    addresses: Addresses,
    merchant: Merchant,
    folder: Path,
    environment: Environment,
    clock: Callable[[], datetime],
) -> AsyncIterator[UnionPay]:
    """Open the bank. `folder`: of the credentials. Raises CredentialsRefused."""
    credentials = read_credentials(folder, clock())
    for end in credentials.expiring(clock()):
        _log.warning("credential.expiring", file=end.file, until=end.until.date().isoformat())
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=8), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:
        yield UnionPay(addresses, merchant, credentials, environment, session, clock)
