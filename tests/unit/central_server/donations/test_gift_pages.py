"""The staff pages of gifts and refunds."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no types
from sqlalchemy import select

from central_server.accounts.access import Role
from central_server.banks.port import OrderReport, OrderState
from central_server.staff.donations.gift_page import GiftPage
from central_server.staff.donations.gifts_page import GiftsPage
from central_server.staff.donations.refunds_page import RefundsPage
from central_server.store.accounts import audit_trail
from central_server.store.donations import attempts, intents
from central_server.store.donations.attempts import Attempt
from central_server.store.engine import tables
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from sync_contract.strict_model import Environment
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donation_services import MemoryBankServices, furnish
from tests.fakes.donor import Page
from tests.fakes.money_bank import MoneyBank
from tests.unit.central_server.staff_desk import NOW, Browser, RunningDesk, account, running_desk


@dataclass
class Office:
    desk: RunningDesk
    house: MemoryBankServices
    bank: MoneyBank
    gateway: DeliveringGateway
    ming: Browser
    hua: Browser

    def path(self, attempt: Attempt) -> str:
        return f"/staff/gifts/{attempt.gateway}/{attempt.intent}"

    async def ask(self, attempt: Attempt, yuan: str, reason: str = "wrong project") -> Page:
        await self.ming.open(self.path(attempt))
        return await self.ming.send(f"{self.path(attempt)}/refund", attempt=attempt.id, yuan=yuan, reason=reason)


@pytest.fixture
async def office(tmp_path: Path, database: Database) -> AsyncIterator[Office]:
    bank, gateway = MoneyBank(), DeliveringGateway()
    await furnish(database, tmp_path, gateway, NOW)
    for name in ("ming", "hua"):
        await account(database, name, "huada", Role.finance)
    drill = Environment.drill
    async with running_desk(
        database,
        more=lambda desk: [
            *GiftsPage(desk, drill).routes(),
            *GiftPage(desk, drill, bank.name).routes(),
            *RefundsPage(desk, drill).routes(),
        ],
    ) as desk:
        ming, hua = Browser(desk), Browser(desk, address="203.0.113.2")
        await ming.log_in("ming")
        await hua.log_in("hua")
        yield Office(desk, MemoryBankServices(database, bank), bank, gateway, ming, hua)


HOSTILE = tuple(
    (typed, 0) for typed in ("¥" + "9" * 30, "a\0b", "\ud800", "9" * 120, "2199-12-31", "9999-12-31 0001-01-01")
)
"""Searches that a database or a calendar could refuse."""


def plain(page: Page) -> str:
    return " ".join(page.text().split())


async def test_a_refund_is_requested_on_one_page_and_approved_on_another(office: Office) -> None:
    gift = await office.house.paid_gift(office.gateway, NOW)
    listed = await office.ming.open("/staff/gifts")
    assert office.path(gift) in listed.html
    assert "¥50" in plain(listed)
    page_ = await office.ask(gift, "12.50")
    assert "Another person with the money right must approve it now." in plain(page_)
    own = await office.ming.open("/staff/refunds")
    assert "You requested this one. Someone else must decide." in plain(own)
    assert "Approve" not in plain(own)
    await office.hua.open("/staff/refunds")
    approve = re.search(r'action="(/staff/refunds/[0-9a-f]{32}/approve)"', office.hua.page.html)
    assert approve is not None
    cheated = await office.ming.forge(approve[1])
    assert "The person who requested it cannot decide." in plain(cheated)
    assert office.bank.refunds == {}
    decided = await office.hua.send(approve[1], note="seen")
    assert "Decided." in plain(decided)
    again = await office.hua.forge(approve[1])
    assert "It has been decided or closed in the meantime." in plain(again)
    await office.house.refund_sender.process_due(NOW)
    ((id_, refund_),) = office.bank.refunds.items()
    assert refund_.refund.amount.minor == 1250
    await office.house.settlement.record_notification(office.bank.finish(id_), NOW)
    shown = plain(await office.hua.open(office.path(gift)))
    for words in ("paid and refunded", "Refunded · −¥12.50", "Up to ¥37.50 can be refunded.", "decided by hua"):
        assert words in shown, words
    async with office.desk.database.read() as connection:
        lines = [line for _, line in await audit_trail.page(connection, [TOP])]
    actions = [(line.action.name, line.account) for line in lines if line.action.name.startswith("refund.")]
    assert actions == [
        ("refund.refuse", "hua"),
        ("refund.approve", "hua"),
        ("refund.refuse", "ming"),
        ("refund.ask", "ming"),
    ]


async def test_the_page_explains_why_a_refund_is_impossible(office: Office) -> None:
    gift = await office.house.paid_gift(office.gateway, NOW)
    for yuan, words in (
        ("50.01", "That is more than is left of this payment."),
        ("0", "Write the amount in yuan"),
        ("-1", "Write the amount in yuan"),
        ("1.005", "Write the amount in yuan"),
    ):
        assert words in plain(await office.ask(gift, yuan)), yuan
    assert "Please give the reason" in plain(await office.ask(gift, "1", " "))
    late = office.gateway.intent()
    await office.house.press(office.gateway.ticket(late, issued_at=NOW), NOW)
    (attempt,) = await office.house.tried(office.gateway.id, late.id)
    await office.house.settlement.record_report(OrderReport(attempt.id, OrderState.expired, None, "over"), NOW)
    await office.house.settlement.record_notification(office.bank.pay(attempt.id), NOW)
    page = plain(await office.ming.open(office.path(attempt)))
    assert "the bank may refund it on its own" in page
    assert "It can be refunded here from 2026-12-10 16:00:00." in page
    assert "Request the refund" not in page
    office.desk.later(days=16)
    await office.ming.log_in("ming")
    assert "Request the refund" in plain(await office.ming.open(office.path(attempt)))


async def test_one_search_box_finds_a_gift_by_each_of_its_numbers(office: Office) -> None:
    gift = await office.house.paid_gift(office.gateway, NOW)
    for number in range(3):
        parcel = office.gateway.intent(amount_minor=1000 + number)
        await office.house.press(office.gateway.ticket(parcel, issued_at=NOW), NOW - timedelta(days=1))
    async with office.house.database.read() as connection:
        intent = await intents.get(connection, gift.gateway, gift.intent)
        paid = await attempts.get(connection, gift.id)
    assert intent is not None
    assert paid is not None
    slip = intent.slip
    assert len(slip) == 9
    assert 'action="/staff/gifts"' in (await office.ming.open("/staff/refunds")).html, "the box is on every page"
    exact = (
        slip,
        slip.lower(),
        slip.replace("-", ""),
        f" {slip} ",
        gift.id,
        gift.intent,
        paid.evidence,
        "¥50",
        "50.00",
    )
    for typed in (*exact, f"５０元 {NOW:%F}", f"50 {NOW:%F}", f"hall {slip}"):
        found = await office.ming.open(f"/staff/gifts?{urlencode({'q': typed})}")
        assert f"{office.path(gift)}/refund" in found.html, typed
    for typed, count in (
        ("hall", 4),
        (f"{NOW:%F}", 1),
        ("10.02 hall", 1),
        ("", 4),
        ("¥7", 0),
        ("%", 0),
        ("' or 1=1", 0),
        *HOSTILE,
    ):
        listed = await office.ming.open(
            f"/staff/gifts?{urlencode({'q': typed, 'project': 'lunch'}, errors='surrogatepass')}"
        )
        assert (listed.status, listed.html.count('<td class="money">')) == (200, count), typed


async def test_the_list_is_filtered_paged_and_exported(office: Office) -> None:
    for number in range(55):
        parcel = office.gateway.intent(amount_minor=1000 + number)
        await office.house.press(office.gateway.ticket(parcel, issued_at=NOW), NOW - timedelta(minutes=number))
    gift = await office.house.paid_gift(office.gateway, NOW - timedelta(days=2))
    first = await office.ming.open("/staff/gifts")
    assert first.html.count('<td class="money">') == 50
    older = re.search(r'href="(/staff/gifts\?before=[^"]+)"', first.html)
    assert older is not None
    second = await office.ming.open(older[1])
    assert second.html.count('<td class="money">') == 6
    assert office.path(gift) in second.html
    for query, count in (
        ("state=paid", 1),
        ("state=handed_off", 50),
        ("state=nonsense", 50),
        ("odd=any", 0),
        ("project=lunch&state=paid", 1),
        ("project=ended", 0),
        (f"gateway={office.gateway.id}&state=paid", 1),
        ("since=2026-11-22&until=2026-11-22", 1),
        ("since=x&before=x", 50),
    ):
        found = await office.ming.open(f"/staff/gifts?{query}")
        assert found.html.count('<td class="money">') == count, query
    sheet = await office.ming.open("/staff/gifts.csv?state=paid")
    rows = sheet.html.lstrip("\ufeff").splitlines()
    assert len(rows) == 2
    assert rows[1].startswith("2026-11-22 16:00:00,drill,huada,")
    assert ",50.00,CNY,paid,50.00,0.00," in rows[1]


async def test_unusual_gifts_are_found_by_their_oddity(office: Office) -> None:
    parcel = office.gateway.intent()
    await office.house.press(office.gateway.ticket(parcel, issued_at=NOW), NOW)
    (first,) = await office.house.tried(office.gateway.id, parcel.id)
    office.bank.end_order(first.id, OrderState.expired)
    await office.house.press(office.gateway.ticket(parcel, issued_at=NOW), NOW)
    second = (await office.house.tried(office.gateway.id, parcel.id))[1]
    await office.house.settlement.record_notification(office.bank.pay(second.id, flawed=True), NOW)
    await office.house.settlement.record_notification(office.bank.pay(first.id), NOW)
    ordinary = await office.house.paid_gift(office.gateway, NOW)
    for odd in ("any", "surplus", "late", "flawed"):
        page = await office.ming.open(f"/staff/gifts?odd={odd}")
        assert office.path(first) in page.html, odd
        assert office.path(ordinary) not in page.html, odd
    for odd in ("outside_permit", "refund"):
        assert "No gift matches this filter." in plain(await office.ming.open(f"/staff/gifts?odd={odd}"))
    shown = plain(await office.ming.open(office.path(first)))
    assert "Paid twice: refund the second payment" in shown
    assert "The bank reports it as paid, but with a fault." in shown
    await office.ask(ordinary, "1")
    assert office.path(ordinary) in (await office.ming.open("/staff/gifts?odd=refund")).html


async def test_gifts_are_hidden_without_the_right_to_money(office: Office) -> None:
    gift = await office.house.paid_gift(office.gateway, NOW)
    await account(office.desk.database, "clerk", "huada", Role.staff)
    clerk = Browser(office.desk, address="203.0.113.3")
    await clerk.log_in("clerk")
    for path in ("/staff/gifts", "/staff/gifts.csv", "/staff/refunds", office.path(gift)):
        assert (await clerk.open(path)).status == 404


async def test_a_spreadsheet_contains_each_gift_once_with_numbers(office: Office) -> None:
    """More gifts than are read at once, several of them of the same second."""
    await office.house.paid_gift(office.gateway, NOW)
    async with office.house.database.write() as connection:
        (first,) = (await connection.execute(select(tables.intents))).mappings()
        times = [first["first_seen_at"] - timedelta(seconds=number // 3) for number in range(450)]
        copies = [dict(first) | {"id": f"{number:032x}", "first_seen_at": at} for number, at in enumerate(times)]
        await connection.execute(tables.intents.insert(), copies)
    cookies = "; ".join(f"{name}={value}" for name, value in office.ming.cookies.items())
    async with aiohttp.ClientSession() as session:
        url = f"{office.desk.url}/staff/gifts.xlsx"
        async with session.get(url, headers={"Cookie": cookies}) as answer:
            content = await answer.read()
    rows = list(load_workbook(BytesIO(content)).active.iter_rows(values_only=True))
    assert len({row[-1] for row in rows[1:]}) == len(rows) - 1 == 451
    assert rows[1][4] == 50
