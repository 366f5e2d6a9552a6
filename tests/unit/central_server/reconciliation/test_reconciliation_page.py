"""The staff pages of reconciliation and evidence."""

import csv
import io
import re
from datetime import UTC, datetime

import aiohttp
import pytest
from sqlalchemy import select

from central_server.accounts.access import Role
from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from central_server.reconciliation.day_totals import load_day_totals
from central_server.reconciliation.evidence import COLUMNS
from central_server.reconciliation.statement_import import Reconciler
from central_server.sheets.sheet_reader import read
from central_server.sheets.sheet_writer import csv_file
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_money_actions import DifferenceSettled
from central_server.store.donations import attempts
from central_server.store.donations.attempts import Attempt
from central_server.store.engine.database import Database
from central_server.store.engine.tables import attempts as attempts_table
from central_server.store.ledger import ledger_lines
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences, statements
from central_server.store.reconciliation.differences import DifferenceKind, without_file
from sync_contract.records import HandoffKind
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor, Page
from tests.fakes.staff_account import set_password
from tests.unit.central_server.donations.test_receipts import a_gift
from tests.unit.central_server.reconciling_world import DAY, NOW, back, file, row, strange
from tests.unit.central_server.staff.test_staff import PASSWORD, logged_in

ORDER = "e" * 32


async def only_attempt(database: Database) -> Attempt:
    async with database.read() as connection:
        (id_,) = (await connection.execute(select(attempts_table.c.id))).scalars()
        found = await attempts.get(connection, id_)
    assert found is not None
    return found


def csrf_of(page: Page) -> dict[str, str]:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.html)
    assert found is not None
    return {"csrf": found[1]}


@pytest.fixture
async def compared(central: RunningCentral, gateway: DeliveringGateway, donor: Donor) -> int:
    """A gift of 50 yuan, and a file that has it and one that nobody knows; the number of the file."""
    await a_gift(central, gateway, donor)
    async with central.database() as database:
        gift = await only_attempt(database)
        work = Reconciler(database, gift.bank, "drill", lambda: None)
        stored, _ = await work.import_statement(file([row(gift, fee=30), strange(ORDER, 700)]), NOW, cause="test")
    return stored.id


async def test_a_day_shows_its_equalities_and_the_origin_of_each_gift(
    central: RunningCentral, donor: Donor, session: aiohttp.ClientSession, gateway: DeliveringGateway, compared: int
) -> None:
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/reconciliation")
    text = " ".join(page.text().split())
    for words in ("The bank has a payment that we do not know.", ORDER, str(DAY), "1/2", "differences: 1"):
        assert words in text
    day = await donor.open(f"{central.url}/staff/reconciliation/{compared}")
    page_text = " ".join(day.text().split())
    for words in ("¥57 = ¥50 + ¥7", "¥0.30 = ¥0.30", "¥56.70 = ¥49.70 + ¥7", "社区大厅", "lunch", "unknown to us"):
        assert words in page_text
    async with session.get(f"{central.url}/staff/reconciliation/{compared}/rows.csv") as answer:
        rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert [(each[0], each[3], each[9]) for each in rows[1:]] == [("1", "5000", "社区大厅"), ("2", "700", "")]
    trail = " ".join((await donor.open(f"{central.url}/staff/audit?action=file.take")).text().split())
    assert "Downloaded a file · Reconciliation" in trail


async def test_a_difference_is_settled_with_a_reason_and_stays_visible(
    central: RunningCentral, donor: Donor, compared: int
) -> None:
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/reconciliation")
    action = re.search(r'action="(/staff/reconciliation/differences/\d+)"', page.html)
    assert action is not None
    url, form = central.url + action[1], csrf_of(page)
    assert (await donor.send(url, {**form, "reason": "  "})).status == 422
    done = await donor.send(url, {**form, "reason": "a test payment of the bank"})
    assert "Settled with your reason." in done.text()
    assert "chen: a test payment of the bank" in " ".join(done.text().split())
    assert "None. The bank and the ledger agree." in done.text()
    assert "Someone else has already settled it." in (await donor.send(url, {**form, "reason": "me too"})).text()
    async with central.database() as database, database.read() as connection:
        (_, entry), *_ = await audit_trail.page(connection, [TOP])
    assert isinstance(entry.action, DifferenceSettled)
    assert entry.action.reason == "a test payment of the bank"


async def test_an_external_refund_is_posted_when_its_difference_is_settled(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    await a_gift(central, gateway, donor)
    async with central.database() as database:
        gift = await only_attempt(database)
        work = Reconciler(database, gift.bank, "drill", lambda: None)
        rows = (back("f" * 32, 5001, refers=gift.evidence), back("e" * 32, 1200, refers=gift.evidence))
        await work.import_statement(file([row(gift), *rows]), NOW, cause="test")
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/reconciliation")
    actions = re.findall(r'action="(/staff/reconciliation/differences/\d+)"', page.html)
    assert page.html.count('name="post"') == 2
    form = {**csrf_of(page), "reason": "the hall gave it back", "post": "yes"}
    assert (await donor.send(central.url + actions[0], {**form, "reason": ""})).status == 422
    refused = await donor.send(central.url + actions[0], form)
    assert refused.status == 422
    assert "It cannot be entered" in refused.text()
    assert "Settled with your reason." in (await donor.send(central.url + actions[1], form)).text()
    await donor.send(central.url + actions[1], form)
    async with central.database() as database, database.read() as connection:
        lines = await ledger_lines.of_attempts(connection, [gift.id])
        (left,) = await differences.every(connection, [TOP], "drill")
        (day,) = await load_day_totals(connection, [TOP], "drill")
    assert [(line.kind, line.amount_minor) for line in lines] == [("paid", 5000), ("refund", 1200)]
    assert left.theirs_minor == 5001
    assert day.balances


async def test_the_banks_file_is_downloaded_only_at_the_top_and_audited(
    central: RunningCentral, donor: Donor, session: aiohttp.ClientSession, compared: int
) -> None:
    async with central.database() as database:
        await set_password(database, "fin", PASSWORD, NOW, place="huada", role=Role.finance)
        async with database.read() as connection:
            content = await statements.content(connection, compared)
    page = await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/reconciliation/{compared}")
    url = f"{central.url}/staff/reconciliation/{compared}/file"
    async with session.post(url, data=csrf_of(page)) as answer:
        assert (answer.status, await answer.read()) == (200, content)
    async with central.database() as database, database.read() as connection:
        assert (await audit_trail.page(connection, [TOP]))[0][1].action.name == "statement.download"
    session.cookie_jar.clear()
    await donor.press(await donor.open(f"{central.url}/staff/"), name="fin", password=PASSWORD)
    own = await donor.open(f"{central.url}/staff/reconciliation/{compared}")
    assert own.status == 200
    assert ORDER not in own.html  # what is nobody's is the top's
    assert "¥50 = ¥50" in " ".join(own.text().split())
    async with session.post(url, data=csrf_of(own)) as answer:
        assert answer.status == 404


async def test_an_invalid_file_is_refused_with_its_reason_in_the_readers_language(
    central: RunningCentral, donor: Donor, session: aiohttp.ClientSession
) -> None:
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/reconciliation")
    url, csrf = f"{central.url}/staff/reconciliation/file", csrf_of(page)["csrf"]
    answers = [
        await sent(session, url, csrf, name, b"PK no", language)
        for language, name in (("en", "a.zip"), ("zh-CN", "a.txt"), ("zh-TW", "a.zip"))
    ]
    assert [each.status for each in answers] == [422] * 3
    for answer, words in zip(answers, ("gives no files", "本服务器的银行不提供文件", "銀行不提供檔案"), strict=True):
        assert words in answer.text()
    facts = StatementRefused(StatementProblem.unbalanced, found="¥1.00", stated="¥2.00").stored
    async with central.database() as database, database.write() as connection:
        found = without_file(DifferenceKind.file_refused, "sandbox", "drill", TOP, DAY, datetime.now(UTC), facts)
        assert await differences.add(connection, found)
    for language, words in (
        ("en", "It does not balance: its rows are ¥1.00, its summary states ¥2.00. Ask the bank."),
        ("zh-CN", "¥1.00"),
        ("zh-TW", "¥2.00"),
    ):
        async with session.get(page.url, headers={"Accept-Language": language}) as response:
            shown = await response.text()
        assert words in shown
        assert "to see why" not in shown


async def sent(
    session: aiohttp.ClientSession, url: str, csrf: str, name: str, content: bytes, language: str = "en"
) -> Page:
    with aiohttp.MultipartWriter("form-data") as form:
        form.append(csrf).set_content_disposition("form-data", name="csrf")
        form.append(content).set_content_disposition("form-data", name="file", filename=name)
    async with session.post(url, data=form, headers={"Accept-Language": language}) as answer:
        return Page(answer.status, str(answer.url), await answer.text())


async def test_evidence_is_imported_when_a_second_person_confirms_it(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: aiohttp.ClientSession
) -> None:
    gift = gateway.intent(handoff=HandoffKind.link)
    await gateway.deliver([gift])
    await logged_in(central, donor)
    page = await donor.open(f"{central.url}/staff/evidence")
    assert "Waiting: 1" in page.text()
    async with session.get(f"{central.url}/staff/evidence.xlsx") as answer:
        listed = read(await answer.read())
    assert listed.rows[0][1][0] == gift.id
    filled = [(*cells[:5], "PLATFORM-77", "2026-11-24") for _, cells in listed.rows]
    content = csv_file([COLUMNS, *filled])
    other = await sent(session, f"{central.url}/staff/evidence", csrf_of(page)["csrf"], "mine.pdf", content)
    assert (other.status, "cannot be read" in other.text()) == (422, True)
    preview = await sent(session, f"{central.url}/staff/evidence", csrf_of(page)["csrf"], "mine.csv", content)
    assert preview.status == 200
    assert "PLATFORM-77" in preview.text()
    async with central.database() as database, database.read() as connection:
        assert not await attempts.of_intent(connection, gateway.id, gift.id)
    own = await donor.send(preview.url, {**csrf_of(page), "digest": "0" * 64})
    assert (own.status, "Someone else must decide." in own.text()) == (409, True)
    assert 'name="digest"' not in own.html
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as other_session:
        second = Donor(other_session)
        await logged_in(central, second, "li")
        assert preview.url.removeprefix(central.url) in (await second.open(f"{central.url}/staff/evidence")).html
        assert (
            "Files with evidence of gifts waiting for a second person: 1."
            in (await second.open(f"{central.url}/staff/")).text()
        )
        shown = await second.open(preview.url)
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown.html))
        own = await donor.send(preview.url, {**csrf_of(page), "digest": hidden["digest"]})
        assert own.status == 409
        done = await second.send(preview.url, hidden)
        assert "Confirmed gifts: 1." in done.text()
        assert (await second.open(preview.url)).status == 404
    outcome = await donor.open(f"{central.url}/staff/evidence")
    assert "Waiting: 0" in outcome.text()
    bad = csv_file([COLUMNS, *filled])
    again = await sent(session, f"{central.url}/staff/evidence", csrf_of(page)["csrf"], "mine.csv", bad)
    assert again.status == 422
    assert "no longer needs evidence" in again.text()
