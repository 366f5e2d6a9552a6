"""Expiring permits, due disclosures, and project books whose sums are checked."""

import csv
import hashlib
import io
import re
import zipfile
from dataclasses import replace
from datetime import date, timedelta

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no types

from central_server.alerts.permit_tasks import ending_permits, pending_counts
from central_server.books import audit_file, charity_totals
from central_server.books.charity_totals import Period
from central_server.books.sum_checks import run_checks
from central_server.ledger import spending
from central_server.permits.deadlines import after_months, disclosure_days, next_disclosure
from central_server.permits.permit_status import load_permit_status
from central_server.receipts.receipt_requests import Receipts
from central_server.receipts.sealed_data import Donor
from central_server.store.catalogue import organisations, projects
from central_server.store.catalogue.organisations import Organisation
from central_server.store.catalogue.projects import StoredProject
from central_server.store.engine import versioned_rows
from central_server.store.engine.database import Database
from central_server.store.ledger import disclosures as noted
from central_server.store.ledger import vouchers
from central_server.store.ledger.disbursements import Disbursement
from central_server.store.ledger.disclosures import Disclosure
from central_server.store.ledger.vouchers import Voucher
from central_server.store.places.places import TOP
from sync_contract.project import Texts
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor as Phone
from tests.unit.central_server.donations.test_receipts import SEAL, a_gift
from tests.unit.central_server.ledger_world import ANY_PAYEE
from tests.unit.central_server.reconciling_world import DAY, NOW, Books, back, books, row, strange, world
from tests.unit.central_server.staff.test_staff import logged_in

__all__ = ["world"]

ONE = timedelta(days=1)
days = st.dates(date(2020, 1, 1), date(2060, 1, 1))


def texts(text: str) -> Texts:
    return Texts.model_validate({"zh-Hans": text, "zh-Hant": text, "en": text})


async def store_campaign(database: Database, *, until: date, opens: date, closes: date, place: str = "huada") -> None:
    raiser = Organisation(place, "charity", "演练慈善会", None, "C-1", until, "", NOW, "x")
    lunch = StoredProject(
        place, "lunch", texts("午餐"), texts("s"), texts("s"), texts("演练慈善会"), (1000,), 100, 100_000, None,
        "charity", "F-1", "泉州", opens, closes, None, False, 1, NOW, "x",
    )  # fmt: skip
    async with database.write() as connection:
        await versioned_rows.begin(connection)
        assert await organisations.save(connection, raiser, 0)
        assert await projects.save(connection, lunch, 0)


def test_a_long_campaign_discloses_every_three_months_and_after_its_end() -> None:
    assert disclosure_days(date(2026, 1, 31), date(2026, 12, 31)) == (
        date(2026, 4, 30),
        date(2026, 7, 31),
        date(2026, 10, 31),
        date(2027, 3, 31),
    )
    assert disclosure_days(date(2026, 1, 1), date(2026, 7, 1)) == (date(2026, 10, 1),)  # six months are not more


@given(days, st.integers(0, 2000))
def test_disclosures_are_at_most_three_months_apart(opens: date, length: int) -> None:
    closes = opens + timedelta(days=length)
    found = disclosure_days(opens, closes)
    assert found == tuple(sorted(found))
    assert found[-1] == after_months(closes, 3)
    if closes > after_months(opens, 6):
        for before, after in zip((opens, *found), found, strict=False):
            assert after <= after_months(before, 6) + 3 * ONE  # from the end of February too
            assert after == found[-1] or after <= after_months(before, 3) + 3 * ONE


def test_of_several_overdue_disclosures_only_the_last_is_due() -> None:
    opens, closes = date(2026, 1, 1), date(2026, 12, 31)
    overdue = next_disclosure(opens, closes, (), date(2026, 8, 1))
    assert overdue is not None
    assert (overdue.until, overdue.over) == (date(2026, 7, 1), True)
    following = next_disclosure(opens, closes, (date(2026, 7, 1),), date(2026, 8, 1))
    assert following is not None
    assert (following.until, following.days) == (date(2026, 10, 1), 61)
    assert next_disclosure(opens, closes, (date(2027, 3, 31),), date(2027, 4, 1)) is None


async def test_staff_are_warned_thirty_days_before_an_end(world: Books) -> None:
    await store_campaign(world.database, until=DAY + 30 * ONE, opens=DAY - 40 * ONE, closes=DAY + 30 * ONE)
    async with world.database.read() as connection:
        found = await ending_permits(connection, ["huada"], "drill", NOW)
        early = await ending_permits(connection, ["huada"], "drill", NOW - ONE)
    assert [(each.kind, each.label, each.count) for each in found] == [
        ("permit_ends", "演练慈善会", 30),
        ("permit_ends", "午餐", 30),
    ]
    assert early == []


async def test_a_project_belongs_to_the_nearest_organisation_with_that_id(world: Books) -> None:
    await store_campaign(world.database, until=DAY, opens=DAY, closes=DAY)
    far = Organisation(TOP, "charity", "of the city", None, "C-9", DAY, "", NOW, "x")
    other = Organisation(TOP, "second", "of the city too", None, "C-8", DAY, "", NOW, "x")
    async with world.database.write() as connection:
        await versioned_rows.begin(connection)
        for each in (far, other):
            assert await organisations.save(connection, each, 0)
        lunch = await projects.get(connection, "huada", "lunch")
        assert lunch is not None
        assert await projects.save(connection, replace(lunch, id="tea", organisation="second"), 0)
    async with world.database.read() as connection:
        found = await load_permit_status(connection, ["huada"], NOW)
    named = {each.project.id: each.organisation.name for each in found.campaigns if each.organisation}
    assert named == {"lunch": "演练慈善会", "tea": "of the city too"}


async def test_a_disclosure_is_a_task_only_where_there_is_money(world: Books) -> None:
    await store_campaign(world.database, until=DAY + 900 * ONE, opens=DAY - 200 * ONE, closes=DAY + 300 * ONE)

    async def due() -> list[tuple[str, int]]:
        async with world.database.read() as connection:
            return [(each.kind, each.count) for each in await ending_permits(connection, ["huada"], "drill", NOW)]

    assert await due() == []
    await world.paid()
    assert await due() == [("disclosure_due", 0)]
    async with world.database.read() as connection:
        (campaign,) = (await load_permit_status(connection, ["huada"], NOW)).campaigns
    assert campaign.following is not None
    made = Disclosure("huada", "lunch", campaign.following.until, DAY, "chen", NOW, "慈善中国 123")
    async with world.database.write() as connection:
        assert await noted.add(connection, made)
        assert not await noted.add(connection, made)
    assert await due() == []


async def test_differences_and_due_receipts_are_tasks_of_their_community(world: Books) -> None:
    gift = await world.paid()
    await world.take(row(gift), row(gift), strange("x" * 32))
    await Receipts(world.database, SEAL, 90 * ONE).request(gift.id, Donor("王"), NOW)
    async with world.database.read() as connection:
        everywhere = await pending_counts(connection, [TOP], "drill")
        own = await pending_counts(connection, ["huada"], "drill")
    assert [(each.kind, each.community, each.count) for each in everywhere] == [
        ("difference", TOP, 1),
        ("difference", "huada", 1),
        ("receipt_due", "huada", 1),
    ]
    assert [(each.kind, each.count) for each in own] == [("difference", 1), ("receipt_due", 1)]


async def spent(world: Books, minor: int, *, people: int, corrects: str | None = None) -> str:
    receipt = f"a receipt of {minor}".encode()
    paper = Voucher(
        hashlib.sha256(receipt).hexdigest(),
        world.community,
        "application/pdf",
        len(receipt),
        receipt,
        NOW,
        "li",
    )
    asked = Disbursement(
        new_id(), world.community, "drill", "lunch", minor, "CNY", "meals", "kitchen", paper.sha256, DAY, people, "",
        corrects, "li", NOW,
    )  # fmt: skip
    async with world.database.write() as connection:
        await vouchers.add(connection, paper)
        await spending.ask(connection, asked, NOW, ANY_PAYEE)
        await spending.approve(connection, asked, by="chen", note="", now=NOW, rules=ANY_PAYEE)
    return asked.id


async def moved(world: Books) -> None:
    """Record gifts, a refund, fees, spending and a correction."""
    gifts = [await world.paid(5000, at=NOW - 2 * ONE), await world.paid(3000, at=NOW - 2 * ONE)]
    sent = await world.refunded(gifts[1], 1000, at=NOW - ONE)
    await world.take(row(gifts[0], fee=30), row(gifts[1], fee=18), back(sent.id, 1000))
    first = await spent(world, 2000, people=8)
    await spent(world, 500, people=2, corrects=first)


async def test_totals_cover_balance_income_and_spending(world: Books) -> None:
    await store_campaign(world.database, until=DAY + 900 * ONE, opens=DAY - 40 * ONE, closes=DAY + 300 * ONE)
    await moved(world)
    async with world.database.read() as connection:
        now = await charity_totals.load_charity_totals(
            connection, [TOP], "drill", Period(DAY - ONE, DAY), Language.zh_hans, NOW
        )
        before = await charity_totals.load_charity_totals(
            connection, ["huada"], "drill", Period(DAY - 9 * ONE, DAY - 2 * ONE), Language.en, NOW
        )
    (found,) = now.totals
    assert (found.before, found.gifts, found.received, found.fees, found.refunded) == (8000, 0, 0, 48, 1000)
    assert (found.spent, found.people, found.after) == (1500, 5, 8000 - 48 - 1000 - 1500)
    assert [(each.gifts, each.received, each.after) for each in before.totals] == [(2, 8000, 8000)]
    assert len(now.rows[0]) == len(charity_totals.COLUMNS)
    assert now.rows[0][:4] == ("午餐", "F-1", "演练慈善会", "C-1")


def cells(content: bytes) -> set[str]:
    """Return the cells of a CSV file."""
    return {cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in row}


async def test_the_audit_file_balances_and_contains_no_donor_data(world: Books) -> None:
    await store_campaign(world.database, until=DAY + 900 * ONE, opens=DAY - 40 * ONE, closes=DAY + 300 * ONE)
    await moved(world)
    gift = await world.paid(900)
    await Receipts(world.database, SEAL, 90 * ONE).request(gift.id, Donor("王小明", email="a@b.cn"), NOW)
    neighbours = await books(world.database, "neighbours")
    theirs = await neighbours.paid(7777)
    wanted = audit_file.AuditRequest("lunch", "drill", ["huada"], "chen", NOW)
    async with world.database.read() as connection:
        tables, voucher_files, named = await audit_file.collect_tables(connection, wanted)
    assert named == ("huada",)
    assert all(check.holds for check in run_checks(tables)), [check for check in run_checks(tables) if not check.holds]
    content = audit_file.build_zip(wanted, tables, voucher_files, named)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    papers_in = {name for name in files if name.startswith("vouchers/")}
    assert {name.removeprefix("vouchers/").removesuffix(".pdf") for name in papers_in} == {
        each["voucher"] for each in tables["disbursements"]
    }
    tables_in = {f"{name}.csv" for name in tables}
    assert files.keys() == {"README.txt", "sums.csv", "manifest.csv", *tables_in, *papers_in}
    for name, content in files.items():
        for secret in (gift.return_nonce, "王小明", "a@b.cn", theirs.id):
            assert secret.encode() not in content, (name, secret)
        # A cell, not any four digits: the manifest's digests hold every short number sooner or later.
        assert not name.endswith(".csv") or "7777" not in cells(content), name
    rows = list(csv.DictReader(io.StringIO(files["ledger.csv"].decode("utf-8-sig"))))
    assert sum(int(each["amount_minor"]) for each in rows if each["kind"] == "paid") == 8900
    assert [each["state"] for each in csv.DictReader(io.StringIO(files["receipts.csv"].decode("utf-8-sig")))] == ["due"]
    assert {each["holds"] for each in csv.DictReader(io.StringIO(files["sums.csv"].decode("utf-8-sig")))} == {"yes"}


@pytest.mark.parametrize("what", ["an amount", "a line", "one person", "a refund"])
async def test_manipulated_books_fail_their_checks(world: Books, what: str) -> None:
    await store_campaign(world.database, until=DAY + 900 * ONE, opens=DAY - 40 * ONE, closes=DAY + 300 * ONE)
    await moved(world)
    wanted = audit_file.AuditRequest("lunch", "drill", [TOP], "chen", NOW)
    async with world.database.read() as connection:
        found, _, _ = await audit_file.collect_tables(connection, wanted)
    tables = {name: [dict(each) for each in rows] for name, rows in found.items()}
    match what:
        case "an amount":
            tables["ledger"][0]["amount_minor"] += 1
        case "a line":
            del tables["ledger"][1]
        case "one person":
            tables["disbursements"][0]["decided_by"] = tables["disbursements"][0]["requested_by"]
        case _:
            tables["refunds"].clear()
    assert not all(check.holds for check in run_checks(tables))


async def test_without_money_nothing_must_be_disclosed(
    central: RunningCentral, gateway: DeliveringGateway, donor: Phone
) -> None:
    await logged_in(central, donor)
    path, words = f"{central.url}/staff/permits", "nothing to publish yet: there were no payments"
    before = (await donor.open(path)).text().count(words)
    assert before > 0
    await a_gift(central, gateway, donor)
    assert (await donor.open(path)).text().count(words) == before - 1


async def test_staff_record_a_disclosure_and_export_the_books(
    central: RunningCentral, gateway: DeliveringGateway, donor: Phone, session: aiohttp.ClientSession
) -> None:
    await a_gift(central, gateway, donor)
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/permits")
    forms = re.findall(r'<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>', page.html, re.S)
    disclosed = next((action, inside) for action, inside in forms if action.endswith("/lunch/disclosed"))
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', disclosed[1]))
    found = {**hidden, "done_on": "2026-01-01", "where": "cishan.example/1", "note": ""}
    assert "Recorded as published." in (await donor.send(central.url + disclosed[0], found)).text()
    for day in ("2199-01-01", "0001-01-01", "9999-12-31", "1999-12-31", "2019-12-31"):
        assert (await donor.send(central.url + disclosed[0], {**found, "done_on": day})).status == 422, day
    page = await donor.open(f"{central.url}/staff/permits")
    assert "cishan.example/1" in page.text()
    corrected = re.search(r'action="([^"]*/lunch/corrected)".*?name="id" value="(\d+)"', page.html, re.S)
    assert corrected is not None
    csrf = {"csrf": hidden["csrf"]}
    form = {**csrf, "id": corrected[2], "note": "two more meals"}
    assert "two more meals" in (await donor.send(central.url + corrected[1], form)).text()

    async def sent(path: str, **fields: str) -> bytes:
        async with session.post(central.url + path, data={**csrf, **fields}) as answer:
            assert answer.status == 200, await answer.text()
            content: bytes = await answer.read()
            return content

    books_path = next(action for action, _ in forms if action.endswith("/lunch/books"))
    with zipfile.ZipFile(io.BytesIO(await sent(books_path))) as archive:
        assert "README.txt" in archive.namelist()
    period = {"first": "2020-01-01", "last": "2199-01-01"}
    sheet = load_workbook(io.BytesIO(await sent("/staff/permits/totals", format="xlsx", **period))).active
    assert [cell.value for cell in list(sheet.iter_rows())[1]][9] == 50
    assert "50.0" in (await sent("/staff/permits/totals", format="csv", **period)).decode("utf-8-sig")


async def test_an_organisation_declares_its_own_site_in_its_form(central: RunningCentral, donor: Phone) -> None:
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/organisations/new")
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
    assert csrf is not None
    form = {"csrf": csrf[1], "place": TOP, "id": "own", "name": "Own", "own_site": "yes", "revision": "0"}
    await donor.send(page.url, form)
    async with central.database() as database, database.read() as connection:
        stored = await organisations.get(connection, TOP, "own")
    assert stored is not None
    assert stored.own_site
