"""Reconciliation, evidence of gifts, receipts, permits, and exports."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import aiohttp

from central_server.accounts.access import Right
from central_server.receipts.receipt_requests import Receipts
from central_server.receipts.sealed_data import open_seal
from central_server.reconciliation.statement_import import Reconciler
from central_server.staff.frame.record_editor import path_of
from central_server.store.catalogue import import_drafts, organisations, projects
from central_server.store.catalogue.import_drafts import Draft
from central_server.store.catalogue.organisations import Organisation
from central_server.store.catalogue.projects import StoredProject
from central_server.store.donations import attempts, receipts
from central_server.store.donations.receipts import Receipt, ReceiptState
from central_server.store.engine import versioned_rows
from central_server.store.ledger import disclosures
from central_server.store.ledger.disclosures import Disclosure
from central_server.store.reconciliation import differences
from central_server.store.reconciliation.differences import NewDifference
from central_server.store.reconciliation.statements import StoredStatement
from sync_contract.uuid7 import new_id
from tests.unit.central_server.reconciling_world import DAY, NOW, Books, file, row
from tests.unit.central_server.tenancy.catalogue import texts
from tests.unit.central_server.tenancy.entries import NEIGHBOURS, OURS, TOP, Checked, Entry, Open, Staff, World
from tests.unit.central_server.tenancy.person import DONOR

MARK = "Papers of ours"
OUR_PAPERS = f"/staff/permits/{path_of(OURS, 'papers')}"
DUE = date(2026, 4, 1)


async def plant(world: World) -> None:
    """Add our paid gift in a file of the bank, a requested receipt, and a project with permits."""
    books = Books(world.database, world.ours.id, OURS)
    gift = await books.paid(5543217)
    stored, _ = await _taken(world, books, gift.id)
    seal = await open_seal(world.database, world.central.state, None)
    await Receipts(world.database, seal, timedelta(days=90)).request(gift.id, DONOR, datetime.now(UTC))
    title = texts(MARK)
    project = StoredProject(
        OURS, "papers", title, title, title, title, (1000,), 100, 10000, None, "raiser", "F-1", "here",
        date(2026, 1, 1), date(2026, 12, 31), None, False, 1, NOW, "x",
    )  # fmt: skip
    async with world.database.write() as connection:
        await versioned_rows.begin(connection)
        raiser = Organisation(OURS, "raiser", f"{MARK} (raiser)", None, "C-1", date(2027, 1, 1), "", NOW, "x")
        await organisations.save(connection, raiser, 0)
        await projects.save(connection, project, 0)
    world.ids |= {"statement": str(stored.id), "attempt_of_receipt": gift.id, "nonce": gift.return_nonce}
    world.marks |= {MARK, gift.id, "5543217", "55,432.17"}
    await _a_difference(world)
    await _a_disclosure(world)
    await _a_due_receipt(world)


async def _taken(world: World, books: Books, order: str) -> tuple[StoredStatement, bool]:
    async with world.database.read() as connection:
        gift = await attempts.get(connection, order)
    assert gift is not None
    work = Reconciler(world.database, gift.bank, "drill", lambda: None)
    return await work.import_statement(replace(file([row(gift, fee=33)], DAY), bank=gift.bank), NOW, cause="test")


async def _a_difference(world: World) -> None:
    """An unsettled difference."""
    made = NewDifference(
        new_id(), OURS, "drill", "amount_differs", "emulated", DAY, "5543217", "CNY", NOW, ours_minor=5543217
    )
    async with world.database.write() as connection:
        await differences.add(connection, made)
        found = await differences.by_identity(connection, made.identity)
    assert found is not None
    world.ids["difference"] = str(found.id)


async def _a_due_receipt(world: World) -> None:
    """A receipt that is not issued, and an unused number."""
    async with world.database.write() as connection:
        due = Receipt(world.ids["attempt_of_receipt"], OURS, ReceiptState.due.value, "", NOW, "(donor)")
        await receipts.save(connection, due)
    world.ids["receipt_number"] = f"R-{new_id()[-8:]}"


async def _a_disclosure(world: World) -> None:
    """A disclosure that can be corrected, of another day than in the form."""
    made = Disclosure(OURS, "papers", date(2026, 7, 1), date(2026, 7, 1), "chen", NOW, MARK)
    async with world.database.write() as connection:
        await disclosures.add(connection, made)
        locked = [each for each in await disclosures.every(connection, [OURS]) if each.corrects is None]
    world.ids["disclosure"] = str(locked[0].id)


async def _a_file_needs_a_login(world: World) -> None:
    """test_reconciliation_page.py and test_evidence.py test what it may do."""
    for path in ("/staff/reconciliation/file", "/staff/evidence"):
        with aiohttp.MultipartWriter("form-data") as form:
            form.append("x").set_content_disposition("form-data", name="file", filename="x.zip")
        async with world.session.post(world.central.url + path, data=form, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/staff/login"), path


async def _a_draft_is_its_senders(world: World) -> None:
    draft = Draft(new_id(), "our-chief", "evidence", OURS, "list.csv", b"gift,amount_yuan,evidence\n", NOW)
    async with world.database.write() as connection:
        await import_drafts.store(connection, draft)
    for method in ("GET", "POST"):
        async with world.session.request(
            method, f"{world.central.url}/staff/evidence/{draft.id}", allow_redirects=False
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/staff/login")
    async with world.database.read() as connection:
        assert await import_drafts.find(connection, "their-chief", draft.id) is None
        assert await import_drafts.of_kind(connection, "evidence", [NEIGHBOURS]) == ()


_HOLDER = "whoever holds the address of the gift's own page is its donor; nobody finds 256 bits by guessing"
PERIOD = {"first": "2026-01-01", "last": "2026-12-31"}
DISCLOSED = {"due": str(DUE), "done_on": "2026-04-01", "where": "somewhere", "note": ""}
ROUTES: dict[str, Entry] = {
    "GET /staff/reconciliation": Staff(Right.money),
    "POST /staff/reconciliation/file": Checked(_a_file_needs_a_login),
    "GET /staff/reconciliation/{statement}": Staff(Right.money, names=True),
    "GET /staff/reconciliation/{statement}/rows.csv": Staff(Right.money, names=True),
    "POST /staff/reconciliation/{statement}/file": Staff(Right.money, names=True, at=TOP, form={}),
    "POST /staff/reconciliation/differences/{difference}": Staff(
        Right.money, names=True, form={"reason": "asked the bank"}, before=_a_difference, answers=(303,)
    ),
    "GET /staff/evidence": Staff(Right.money),
    "GET /staff/evidence.xlsx": Staff(Right.money),
    "POST /staff/evidence": Checked(_a_file_needs_a_login),
    "GET /staff/evidence/{draft}": Checked(_a_draft_is_its_senders),
    "POST /staff/evidence/{draft}": Checked(_a_draft_is_its_senders),
    "GET /staff/receipts": Staff(Right.money),
    "POST /staff/receipts/data": Staff(Right.money, form={}),
    "POST /staff/receipts/{attempt}": Staff(
        Right.money,
        path="/staff/receipts/{attempt_of_receipt}",
        names=True,
        form={"number": "{receipt_number}"},
        before=_a_due_receipt,
        answers=(303,),
    ),
    "GET /staff/permits": Staff(Right.see),
    "POST /staff/permits/totals": Staff(Right.money, form=PERIOD),
    "POST /staff/permits/{place}/{project}/disclosed": Staff(
        Right.money, path=f"{OUR_PAPERS}/disclosed", names=True, form=DISCLOSED, answers=(303,)
    ),
    "POST /staff/permits/{place}/{project}/corrected": Staff(
        Right.money,
        path=f"{OUR_PAPERS}/corrected",
        names=True,
        form={"id": "{disclosure}", "note": "mended"},
        answers=(303,),
    ),
    "POST /staff/permits/{place}/{project}/books": Staff(Right.money, path=f"{OUR_PAPERS}/books", names=True, form={}),
    "GET /g/{nonce}/slip.pdf": Open(_HOLDER),
    "GET /g/{nonce}/receipt": Open(_HOLDER),
    "POST /g/{nonce}/receipt": Open(_HOLDER),
    "GET /g/{nonce}/thanks": Open(_HOLDER),
    "POST /g/{nonce}/thanks": Open(_HOLDER),
}
