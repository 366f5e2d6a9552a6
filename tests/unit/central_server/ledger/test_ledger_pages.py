"""Staff at the ledger and at disbursements: what they see, ask for, decide, lock and take away as a file."""

import io
import re
from datetime import UTC, datetime, timedelta

import aiohttp
import openpyxl  # type: ignore[import-untyped]  # it has no types
import pytest

from central_server.accounts.access import Role
from central_server.accounts.login import set_password
from central_server.staff.ledger.ledger_page import lockable
from central_server.store.ledger import ledger_lines, locked_months
from central_server.store.ledger.locked_months import first_moment, month_of
from sync_contract.permit import OFFICIAL_TIME
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor, Page
from tests.fakes.editor import Editor
from tests.unit.central_server.ledger_world import gave, given

PASSWORD = "correct horse battery"
PDF = b"%PDF-1.7\nan invoice\n%%EOF\n"


def today() -> str:
    return datetime.now(OFFICIAL_TIME).date().isoformat()


def text(page: Page) -> str:
    return " ".join(page.text().split())


async def comes(
    central: RunningCentral,
    session: aiohttp.ClientSession,
    name: str,
    place: str = "huada",
    role: Role = Role.finance,
) -> Editor:
    async with central.database() as database:
        await set_password(database, name, PASSWORD, datetime.now(UTC), place=place, role=role)
    session.cookie_jar.clear()
    donor = Donor(session)
    await donor.press(await donor.open(f"{central.url}/staff/"), name=name, password=PASSWORD)
    return Editor(session, central.url)


@pytest.fixture
async def lin(central: RunningCentral, session: aiohttp.ClientSession) -> Editor:
    """Finance of a community whose project `lunch` holds ¥100."""
    async with central.database() as database:
        await given(database, 4000, 6000)
    return await comes(central, session, "lin")


async def asks(editor: Editor, content: bytes = PDF, name: str = "invoice.pdf", **changed: str) -> Page:
    told = {"amount_yuan": "30", "spent_on": today(), "people": "12", "purpose": "Rice", "payee": "The kitchen"}
    page = await editor.open("/staff/disbursements/new")
    return await editor.send(page, "/new", "voucher", name, content, **(told | changed))


async def test_one_asks_with_a_voucher_and_another_approves(
    central: RunningCentral, session: aiohttp.ClientSession, lin: Editor
) -> None:
    assert "Warm lunches · ¥100" in (await lin.open("/staff/disbursements/new")).text()
    page = await asks(lin)
    assert re.search(r"/staff/disbursements/[0-9a-f]{32}$", page.url), text(page)
    assert "You asked for this one. Somebody else has to decide." in page.text()
    assert "approve" not in page.html
    path = page.url.removeprefix(central.url)
    async with session.get(f"{page.url}/voucher") as answer:
        assert (answer.content_type, await answer.read()) == ("application/pdf", PDF)
        assert answer.headers["Content-Disposition"].startswith("attachment")
    chen = await comes(central, session, "chen")
    page = await chen.open("/staff/")
    assert "A disbursement waits for a second person: ¥30." in page.text()
    page = await chen.save(await chen.open(path), "/approve", note="looked at it")
    assert "approved" in page.text()
    assert "Asked for by lin" in text(page)
    page = await chen.open("/staff/ledger")
    assert "Warm lunches Holds now ¥70" in text(page)
    assert "Spent Rice · people helped: 12 Warm lunches −\N{WORD JOINER}¥30" in text(page)
    page = await chen.save(await chen.open(path), "/correct", amount_yuan="10", purpose="Typed wrongly")
    assert "waits for a second person" in page.text()
    lin = await comes(central, session, "lin")
    await lin.save(await lin.open(page.url.removeprefix(central.url)), "/approve")
    assert "Warm lunches Holds now ¥80" in text(await lin.open("/staff/ledger"))
    async with central.database() as database, database.read() as connection:
        lines = await ledger_lines.of_purse(connection, "huada", "drill", "lunch")
    assert [line.signed_minor for line in lines] == [4000, 6000, -3000, 1000]


@pytest.mark.parametrize(
    ("changed", "content", "words"),
    [
        ({}, b"<html>", "A voucher is needed"),
        ({}, b"", "A voucher is needed"),
        ({}, PDF + b" " * (5 * 1024 * 1024), "A voucher is needed"),
        ({"amount_yuan": "100.01"}, PDF, "balance is too low"),
        ({"amount_yuan": "1.001"}, PDF, "above zero, with at most two decimals"),
        ({"amount_yuan": "-1"}, PDF, "above zero, with at most two decimals"),
        ({"spent_on": "yesterday"}, PDF, "Enter the day"),
        ({"people": "many"}, PDF, "number of people"),
    ],
)
async def test_what_is_amiss_comes_back_with_what_was_typed(
    lin: Editor, changed: dict[str, str], content: bytes, words: str
) -> None:
    page = await asks(lin, content, **changed)
    assert page.status == 422
    assert words in page.text()
    assert 'value="Rice"' in page.html
    assert "None waits." in (await lin.open("/staff/disbursements")).text()


@pytest.mark.parametrize("name", ["invoice", "invoice.png", "invoice.pdf.html"])
async def test_a_voucher_is_called_what_it_is(lin: Editor, name: str) -> None:
    page = await asks(lin, PDF, name)
    assert (page.status, "A voucher is needed" in page.text()) == (422, True)


async def test_the_same_voucher_twice_is_pointed_out(lin: Editor) -> None:
    await asks(lin)
    page = await asks(lin, purpose="Rice again")
    assert "The same file is the voucher of another disbursement:" in page.text()


async def test_neighbours_cannot_ask_for_our_money(
    central: RunningCentral, session: aiohttp.ClientSession, lin: Editor
) -> None:
    async with central.database() as database, database.write() as connection:
        await gave(connection, 50_000, community="neighbours")
    theirs = await comes(central, session, "wu", "neighbours")
    assert "huada" not in (await theirs.open("/staff/disbursements/new")).html
    for purse in ("huada/lunch", "", "nowhere/lunch"):
        assert (await asks(theirs, purse=purse)).status == 404
    viewer = await comes(central, session, "see", role=Role.staff)
    assert (await viewer.open("/staff/disbursements/new")).status == 404


async def test_a_month_is_locked_only_when_it_is_over(
    central: RunningCentral, session: aiohttp.ClientSession, lin: Editor
) -> None:
    now = datetime.now(UTC)
    last = month_of(first_moment(month_of(now)) - timedelta(days=1))
    before = month_of(first_moment(last) - timedelta(days=1))
    page = await lin.open(f"/staff/ledger?month={month_of(now)}")
    assert "/staff/ledger/lock" not in page.html
    donor, days = Donor(session), {today()}
    page = await donor.press(await lin.open(f"/staff/ledger?month={before}"))
    days.add(today())  # midnight may have been in between
    assert any(f"The books of this month were closed by lin, {day}" in page.text() for day in days)
    async with central.database() as database, database.read() as connection:
        locked = await locked_months.of_community(connection, "huada", "drill")
    assert [each.month for each in locked] == [before]
    page = await asks(lin, spent_on=f"{before}-15")
    assert "The books of that month are closed" in page.text()


def test_a_day_passes_before_a_month_can_be_locked() -> None:
    assert not lockable("2026-10", datetime(2026, 11, 1, 15, 59, tzinfo=UTC))
    assert lockable("2026-10", datetime(2026, 11, 1, 16, 0, tzinfo=UTC))


async def test_the_journal_is_taken_away_as_a_file(session: aiohttp.ClientSession, lin: Editor) -> None:
    page = await lin.open("/staff/ledger?lang=zh-Hant&month=2026-11")
    links = re.findall(r'href="(/staff/ledger/export[^"]*)"', page.html)
    found = []
    for link in links:
        url = page.url.partition("/staff")[0] + link.replace("&amp;", "&")
        async with session.get(url) as answer:
            assert answer.status == 200
            found.append(await answer.read())
    rows = found[0].decode("utf-8-sig").splitlines()
    assert rows[0].startswith("序號,")
    assert len(rows) == 3
    assert ",一筆捐款,40.00," in rows[1] or ",捐款,40.00," in rows[1]
    sheet = openpyxl.load_workbook(io.BytesIO(found[1])).active
    assert [row[5] for row in sheet.iter_rows(values_only=True)][1:] == [40, 60]
