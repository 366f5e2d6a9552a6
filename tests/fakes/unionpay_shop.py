"""A merchant of the UnionPay emulator, written from the protocol; it shares no code with the emulator."""

import asyncio
import base64
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urljoin
from uuid import uuid4

import aiohttp
from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import Certificate, load_pem_x509_certificate
from cryptography.x509.oid import NameOID

from tests.fakes.donor import Page

BEIJING = timezone(timedelta(hours=8))
MERCHANT_ID = "777290058110048"


def hex_digest(fields: Mapping[str, str]) -> bytes:
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature")
    return hashlib.sha256(text.encode()).hexdigest().encode()


def now_text(ahead_s: float = 0) -> str:
    return (datetime.now(BEIJING) + timedelta(seconds=ahead_s)).strftime("%Y%m%d%H%M%S")


def split_reply(text: str) -> dict[str, str]:
    """`k=v&k=v`, where & and = inside of braces and brackets belong to the value."""
    if text.startswith("{") and text.endswith("}"):
        text = text[1:-1]
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "{[") - (character in "}]")
        if character == "&" and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    pairs = [part.partition("=") for part in parts]
    assert len({name for name, _, _ in pairs}) == len(pairs)
    return {name: value for name, _, value in pairs}


@dataclass
class Shop:
    """`answers`: the statuses that the next notifications get, 200 when none is left; `hold`: no answer before it is
    set. `notified`, `returned`: what came to backUrl and frontUrl; `raw`: the former as content."""

    session: aiohttp.ClientSession
    url: str
    key: rsa.RSAPrivateKey
    certificate: Certificate
    middle: Certificate
    root: Certificate
    bank: str = ""
    notified: list[dict[str, str]] = field(default_factory=list)
    returned: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    hold: asyncio.Event | None = None
    raw: list[bytes] = field(default_factory=list)

    def signed(self, fields: Mapping[str, str], certificate: str = "") -> dict[str, str]:
        """`certificate`: another number than our certificate's."""
        complete = {name: value.strip() for name, value in fields.items() if value.strip()}
        complete["certId"] = certificate or str(self.certificate.serial_number)
        signature = self.key.sign(hex_digest(complete), padding.PKCS1v15(), hashes.SHA256())
        return complete | {"signature": base64.b64encode(signature).decode()}

    def order_fields(self, **changes: str) -> dict[str, str]:
        fields = {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "txnType": "01",
            "txnSubType": "01",
            "bizType": "000201",
            "channelType": "08",
            "accessType": "0",
            "merId": MERCHANT_ID,
            "orderId": uuid4().hex,
            "txnTime": now_text(),
            "txnAmt": "1000",
            "currencyCode": "156",
            "frontUrl": f"{self.url}/front",
            "backUrl": f"{self.url}/back",
            "payTimeout": now_text(15 * 60),
            "reqReserved": "huada|p1",
        }
        return fields | changes

    async def post_form(self, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Page:
        """As the donor's browser does it, from our page to theirs."""
        path = f"{self.bank}/gateway/api/frontTransReq.do"
        browser = {"Accept-Language": "en", "Sec-Fetch-Site": "cross-site", **(headers or {})}
        async with self.session.post(path, data=dict(fields), headers=browser) as answer:
            return Page(answer.status, str(answer.url), await answer.text())

    async def order(self, **changes: str) -> tuple[dict[str, str], Page]:
        """A new order and its pay page."""
        fields = self.order_fields(**changes)
        page = await self.post_form(self.signed(fields))
        assert page.status == 200, page.text()
        return fields, page

    async def press(self, page: Page, decision: str) -> Page:
        action, hidden = _form(page)
        async with self.session.post(
            urljoin(page.url, action), data=hidden | {"decision": decision}, headers={"Accept-Language": "en"}
        ) as answer:
            return Page(answer.status, str(answer.url), await answer.text())

    async def go_back(self, page: Page) -> dict[str, str]:
        """The donor presses 返回商户; gives what came home."""
        action, hidden = _form(page)
        assert action.startswith(self.url)
        async with self.session.post(action, data=hidden) as answer:
            assert answer.status == 200
        return self.returned[-1]

    async def pay(self, **changes: str) -> dict[str, str]:
        """A paid order."""
        fields, page = await self.order(**changes)
        await self.press(page, "confirm")
        return fields

    async def paid(self, **changes: str) -> dict[str, str]:
        """A paid order's notification."""
        before = len(self.notified)
        await self.pay(**changes)
        await self.turn(0)
        return self.notified[before]

    async def ask(self, path: str, fields: Mapping[str, str]) -> dict[str, str]:
        """A request that is signed already."""
        async with self.session.post(f"{self.bank}{path}", data=dict(fields)) as answer:
            assert answer.status == 200
            text = await answer.text()
        return split_reply(text)

    def query_fields(self, order: Mapping[str, str]) -> dict[str, str]:
        return {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "txnType": "00",
            "txnSubType": "00",
            "bizType": "000201",
            "accessType": "0",
            "merId": MERCHANT_ID,
            "orderId": order["orderId"],
            "txnTime": order["txnTime"],
        }

    async def query(self, order: Mapping[str, str]) -> dict[str, str]:
        return await self.ask("/gateway/api/queryTrans.do", self.signed(self.query_fields(order)))

    def undo_fields(self, query_id: str, amount: int, **changes: str) -> dict[str, str]:
        fields = {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "txnType": "04",
            "txnSubType": "00",
            "bizType": "000201",
            "channelType": "07",
            "accessType": "0",
            "merId": MERCHANT_ID,
            "orderId": uuid4().hex,
            "txnTime": now_text(),
            "txnAmt": str(amount),
            "origQryId": query_id,
            "backUrl": f"{self.url}/back",
        }
        return fields | changes

    async def undo(self, query_id: str, amount: int, **changes: str) -> dict[str, str]:
        """A refund, or with txnType 31 a cancel."""
        fields = self.undo_fields(query_id, amount, **changes)
        return await self.ask("/gateway/api/backTransReq.do", self.signed(fields))

    def file_fields(self, mmdd: str) -> dict[str, str]:
        return {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "txnType": "76",
            "txnSubType": "01",
            "bizType": "000000",
            "accessType": "0",
            "merId": MERCHANT_ID,
            "settleDate": mmdd,
            "txnTime": now_text(),
            "fileType": "00",
        }

    async def file_reply(self, mmdd: str, **changes: str) -> dict[str, str]:
        return await self.ask("/file/", self.signed(self.file_fields(mmdd) | changes))

    async def file(self, mmdd: str) -> dict[str, bytes]:
        """The unpacked file of a day: name and content of each member."""
        reply = await self.file_reply(mmdd)
        assert reply["respCode"] == "00", reply
        with zipfile.ZipFile(io.BytesIO(zlib.decompress(base64.b64decode(reply["fileContent"])))) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    async def turn(self, seconds: float) -> datetime:
        """The bank's clock; afterwards all is done that was due. Gives what it shows then."""
        async with self.session.post(f"{self.bank}/control/clock", json={"advance_s": seconds}) as answer:
            assert answer.status == 200, await answer.text()
            return datetime.fromisoformat((await answer.json())["now"])

    async def morning(self) -> datetime:
        """Turns the bank's clock to the next 10:00 in Beijing, far from the end of a settlement day."""
        now = (await self.turn(0)).astimezone(BEIJING)
        ten = now.replace(hour=10, minute=0, second=0, microsecond=0)
        ten += timedelta(days=1) if ten <= now else timedelta()
        return (await self.turn((ten - now).total_seconds())).astimezone(BEIJING)

    async def switch(self, *faults: str, scope: str = "next") -> None:
        asked = {"faults": list(faults), "scope": scope}
        async with self.session.post(f"{self.bank}/control/faults", json=asked) as answer:
            assert answer.status == 200, await answer.text()

    def distrust(self, message: Mapping[str, str], name: str = "00040000:SIGN") -> str:
        """Why a message of the bank is not to be believed; empty when it is."""
        certificate = load_pem_x509_certificate(message["signPubKeyCert"].encode())
        if not certificate.not_valid_before_utc <= datetime.now(UTC) <= certificate.not_valid_after_utc:
            return "time"
        try:
            certificate.verify_directly_issued_by(self.middle)
            self.middle.verify_directly_issued_by(self.root)
        except (ValueError, TypeError, InvalidSignature):
            return "chain"
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        if str(common).split("@")[2:3] != [name]:
            return "name"
        key = certificate.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        try:
            signature = base64.b64decode(message["signature"])
            key.verify(signature, hex_digest(message), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return "signature"
        return ""

    async def _back(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.raw.append(body)
        self.notified.append(_form_of(request, body))
        if self.hold is not None:
            await self.hold.wait()
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, headers={"Location": "/front"} if status == 302 else {})

    async def _front(self, request: web.Request) -> web.Response:
        self.returned.append(_form_of(request, await request.read()))
        return web.Response(text="thank you")


@asynccontextmanager
async def open_shop(session: aiohttp.ClientSession, credentials: Path, port: int = 0) -> AsyncIterator[Shop]:
    """`credentials`: the merchant's folder. Serves backUrl and frontUrl."""
    content = (credentials / "merchant.key").read_bytes()
    key = serialization.load_pem_private_key(content, None, unsafe_skip_rsa_key_validation=True)  # the check takes long
    assert isinstance(key, rsa.RSAPrivateKey)
    merchant, middle, root = (
        load_pem_x509_certificate((credentials / f"{name}.crt").read_bytes()) for name in ("merchant", "middle", "root")
    )
    shop = Shop(session, "", key, merchant, middle, root)
    app = web.Application()
    app.add_routes([web.post("/back", shop._back), web.post("/front", shop._front)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield shop
    finally:
        await runner.cleanup()


def _form_of(request: web.Request, body: bytes) -> dict[str, str]:
    assert request.content_type == "application/x-www-form-urlencoded"
    pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def _form(page: Page) -> tuple[str, dict[str, str]]:
    tag, inside = re.findall(r"<form([^>]*)>(.*?)</form>", page.html, re.S)[-1]
    action = re.search(r'action="([^"]*)"', tag)
    assert action is not None
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', inside)
    return unescape(action[1]), {name: unescape(value) for name, value in hidden}
