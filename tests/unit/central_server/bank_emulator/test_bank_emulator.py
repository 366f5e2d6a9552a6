"""The sandbox bank keeps its state over a restart and stays on this machine."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from central_server.bank_emulator.orders import OrderBook
from central_server.banks.port import BankRefused, Movement, Order, OrderId, OrderState, Redirect, Refund
from central_server.banks.registry import BANKS, BankAccount
from central_server.donations import refund_approval
from central_server.settings_bank import BankSettings
from central_server.store.donations import attempts, intents, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.engine.database import Database
from central_server.store.ledger import ledger_lines
from sync_contract.money import Money
from sync_contract.strict_model import Environment, Language
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import RunningBank, running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.unit.central_server.conftest import enrolled

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def at(bank: RunningBank) -> BankAccount:
    return BankAccount(BankSettings(kind="sandbox", url=bank.url), Environment.drill, bank.state)


async def test_a_restarted_bank_still_notifies_what_was_paid_before(
    tmp_path: Path, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with running_bank(tmp_path / "bank", gaps_min=()) as bank, running_central(tmp_path / "c", bank) as central:
        gateway = await enrolled(central, DeliveringGateway(session, central.url))
        parcel = gateway.intent()
        at_bank = await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}"))
        page = await donor.open(at_bank.url)
        form = page.html.split('name="csrf" value="')[1].split('"')[0]
        async with session.post(at_bank.url, data={"csrf": form, "decision": "confirm"}, allow_redirects=False) as paid:
            assert paid.status == 303
            assert paid.headers["Location"].startswith(f"{central.url}/g/")
        async with central.database() as database, running_bank(bank.state, gaps_min=(0.0,)), asyncio.timeout(60):
            state = ""
            while state != "paid":
                await asyncio.sleep(0.05)
                async with database.read() as connection:
                    intent = await intents.get(connection, gateway.id, parcel.id)
                    state = "" if intent is None else intent.state
            async with database.read() as connection:
                history = await intents.history(connection, gateway.id, parcel.id)
    assert history[-1].cause == "notification"


async def test_refunds_are_completed_in_a_drill(
    tmp_path: Path, session: aiohttp.ClientSession, donor: Donor, store_url: str
) -> None:
    async with (
        running_bank(tmp_path / "bank") as bank,
        running_central(tmp_path / "central", bank, store=store_url) as central,
        central.database() as database,
        asyncio.timeout(90),
    ):
        gateway = await enrolled(central, DeliveringGateway(session, central.url))
        parcel = gateway.intent()
        await donor.give(f"{central.url}/t/{gateway.ticket(parcel)}")
        attempt = await paid_attempt(database, gateway.id, parcel.id)
        for minor in (2000, 3000):
            async with database.write() as connection:
                now = datetime.now(UTC)
                asked = await refund_approval.request_refund(
                    connection, attempt.id, minor, "why", bank="sandbox", by="ming", now=now
                )
                await refund_approval.decide_refund(connection, asked.id, approve=True, note="", by="hua", now=now)
            state = ""
            while state != "refunded":
                await asyncio.sleep(0.05)
                async with database.read() as connection:
                    known = await refunds.get(connection, asked.id)
                    state = known.state if known else ""
        async with database.read() as connection:
            lines = await ledger_lines.of_attempts(connection, [attempt.id])
    assert sorted((line.kind, line.signed_minor) for line in lines) == [
        ("paid", 5000),
        ("refund", -3000),
        ("refund", -2000),
    ]


async def paid_attempt(database: Database, gateway: str, intent: str) -> Attempt:
    while True:
        async with database.read() as connection:
            for attempt in await attempts.of_intent(connection, gateway, intent):
                if attempt.paid:
                    return attempt
        await asyncio.sleep(0.05)


async def test_a_known_refund_is_not_another_one(bank: RunningBank, donor: Donor) -> None:
    order = Order(new_id(), NOW, Money(700), "lunch", Language.en, f"{bank.url}/g", f"{bank.url}/n")
    async with BANKS["sandbox"](at(bank)) as sandbox:
        handover = await sandbox.open(order)
        assert isinstance(handover, Redirect)
        await donor.press(await donor.open(handover.url), decision="confirm")
        paid = await sandbox.query(OrderId(order.id, order.at))
        asked = Refund(new_id(), NOW, OrderId(order.id, NOW), paid.evidence, Money(300), order.notify_url)
        await sandbox.refund(asked)
        with pytest.raises(BankRefused):
            await sandbox.refund(replace(asked, amount=Money(200)))
        with pytest.raises(BankRefused):
            await sandbox.refund(replace(asked, id=new_id(), amount=Money(400), whole=True))
        report = await sandbox.query(OrderId(asked.id, NOW, Movement.refund))
        assert (report.state, report.amount) == (OrderState.paid, Money(300))
        assert (await sandbox.query(OrderId(asked.id, NOW))).state is OrderState.unknown, "it is no order"


def test_an_incomplete_last_line_loses_only_its_own_change(tmp_path: Path) -> None:
    from central_server.bank_emulator.orders import Order as StoredOrder

    file = tmp_path / "orders.jsonl"
    book = OrderBook(file)
    for number in range(3):
        book.save(StoredOrder(f"order{number}", 100, "CNY", "午餐", "", "", 0.0))
    file.write_bytes(file.read_bytes()[:-20])
    again = OrderBook(file)
    assert [again.get(f"order{number}") is not None for number in range(3)] == [True, True, False]
    again.save(StoredOrder("order3", 100, "CNY", "午餐", "", "", 0.0))
    assert OrderBook(file).get("order3") is not None


OUTSIDE = (
    "http://bank.example/",
    "http://127.0.0.1.example/",
    "http://127.0.0.1@example.org/",
    "file:///etc",
    "//x",
)


async def test_addresses_outside_this_machine_are_refused(bank: RunningBank) -> None:
    order = Order(new_id(), NOW, Money(100), "lunch", Language.en, f"{bank.url}/g", f"{bank.url}/n")
    async with BANKS["sandbox"](at(bank)) as sandbox:
        for url in OUTSIDE:
            for outside in (replace(order, return_url=url), replace(order, notify_url=url)):
                with pytest.raises(BankRefused):
                    await sandbox.open(outside)


async def test_a_form_without_its_token_pays_nothing(bank: RunningBank, session: aiohttp.ClientSession) -> None:
    order = Order(new_id(), NOW, Money(100), "lunch", Language.en, f"{bank.url}/g", f"{bank.url}/n")
    async with BANKS["sandbox"](at(bank)) as sandbox:
        handover = await sandbox.open(order)
        assert isinstance(handover, Redirect)
        async with session.post(handover.url, data={"csrf": "0" * 64, "decision": "confirm"}) as answer:
            assert answer.status == 403
        assert (await sandbox.query(OrderId(order.id, order.at))).state == "open"


@pytest.mark.parametrize(("language", "words"), [("zh-Hans", "演练"), ("zh-Hant", "演練"), ("en", "DRILL")])
async def test_every_page_shows_that_it_is_a_drill(
    bank: RunningBank, session: aiohttp.ClientSession, language: str, words: str
) -> None:
    page = await Donor(session, language=language).open(f"{bank.url}/pay/{new_id()}")
    assert page.status == 404
    assert f"<span>{words}</span>" in page.html, "the strip"
    assert page.text().count(words) > 1
