"""Gifts by bank transfer and cheque at the running server: entered by one, confirmed by another, reversed by two."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import aiohttp

from central_server.store.accounts import accounts, audit_trail
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.ledger import disbursements, ledger_lines, purses
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.fakes.editor import Editor
from tests.unit.central_server.ledger.test_ledger_pages import log_in_as, text, today
from tests.unit.central_server.ledger_world import given

NEW = "/staff/remittances/new"
ADVICE = b"%PDF-1.7\nthe bank's advice\n%%EOF\n"
UNIT = "泉州第一食品厂"
PURSE = ("huada", "drill", "lunch")
ENTRY = {
    "project": "huada/lunch",
    "kind": "transfer",
    "amount_yuan": "１２，000.50元",
    "number": "2026 1201-88ab",
    "name": UNIT,
    "tax_id": "91350500MA2XXXXX1A",
    "receipt": "yes",
    "email": "office@example.org",
}


async def enter(editor: Editor, content: bytes = ADVICE, **changed: str) -> Page:
    page = await editor.open(NEW)
    return await editor.send(
        page, "/new", "voucher", "advice.pdf", content, **(ENTRY | {"received_on": today()} | changed)
    )


async def balance(connection: Connection) -> int:
    return (await purses.get(connection, PURSE)).balance_minor


async def test_a_transfer_counts_once_when_a_second_independent_person_confirms_it(
    central: RunningCentral, session: aiohttp.ClientSession, gateway: DeliveringGateway
) -> None:
    lin = await log_in_as(central, session, "lin")
    await _faults_are_named(lin)
    page = await enter(lin)
    assert re.search(r"/staff/remittances/[0-9a-f]{32}$", page.url), text(page)
    path = page.url.removeprefix(central.url)
    await _is_not_confirmed_by_its_author(session, page)
    again = await enter(lin, number="２０２６1201-88AB", amount_yuan="7")
    assert (again.status, "Each payment counts once" in again.text(), path in again.html) == (422, True, True)
    async with central.database() as database:
        chen = await log_in_as(central, session, "chen")
        await _confirmed_by_another(central, database, chen, path)
        await _is_on_slip_and_pages(central, database, chen, path)
        for file in central.state.rglob("*.db*"):
            assert UNIT.encode() not in file.read_bytes()
        await _is_published_with_others(database, chen)
        await _is_hidden_from_neighbours(central, session, database, path)
        chen = await log_in_as(central, session, "chen")
        await _returned_by_two(central, session, chen, await chen.open(path))
        async with database.read() as connection:
            assert await balance(connection) == 4000
            kinds = [each.kind for each in await ledger_lines.of_purse(connection, *PURSE)]
        assert [kind for kind in kinds if kind != "paid"] == ["transfer", "refund"], "a correction, never a deletion"
    lin = await log_in_as(central, session, "lin")
    again = await enter(lin, kind="cheque", receipt="", email="", tax_id="")
    assert again.status == 200, "the number of a returned payment is free"
    withdrawn = await lin.save(again, "/decline")
    assert "declined" in withdrawn.text()
    assert (await enter(lin, receipt="", email="", tax_id="")).status == 200


async def _faults_are_named(lin: Editor) -> None:
    tomorrow = (datetime.now(OFFICIAL_TIME) + timedelta(days=1)).date().isoformat()
    faulty = await enter(lin, amount_yuan="0", received_on=tomorrow, number="-", email="", kind="cash")
    assert faulty.status == 422
    for words in ("above zero", "not in the future", "4 to 64 letters", "For a receipt", "transfer or cheque"):
        assert words in faulty.text()
    assert UNIT in faulty.html, "nothing typed is lost"
    assert "PDF, PNG or JPEG" in text(await enter(lin, b"no advice"))


async def _is_not_confirmed_by_its_author(session: aiohttp.ClientSession, page: Page) -> None:
    assert "Someone else must confirm it" in page.text()
    assert "/confirm" not in page.html
    own = await Donor(session).send(f"{page.url}/confirm", {"csrf": csrf_of(page)})
    assert (own.status, "You entered this gift" in own.text()) == (422, True)


def csrf_of(page: Page) -> str:
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
    assert csrf is not None
    return csrf[1]


async def _confirmed_by_another(central: RunningCentral, database: Database, chen: Editor, path: str) -> None:
    """Not while lin made chen's login."""
    async with database.write() as connection:
        assert await balance(connection) == 0, "registered is not paid"
        await accounts.record_reset(connection, "chen", "lin")
    assert "12,000.50" in (await chen.open("/staff/")).text()
    page = await chen.open(path)
    assert UNIT in page.text()
    assert "One person made, reset" in (await chen.save(page, "/confirm")).text()
    async with database.write() as connection:
        await accounts.record_reset(connection, "chen", "")
    async with chen.session.get(f"{central.url}{path}/voucher") as answer:
        assert await answer.read() == ADVICE
    page = await chen.save(await chen.open(path), "/confirm", note="compared")
    assert UNIT not in page.html
    async with database.read() as connection:
        assert await balance(connection) == 1_200_050
        now = datetime.now(UTC)
        assert await disbursements.reserved(connection, PURSE, now, 100, undecided=True) == 0, "no fee is expected"
        trail = [entry.action.name for _, entry in await audit_trail.page(connection, [TOP])]
    assert {"remittance.enter", "remittance.confirm"} <= set(trail)


async def _is_on_slip_and_pages(central: RunningCentral, database: Database, chen: Editor, path: str) -> None:
    async with database.read() as connection:
        (line,) = await ledger_lines.of_purse(connection, *PURSE)
    assert (line.kind, line.outside_permit, line.slip is not None) == ("transfer", False, True)
    pdf = re.search(r'href="(/g/[^"]+/slip\.pdf)"', (await chen.open(path)).html)
    assert pdf is not None
    async with chen.session.get(central.url + pdf[1]) as answer:
        assert (answer.status, answer.content_type) == (200, "application/pdf")
    slip = (await chen.open(f"/v/{line.secret}?lang=en")).text()
    assert "The bank confirmed it" in slip
    assert "bank's file" not in slip, "no file will contain it"
    assert str(line.slip) in (await chen.open("/staff/receipts")).text()
    assert "Gift by bank transfer" in (await chen.open("/staff/ledger?place=huada")).text()


async def _is_published_with_others(database: Database, chen: Editor) -> None:
    await given(database, *[1000] * 4)
    board = await chen.open("/board/huada")
    while "12,040.50" not in board.text():
        assert board.status == 200
        await asyncio.sleep(0.05)
        board = await chen.open("/board/huada")
    assert "are in no file of the bank" in board.text()
    assert "of it by bank transfer" not in board.text(), "the difference would be one gift"


async def _is_hidden_from_neighbours(
    central: RunningCentral, session: aiohttp.ClientSession, database: Database, path: str
) -> None:
    async with database.write() as connection:
        names = Texts.model_validate(dict.fromkeys(("zh-Hans", "zh-Hant", "en"), "Neighbours"))
        await places.plant(connection, Place("next", PlaceKind.community, TOP, names), datetime.now(UTC))
    neighbour = await log_in_as(central, session, "wang", "next")
    assert (await neighbour.open(path)).status == 404
    entry = {"received_on": today(), "number": "8888", "csrf": csrf_of(await neighbour.open(NEW))}
    form = aiohttp.FormData(ENTRY | entry)
    form.add_field("voucher", ADVICE, filename="advice.pdf")
    async with session.post(central.url + NEW, data=form) as answer:
        assert answer.status == 404


async def _returned_by_two(central: RunningCentral, session: aiohttp.ClientSession, chen: Editor, page: Page) -> None:
    """The cheque was returned: chen requests that the gift is taken back, and lin approves."""
    link = re.search(r'href="(/staff/gifts/[0-9a-f]{16}/[0-9a-f]{32})"', page.html)
    assert link is not None
    gift = await chen.open(link[1])
    assert UNIT not in gift.html
    assert "no money is sent from here" in gift.text()
    asked = await chen.save(gift, "/refund", yuan="12000.50", reason="returned unpaid")
    assert "Requested." in asked.text()
    lin = await log_in_as(central, session, "lin")
    await lin.save(await lin.open("/staff/refunds"), "/approve", note="seen on the statement")
    assert "refunded" in (await lin.open(link[1])).text()
