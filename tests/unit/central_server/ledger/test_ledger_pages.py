"""The staff pages of the ledger and of disbursements."""

import io
import re
from datetime import UTC, datetime, timedelta

import aiohttp
import openpyxl  # type: ignore[import-untyped]  # it has no types
import pytest

from central_server.accounts.access import Role
from central_server.staff.ledger.ledger_page import lockable
from central_server.store.ledger import ledger_lines, locked_months
from central_server.store.ledger.locked_months import first_moment, month_of
from sync_contract.permit import OFFICIAL_TIME
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor, Page
from tests.fakes.editor import Editor
from tests.fakes.staff_account import set_password
from tests.unit.central_server.ledger_world import gave, given

PASSWORD = "correct horse battery"
PDF = b"%PDF-1.7\nan invoice\n%%EOF\n"


def today() -> str:
    return datetime.now(OFFICIAL_TIME).date().isoformat()


def text(page: Page) -> str:
    return " ".join(page.text().split())


async def log_in_as(
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
    """Finance staff of a community whose project `lunch` has ¥100."""
    async with central.database() as database:
        await given(database, 4000, 6000)
    return await log_in_as(central, session, "lin")


async def request_disbursement(editor: Editor, content: bytes = PDF, name: str = "invoice.pdf", **changed: str) -> Page:
    fields = {"amount_yuan": "30", "spent_on": today(), "people": "12", "purpose": "Rice", "payee": "The kitchen"}
    page = await editor.open("/staff/disbursements/new")
    return await editor.send(page, "/new", "voucher", name, content, **(fields | changed))


async def test_a_disbursement_is_requested_with_a_voucher_and_approved(
    central: RunningCentral, session: aiohttp.ClientSession, lin: Editor
) -> None:
    assert "Warm lunches · ¥100" in (await lin.open("/staff/disbursements/new")).text()
    page = await request_disbursement(lin)
    assert re.search(r"/staff/disbursements/[0-9a-f]{32}$", page.url), text(page)
    assert "You requested this one. Someone else must decide." in page.text()
    assert "approve" not in page.html
    path = page.url.removeprefix(central.url)
    async with session.get(f"{page.url}/voucher") as answer:
        assert (answer.content_type, await answer.read()) == ("application/pdf", PDF)
        assert answer.headers["Content-Disposition"].startswith("attachment")
    chen = await log_in_as(central, session, "chen")
    page = await chen.open("/staff/")
    assert "A disbursement is waiting for a second person: ¥30." in page.text()
    page = await chen.save(await chen.open(path), "/approve", note="looked at it")
    assert "approved" in page.text()
    assert "Requested by lin" in text(page)
    page = await chen.open("/staff/ledger")
    assert "Warm lunches Balance now ¥70" in text(page)
    assert "Spent Rice · people helped: 10 Warm lunches −\N{WORD JOINER}¥30" in text(page)
    page = await chen.save(await chen.open(path), "/correct", amount_yuan="10", purpose="Typed wrongly")
    assert "waiting for a second person" in page.text()
    lin = await log_in_as(central, session, "lin")
    await lin.save(await lin.open(page.url.removeprefix(central.url)), "/approve")
    assert "Warm lunches Balance now ¥80" in text(await lin.open("/staff/ledger"))
    async with central.database() as database, database.read() as connection:
        lines = await ledger_lines.of_purse(connection, "huada", "drill", "lunch")
    assert [line.signed_minor for line in lines] == [4000, 6000, -3000, 1000]


INVALID_FORMS: list[tuple[dict[str, str], bytes, str]] = [
    ({}, b"<html>", "A voucher is needed"),
    ({}, b"", "A voucher is needed"),
    ({}, PDF + b" " * (5 * 1024 * 1024), "A voucher is needed"),
    ({"amount_yuan": "100.01"}, PDF, "balance is too low"),
    ({"amount_yuan": "1.001"}, PDF, "above zero, with at most two decimals"),
    ({"amount_yuan": "-1"}, PDF, "above zero, with at most two decimals"),
    ({"spent_on": "yesterday"}, PDF, "Enter the day"),
    ({"people": "many"}, PDF, "number of people"),
]


async def test_an_invalid_form_is_returned_with_its_values(lin: Editor) -> None:
    for changed, content, words in INVALID_FORMS:
        page = await request_disbursement(lin, content, **changed)
        assert page.status == 422, (changed, content[:20])
        assert words in page.text(), (changed, content[:20])
        assert 'value="Rice"' in page.html
    assert "None waiting." in (await lin.open("/staff/disbursements")).text()


async def test_a_vouchers_name_must_match_its_type(lin: Editor) -> None:
    for name in ("invoice", "invoice.png", "invoice.pdf.html"):
        page = await request_disbursement(lin, PDF, name)
        assert (page.status, "A voucher is needed" in page.text()) == (422, True), name


async def test_a_repeated_voucher_is_pointed_out(lin: Editor) -> None:
    await request_disbursement(lin)
    page = await request_disbursement(lin, purpose="Rice again")
    assert "The same file is the voucher of another disbursement:" in page.text()


async def test_another_community_cannot_request_our_money(
    central: RunningCentral, session: aiohttp.ClientSession, lin: Editor
) -> None:
    async with central.database() as database, database.write() as connection:
        await gave(connection, 50_000, community="neighbours")
    theirs = await log_in_as(central, session, "wu", "neighbours")
    assert "huada" not in (await theirs.open("/staff/disbursements/new")).html
    for purse in ("huada/lunch", "", "nowhere/lunch"):
        assert (await request_disbursement(theirs, purse=purse)).status == 404
    viewer = await log_in_as(central, session, "see", role=Role.staff)
    assert (await viewer.open("/staff/disbursements/new")).status == 404


async def test_only_a_past_month_can_be_locked(
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
    assert any(f"The books up to the end of this month were closed by lin, {day}" in page.text() for day in days)
    async with central.database() as database, database.read() as connection:
        locked = await locked_months.of_community(connection, "huada", "drill")
    assert [each.month for each in locked] == [before]
    page = await request_disbursement(lin, spent_on=f"{before}-15")
    assert "The books of that month are closed" in page.text()


def test_a_day_passes_before_a_month_can_be_locked() -> None:
    assert not lockable("2026-10", datetime(2026, 11, 1, 15, 59, tzinfo=UTC))
    assert lockable("2026-10", datetime(2026, 11, 1, 16, 0, tzinfo=UTC))


async def test_the_journal_is_exported(session: aiohttp.ClientSession, lin: Editor) -> None:
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
