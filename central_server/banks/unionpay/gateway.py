"""UnionPay as a bank of this server. Orders are forms that the donor's browser posts; all else we ask ourselves."""

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
    NotificationRefused,
    Order,
    OrderId,
    OrderReport,
    Refund,
    Statement,
)
from central_server.banks.unionpay.back_channel import post
from central_server.banks.unionpay.certificate_check import Unproved, prove
from central_server.banks.unionpay.credentials import Credentials, read_credentials
from central_server.banks.unionpay.messages import Misread, is_form, read_answer, read_form
from central_server.banks.unionpay.notifications import read_notification
from central_server.banks.unionpay.reports import report_of, shown
from central_server.banks.unionpay.requests import Merchant
from central_server.banks.unionpay.signing import signed
from central_server.banks.unionpay.statement import read_statement
from central_server.banks.unionpay.statement_archive import inflate
from sync_contract.strict_model import Environment

_log = structlog.get_logger()
_LARGEST_NOTIFICATION = 16 * 1024
_LARGEST_ANSWER = 64 * 1024
_LARGEST_FILE_ANSWER = 24 * 1024 * 1024
_ACCEPTED = ("00", "03", "04", "05", "12")
"""Of a refund: done, on its way, or (12) there already, for a refund's order number is never used for another."""
_LATER = ("02", "03", "04", "05", "06", "39")
"""Closed, busy, or no answer from further on: the same may be asked again."""
_NO_FILE = "98"


@dataclass(frozen=True, slots=True)
class Addresses:
    """`gateway`: its web origin. `file`: the whole address of the files."""

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
    capabilities = Capabilities(notifies=True, queries=True, refunds=True, states=True, reopens=False)

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
        return Form(self._addresses.front, tuple(self._signed(self._merchant.front_consume(order)).items()))

    def verify(self, headers: Mapping[str, str], body: bytes) -> Notification:
        if len(body) > _LARGEST_NOTIFICATION:
            raise NotificationRefused("size", "longer than a notification is")
        if not is_form(headers):
            raise NotificationRefused("content_type", "the content type is not exactly that of a form in UTF-8")
        try:
            fields = read_form(body)
            self._prove(fields)
        except Misread as error:
            raise NotificationRefused("content", str(error)) from error
        except Unproved as error:
            raise NotificationRefused(error.doubt.value, str(error)) from error
        return read_notification(fields, body, self._merchant.id)

    async def query(self, order: OrderId) -> OrderReport:
        asked_at = self._clock()
        fields = await self._ask(self._addresses.single_query, self._merchant.query(order), ("orderId", "txnTime"))
        return report_of(fields, order, asked_at)

    async def refund(self, refund: Refund) -> None:
        asked = self._merchant.refund(refund)
        code = (await self._ask(self._addresses.back, asked, ("orderId", "txnTime", "txnType"))).get("respCode", "")
        if code in _ACCEPTED:
            return
        if code in _LATER:
            raise BankUnavailable(f"the refund was answered with {shown(code)}: later")
        raise BankRefused(f"the refund was answered with {shown(code)}")

    async def statement(self, day: date) -> Statement:
        asked = self._merchant.file(day, self._clock())
        fields = await self._ask(self._addresses.file, asked, ("settleDate",), limit=_LARGEST_FILE_ANSWER)
        code = fields.get("respCode", "")
        if code == _NO_FILE:
            raise NoStatement(f"there is no file of {day}")
        if code in _LATER:
            raise BankUnavailable(f"the file of {day} was answered with {shown(code)}: later")
        if code != "00":
            raise BankRefused(f"the file of {day} was answered with {shown(code)}")
        return await asyncio.to_thread(self._read_file, fields, day)

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        return self._credentials.expiring(now)

    def _read_file(self, fields: Mapping[str, str], day: date) -> Statement:
        name, content = fields.get("fileName", ""), fields.get("fileContent", "")
        return read_statement(name, inflate(content), self._merchant.id, day)

    async def _ask(
        self, url: str, asked: Mapping[str, str], same: tuple[str, ...], *, limit: int = _LARGEST_ANSWER
    ) -> dict[str, str]:
        """A proved answer to this question: it repeats the fields `same`, unless it refuses. Raises BankUnavailable."""
        body = await post(self._session, url, self._signed(asked), limit=limit)
        fields = await asyncio.to_thread(self._believed, body)  # a day's file is long
        done = fields.get("respCode") == "00"
        if any(fields.get(name, "" if done else asked[name]) != asked[name] for name in ("merId", *same)):
            raise BankUnavailable("the answer is about something else than was asked")
        return fields

    def _believed(self, answer: bytes) -> dict[str, str]:
        try:
            fields = read_answer(answer)
            self._prove(fields)
        except (Misread, Unproved) as error:
            raise BankUnavailable(f"the answer is not believed: {error}") from error
        return fields

    def _signed(self, fields: Mapping[str, str]) -> dict[str, str]:
        return signed(fields, self._credentials.key, self._credentials.merchant.serial_number)

    def _prove(self, fields: Mapping[str, str]) -> None:
        prove(fields, self._credentials.root, self._credentials.middle, self.environment, self._clock())


@asynccontextmanager
async def open_unionpay(
    addresses: Addresses,
    merchant: Merchant,
    folder: Path,
    environment: Environment,
    clock: Callable[[], datetime],
) -> AsyncIterator[UnionPay]:
    """`folder`: of the credentials. Raises CredentialsRefused."""
    credentials = read_credentials(folder, clock())
    for end in credentials.expiring(clock()):
        _log.warning("credential.expiring", file=end.file, until=end.until.date().isoformat())
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=8), cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:
        yield UnionPay(addresses, merchant, credentials, environment, session, clock)
