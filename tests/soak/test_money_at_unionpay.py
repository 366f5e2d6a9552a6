"""Money at the emulated UnionPay, through the real adapter: what its own book holds and what our ledger counts is one.

Two processes on one database; donors who pay, give up or come back; notifications that are lost, doubled and late;
refunds; a file for each day. SOAK_UNIONPAY sets how many histories there are (default 6); each prints its seed, and
SOAK_SEED has one of them again.
"""

import asyncio
import contextlib
import os
import random
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import pytest
from aiohttp import web
from multidict import CIMultiDict

from central_server.bank_emulator.unionpay.authority import open_authority
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID
from central_server.bank_emulator.unionpay.transactions import TransactionBook
from central_server.banks.port import BankUnavailable, Form, NoStatement
from central_server.banks.unionpay.gateway import Addresses, UnionPay, open_unionpay
from central_server.banks.unionpay.requests import Merchant
from central_server.donations import refund_approval
from central_server.donations.open_attempt import SentToBank
from central_server.donations.refund_approval import RefundNotPossible
from central_server.donations.settlement import PaymentRefused
from central_server.reconciliation.statement_import import Reconciler
from central_server.store.donations import refunds
from central_server.store.engine.database import open_database
from central_server.store.ledger import ledger_lines
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment
from tests.fakes.central_process import RunningBank, running_bank
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Page
from tests.fakes.money_house import House, furnish

HISTORIES = int(os.environ.get("SOAK_UNIONPAY", "6"))
FAULTS = (
    "notify-lost",
    "duplicate-notify",
    "query-03-04-00",
    "a6",
    "ebank-late",
    "refund-fails",
    "notify-after-timeout",
)


@dataclass
class Street:
    """The bank, two processes, and the donors between them. `heard`: what the bank sent us, as it came."""

    bank: RunningBank
    session: aiohttp.ClientSession
    dice: random.Random
    edges: AsyncExitStack
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    heard: list[tuple[CIMultiDict[str], bytes]] = field(default_factory=list)
    houses: list[House[UnionPay]] = field(default_factory=list)
    tickets: list[tuple[str, str]] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    filed: int = 0

    @property
    def house(self) -> House[UnionPay]:
        return self.dice.choice(self.houses)

    async def turn(self, seconds: float) -> None:
        async with self.session.post(f"{self.bank.url}/control/clock", json={"advance_s": seconds}) as answer:
            self.now = datetime.fromisoformat((await answer.json())["now"])

    async def switch(self, *faults: str, scope: str) -> None:
        asked = {"faults": list(faults), "scope": scope}
        async with self.session.post(f"{self.bank.url}/control/faults", json=asked) as answer:
            assert answer.status == 200, await answer.text()

    async def press(self, gateway: DeliveringGateway) -> None:
        """A donor with a new ticket, or one who comes back with an old one."""
        if not self.tickets or self.dice.random() < 0.6:
            parcel = gateway.intent(amount_minor=self.dice.randint(100, 90_000))
            self.tickets.append((gateway.ticket(parcel), parcel.id))
        ticket, _ = self.dice.choice(self.tickets)
        with contextlib.suppress(BankUnavailable):
            went = await self.house.press(ticket, self.now)
            if isinstance(went, SentToBank):
                assert isinstance(went.handover, Form)
                form, browser = went.handover, {"Accept-Language": "en", "Sec-Fetch-Site": "cross-site"}
                async with self.session.post(form.action, data=dict(form.fields), headers=browser) as answer:
                    assert answer.status == 200, await answer.text()
                    self.pages.append(Page(200, str(answer.url), await answer.text()))

    async def decide(self) -> None:
        if not self.pages:
            return
        page = self.pages.pop(self.dice.randrange(len(self.pages)))
        tag, inside = re.findall(r"<form([^>]*)>(.*?)</form>", page.html, re.S)[-1]
        action = re.search(r'action="([^"]*)"', tag)
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', inside))
        decision = self.dice.choice(["confirm", "confirm", "confirm", "fail", "close"])
        url = urljoin(page.url, unescape(action[1]) if action else "")
        async with self.session.post(url, data=hidden | {"decision": decision}) as answer:
            await answer.read()

    async def notify(self) -> None:
        """One of all that ever came, to one or both: late, again, out of order."""
        if not self.heard:
            return
        headers, body = self.dice.choice(self.heard)
        for house in self.houses if self.dice.random() < 0.3 else [self.house]:
            notification = house.bank.verify(headers, body)
            with contextlib.suppress(PaymentRefused):  # a payment that is known to be no order of ours
                await house.settlement.record_notification(notification, self.now)

    async def ask(self) -> None:
        asked = [house.queries.query_due(self.now) for house in self.houses]
        _only_silence(await asyncio.gather(*asked, return_exceptions=True))

    async def see_to_refunds(self) -> None:
        due = [house.refund_sender.process_due(self.now) for house in self.houses]
        _only_silence(await asyncio.gather(*due, return_exceptions=True))

    async def give_back(self, gateway: DeliveringGateway) -> None:
        if not self.tickets:
            return
        house = self.house
        for attempt in await house.tried(gateway.id, self.dice.choice(self.tickets)[1]):
            minor = self.dice.choice([attempt.amount_minor, max(1, attempt.amount_minor // 3)])
            with contextlib.suppress(RefundNotPossible):
                async with house.database.write() as connection:
                    made = await refund_approval.request_refund(
                        connection, attempt.id, minor, "why", bank=house.bank.name, by="ming", now=self.now
                    )
                    if self.dice.random() < 0.8:
                        await refund_approval.decide_refund(
                            connection, made.id, approve=self.dice.random() < 0.9, note="", by="hua", now=self.now
                        )

    async def file(self) -> None:
        """The bank's file of the day before."""
        day = (self.now.astimezone(OFFICIAL_TIME) - timedelta(days=1)).date()
        house = self.house
        with contextlib.suppress(NoStatement, BankUnavailable):
            statement = await house.bank.statement(day)
            await Reconciler(house.database, house.bank.name, "drill", house.changed).import_statement(
                statement, self.now, cause="job"
            )
            self.filed += 1


@pytest.mark.parametrize("_history", range(HISTORIES))
async def test_what_the_bank_holds_is_what_we_count(_history: int, tmp_path: Path, store_url: str) -> None:
    seed = int(os.environ.get("SOAK_SEED", random.randrange(10**6)))
    print(f"SOAK_SEED={seed}")
    open_authority(tmp_path / "bank")
    async with (
        running_bank(tmp_path / "bank", kind="unionpay", gaps_min=(0.0, 1.0, 2.0, 4.0)) as bank,
        _street(bank, random.Random(seed), store_url) as street,
    ):
        gateway = DeliveringGateway()
        await street.turn(0)
        await furnish(street.houses[0].database, tmp_path, gateway, street.now)
        for _ in range(150):
            match street.dice.randrange(12):
                case 0 | 1 | 2:
                    await street.press(gateway)
                case 3 | 4 | 5:
                    await street.decide()
                case 6 | 7:
                    await street.notify()
                case 8:
                    await street.ask()
                case 9:
                    await street.give_back(gateway)
                case 10:
                    await street.see_to_refunds()
                case _:
                    await street.turn(street.dice.choice([60, 300, 1200, 7200, 86_400]))
                    if street.dice.random() < 0.5:
                        await street.switch(street.dice.choice(FAULTS), scope="next")
                    await street.file()
        await _the_noise_is_over(street)
        await _one_and_the_same(street, tmp_path / "bank" / "transactions.jsonl", gateway)


async def _the_noise_is_over(street: Street) -> None:
    await street.switch(scope="all")
    await street.switch(scope="next")
    for _ in range(14):
        await street.turn(86_400)
        for _ in range(3):
            await street.ask()
            await street.see_to_refunds()
        await street.file()


async def _one_and_the_same(street: Street, journal: Path, gateway: DeliveringGateway) -> None:
    moved = [each for each in TransactionBook(journal) if each.money_moved]
    came = {each.order_id: each.amount for each in moved if each.kind == "01"}
    went = {each.order_id: each.amount for each in moved if each.kind != "01"}
    database = street.houses[0].database
    async with database.read() as connection:
        lines = [
            line
            for line in await ledger_lines.of_purse(connection, "huada", "drill", "lunch")
            if line.kind in ("paid", "surplus", "refund")
        ]
        found = await refunds.page(connection, ["huada"], "drill", waiting=False, limit=1000)
    counted = {line.attempt: line.amount_minor for line in lines if line.kind != "refund"}
    given = sum(line.amount_minor for line in lines if line.kind == "refund")
    print(f"{len(came)} payments, {len(went)} refunds, {street.filed} files, {len(street.heard)} notifications")
    assert counted == came
    assert given == sum(went.values())
    assert sum(line.signed_minor for line in lines) == sum(came.values()) - sum(went.values())
    assert {each.state for each in found} <= {"requested", "declined", "refunded", "refused"}
    paid = [line.intent for line in lines if line.kind == "paid"]
    assert len(set(paid)) == len(paid)


@asynccontextmanager
async def _street(bank: RunningBank, dice: random.Random, url: str) -> AsyncIterator[Street]:
    async with AsyncExitStack() as edges:
        session = await edges.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
        street = Street(bank, session, dice, edges)

        async def hear(request: web.Request) -> web.Response:
            street.heard.append((CIMultiDict(request.headers), await request.read()))
            return web.Response(status=dice.choice([200, 200, 500]))

        app = web.Application()
        app.add_routes([web.post("/back", hear)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        edges.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ours = f"http://127.0.0.1:{runner.addresses[0][1]}/back"
        for _ in range(2):
            database = await edges.enter_async_context(open_database(url, connections=4))
            adapter = await edges.enter_async_context(
                open_unionpay(
                    Addresses(bank.url, f"{bank.url}/file/"),
                    Merchant(MERCHANT_ID),
                    bank.credentials,
                    Environment.drill,
                    lambda: street.now,
                )
            )
            street.houses.append(House(database, adapter, notify_url=ours))
        yield street


def _only_silence(done: list[int | BaseException]) -> None:
    for each in done:
        if isinstance(each, BaseException) and not isinstance(each, BankUnavailable):
            raise each
