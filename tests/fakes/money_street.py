"""Two server processes on one database with the bank, used over HTTP by residents and gateways.

A failed request is accepted only when its server was killed.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import aiohttp

from central_server.bank_emulator.unionpay.messages import build_notification
from central_server.bank_emulator.unionpay.transactions import PAYMENT, Transaction, TransactionBook
from central_server.donations import refund_approval
from central_server.donations.refund_approval import RefundNotPossible
from central_server.enrolment.gateways import register
from central_server.reconciliation import settlement_days
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.engine.database import Database, open_database
from central_server.store.ledger import ledger_lines
from central_server.store.ledger.ledger_lines import LedgerLine
from central_server.store.reconciliation import reconciled_attempts
from sync_contract.records import Parcel
from sync_contract.request_signature import Signer
from tests.fakes.delivering_gateway import DeliveringGateway, as_json
from tests.fakes.money_program import SETTINGS, Central, Emulator, Killable
from tests.fakes.unionpay import FORM, authority_in
from tests.fakes.unionpay_forging import forge_body
from tests.flow.page import Form, Page

BANK = "unionpay"
PURSE = ("huada", "drill", "lunch")
_BROWSER = {"Accept-Language": "en"}
_FROM_ELSEWHERE = _BROWSER | {"Sec-Fetch-Site": "cross-site"}
Found = TypeVar("Found")


@dataclass
class Gift:
    parcel: Parcel
    ticket: str


class TurnedGateway(DeliveringGateway):
    """Uses the bank's clock, `ahead` by so many seconds."""

    ahead = 0.0

    def signed_post(self, path: str, body: bytes) -> dict[str, str]:
        created = int(time.time() + self.ahead)
        return Signer(self.id, self.key).headers("POST", self.authority, path, "", body, created)


@dataclass
class Street:
    """`database`: the database of both servers."""

    folder: Path
    database: Database
    session: aiohttp.ClientSession
    gateway: TurnedGateway
    bank: Killable
    servers: tuple[Killable, Killable]
    gifts: list[Gift] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.authority = authority_in(self.folder / "bank")

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.gateway.ahead, UTC)

    def book(self) -> list[Transaction]:
        """Return the bank's transactions."""
        return list(TransactionBook(self.folder / "bank" / "transactions.jsonl"))

    def register(self, fen: int) -> Gift:
        """Register a gift at the kiosk."""
        parcel = self.gateway.intent(amount_minor=fen)
        self.gifts.append(Gift(parcel, self.gateway.ticket(parcel, issued_at=self.now)))
        return self.gifts[-1]

    async def deliver(self, gift: Gift, number: int) -> None:
        """Deliver the gateway's parcel."""
        batch = json.dumps({"contract": 1, "parcels": [as_json(gift.parcel)]}).encode()
        self.gateway.url = self.servers[number].url
        headers = self.gateway.signed_post("/api/v1/parcels", batch) | {"Content-Type": "application/json"}
        url = f"{self.servers[number].url}/api/v1/parcels"
        answer = await self._visit(number, lambda: self._post(url, batch, headers))
        if answer is not None:
            assert answer.status == 200, answer.html
            assert json.loads(answer.html)["receipts"][0]["receipt"] in ("accepted", "duplicate"), answer.html

    async def press(self, gift: Gift, number: int) -> str:
        """Follow the ticket to the bank; return its page, or empty when it is not reached."""
        ticket = f"{self.servers[number].url}/t/{gift.ticket}"
        page = await self._visit(number, lambda: self._open(ticket))
        form = _form(page, "/t/")
        if page is None or form is None:
            return ""
        went = await self._visit(number, lambda: self._send(page, form))
        assert went is None or went.status in (200, 503), went.text
        order = _form(went, self.bank.url)
        if went is None or order is None:
            return ""
        return (await self._send(went, order)).url

    async def decide(self, page: str, decision: str, *, returns: bool) -> None:
        """Decide at the bank's page; `returns`: the browser returns to our page."""
        shown = await self._open(page)
        form = _form(shown, "/gateway/pay/")
        if form is not None:
            shown = await self._send(shown, form, decision=decision)
        for number, server in enumerate(self.servers):
            back = _form(shown, server.url)
            if back is not None and returns:
                await self._visit(number, lambda back=back: self._send(shown, back))  # type: ignore[misc]  # a default

    async def repeat_notification(self, transaction: Transaction, number: int) -> None:
        """Send the bank's notification of a transaction, possibly again."""
        body = forge_body(build_notification(transaction), self.authority)
        url = f"{self.servers[number].url}/bank/{BANK}/notify"
        answer = await self._visit(number, lambda: self._post(url, body, FORM))
        if answer is not None:
            known = transaction.back_url and transaction.code in (
                "00",
                "A6",
            )  # the bank never notifies 42 and its own refunds
            assert answer.status == (200 if known else 400), answer.html

    async def turn(self, ahead: timedelta) -> None:
        """Advance the clock; the bank has completed its due work on return."""
        asked = json.dumps({"advance_s": ahead.total_seconds()}).encode()
        answer = await self._post(f"{self.bank.url}/control/clock", asked, {"Content-Type": "application/json"})
        self.gateway.ahead = json.loads(answer.html)["ahead_s"]

    async def switch(self, *faults: str, scope: str) -> None:
        asked = json.dumps({"faults": list(faults), "scope": scope}).encode()
        answer = await self._post(f"{self.bank.url}/control/faults", asked, {"Content-Type": "application/json"})
        assert answer.status == 200, answer.html

    async def kill(self, number: int, meanwhile: Coroutine[Any, Any, Found], after_s: float) -> Found:
        """Kill a server `after_s` seconds after the start of `meanwhile`."""
        task = asyncio.create_task(meanwhile)
        await asyncio.sleep(after_s)
        self.servers[number].kill()
        return await task

    async def ask_for_refund(self, gift: Gift, share: int) -> None:
        """Request refunds as finance staff."""
        for attempt in await self.tried(gift):
            with contextlib.suppress(RefundNotPossible):
                async with self.database.write() as connection:
                    minor = attempt.amount_minor // share
                    await refund_approval.request_refund(
                        connection, attempt.id, minor, "why", bank=BANK, by="ming", now=self.now
                    )

    async def decide_refunds(self, *, approve: bool, by: str) -> None:
        async with self.database.read() as connection:
            waiting = await refunds.page(connection, ["huada"], "drill", waiting=True)
        for refund in waiting[:2]:
            with contextlib.suppress(RefundNotPossible):
                async with self.database.write() as connection:
                    await refund_approval.decide_refund(
                        connection, refund.id, approve=approve, note="", by=by, now=self.now
                    )
                assert by != "ming", "the requester may not decide"

    async def permit(self, *, holds: bool) -> None:
        async with self.database.write() as connection:
            project = (await projects.holding(connection, "huada"))["lunch"]
            closes = date(2099, 12, 31) if holds else date(2026, 1, 1)
            await projects.save(connection, replace(project, closes=closes), project.revision)

    async def tried(self, gift: Gift) -> tuple[Attempt, ...]:
        async with self.database.read() as connection:
            return await attempts.of_intent(connection, self.gateway.id, gift.parcel.id)

    async def lines(self) -> list[LedgerLine]:
        async with self.database.read() as connection:
            return list(await ledger_lines.of_purse(connection, *PURSE))

    async def is_nothing_due(self, *, files: bool) -> bool:
        """Return whether no order query, refund or file is due."""
        now = self.now
        async with self.database.read() as connection:
            if await attempts.due(connection, BANK, "drill", now) or await refunds.due(connection, BANK, "drill", now):
                return False
            if not files:
                return True
            since = settlement_days.first_day(await reconciled_attempts.first_order(connection, BANK, "drill"), now)
            if since is None:
                return True
            return not settlement_days.due_days(
                since, await reconciled_attempts.checked_days(connection, BANK, "drill", since), now
            )

    async def _visit(self, number: int, work: Callable[[], Awaitable[Page]]) -> Page | None:
        """Return the page; None when the server was killed."""
        server = self.servers[number]
        kills = server.kills
        try:
            page = await work()
        except (aiohttp.ClientError, OSError):
            if server.alive and server.kills == kills:
                raise
            return None
        assert page.status != 500, f"{page.text}\n{server.log.read_text('utf-8')[-3000:]}"
        return page

    async def _open(self, url: str) -> Page:
        async with self.session.get(url, headers=_BROWSER) as answer:
            return Page(await answer.text(), answer.status, str(answer.url))

    async def _send(self, page: Page, form: Form, **pressed: str) -> Page:
        where = urljoin(page.url, form.action)
        elsewhere = urlsplit(where).netloc != urlsplit(page.url).netloc
        return await self._post(where, form.fields | pressed, _FROM_ELSEWHERE if elsewhere else _BROWSER)

    async def _post(self, url: str, body: bytes | dict[str, str], headers: dict[str, str]) -> Page:
        async with self.session.post(url, data=body, headers=headers) as answer:
            return Page(await answer.text(), answer.status, str(answer.url))


@asynccontextmanager
async def open_street(folder: Path, store: str) -> AsyncIterator[Street]:
    """Run the bank and both servers. `store`: the URL of a database with the schema."""
    (folder / "central.toml").write_text(SETTINGS, encoding="utf-8")
    authority_in(folder / "bank")
    async with AsyncExitStack() as edges:
        fresh = aiohttp.TCPConnector(force_close=True)  # servers close connections that are idle for long
        jar = aiohttp.CookieJar(unsafe=True)
        session = await edges.enter_async_context(aiohttp.ClientSession(connector=fresh, cookie_jar=jar))
        database = await edges.enter_async_context(open_database(store, connections=4))
        bank = edges.enter_context(_killed(Killable(Emulator(folder / "bank"), folder / "bank.log")))
        await bank.begin()
        central = Central(folder, store, bank.url, folder / "bank")
        one, other = (
            edges.enter_context(_killed(Killable(central, folder / f"central-{number}.log"))) for number in (1, 2)
        )
        gateway = TurnedGateway()
        street = Street(folder, database, session, gateway, bank, (one, other))
        await asyncio.gather(one.begin(), other.begin())
        await register(database, gateway.id, gateway.public, "huada", "hall", street.now)
        yield street


@contextmanager
def _killed(process: Killable) -> Iterator[Killable]:
    try:
        yield process
    finally:
        process.kill()


def _form(page: Page | None, action: str) -> Form | None:
    found: list[Any] = [] if page is None else [form for form in page.forms if form.action.startswith(action)]
    return found[0] if found else None


def payments(book: list[Transaction]) -> dict[str, int]:
    """Return the fen paid at the bank, by order."""
    return {each.order_id: each.amount for each in book if each.money_moved and each.kind == PAYMENT}
