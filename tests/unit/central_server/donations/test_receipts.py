"""The slip and the official receipt: access, sealed donor data, and its deletion."""

import asyncio
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it has no types

from central_server.accounts.access import Role
from central_server.donations import refund_outcome
from central_server.receipts.receipt_requests import (
    MAX_LENGTHS,
    UNATTENDED,
    FaultyForm,
    ReceiptRefused,
    Receipts,
    read_donor,
)
from central_server.receipts.sealed_data import Donor, Seal, SealBroken, open_seal
from central_server.staff.frame.list_paging import format_position, parse_position
from central_server.state_files import StateRefused
from central_server.store.accounts import audit_trail
from central_server.store.donations import receipts
from central_server.store.donations.receipts import DONOR, Receipt, ReceiptState, SealedDonor
from central_server.store.engine.database import Database
from central_server.store.families import sealed_keys
from central_server.store.places.places import TOP
from kiosk_ui.number_format import capitals
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor as Phone
from tests.fakes.donor import Page
from tests.fakes.staff_account import set_password
from tests.unit.central_server.conftest import enrolled
from tests.unit.central_server.ledger_world import gave
from tests.unit.central_server.reconciling_world import NOW, Books, books, world
from tests.unit.central_server.staff.test_staff import account, logged_in
from tests.unit.central_server.test_bad_records import refuse

__all__ = ["world"]

NAME = "王小明的公司"
FORM = {"choice": "due", "name": NAME, "email": "donor@example.org", "consent": "yes"}
SEAL = Seal(bytes(range(32)), Path("receipts.key"))
ONE = timedelta(days=1)
donors = st.builds(Donor, **{name: st.text(max_size=most) for name, most in MAX_LENGTHS.items()})


def wanted(world: Books, seal: Seal = SEAL) -> Receipts:
    return Receipts(world.database, seal, 90 * ONE)


@given(donors, st.text(alphabet="0123456789abcdef", min_size=32, max_size=32))
def test_sealed_data_opens_only_for_its_own_gift_and_key(donor: Donor, attempt: str) -> None:
    sealed = SEAL.close(attempt, donor)
    assert SEAL.open(attempt, sealed, Donor) == donor
    for seal, of, content in (
        (SEAL, "0" * 31 + "x", sealed),
        (Seal(bytes(32), SEAL.file), attempt, sealed),
        (SEAL, attempt, sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(SealBroken, match=r"receipts\.key"):
            seal.open(of, content, Donor)


def test_the_length_of_sealed_data_hides_the_name() -> None:
    lengths = {len(SEAL.close("0" * 32, Donor("x" * count))) for count in (1, 20, 80)}
    assert len(lengths) == 1


async def test_a_gift_is_anonymous_until_its_donor_chooses(world: Books) -> None:
    quiet, waived, due = [await world.paid() for _ in range(3)]
    work = wanted(world)
    await work.decline(waived.id, ReceiptState.waived, NOW)
    await work.request(due.id, Donor(NAME, email="a@b.cn"), NOW)
    async with world.database.read() as connection:
        assert await receipts.get(connection, quiet.id) is None
        assert await receipts.counts(connection, [TOP], "drill") == {"anonymous": 1, "waived": 1, "due": 1}
        sealed = (await receipts.donors(connection, [due.id]))[due.id]
    assert sealed.delete_at == NOW + UNATTENDED
    assert NAME.encode() not in sealed.sealed
    await work.decline(due.id, ReceiptState.anonymous, NOW)  # and what was given goes
    async with world.database.read() as connection:
        assert not await receipts.donors(connection, [due.id])


async def test_only_a_paid_gift_has_a_receipt_and_an_issued_one_is_final(world: Books) -> None:
    work = wanted(world)
    unpaid, gift = await world.opened(), await world.paid()
    with pytest.raises(ReceiptRefused, match="not_paid"):
        await work.request(unpaid.id, Donor(NAME, phone="12345"), NOW)
    await work.request(gift.id, Donor(NAME, phone="12345"), NOW)
    async with world.database.write() as connection:
        made = await work.issue(connection, gift.id, " R-1 ", "chen", NOW)
    assert (made.state, made.number) == ("issued", "R-1")
    with pytest.raises(ReceiptRefused, match="issued"):
        await work.decline(gift.id, ReceiptState.waived, NOW)
    other = await world.paid()
    await work.request(other.id, Donor(NAME, phone="12345"), NOW)
    for number, word in (("R-1", "taken"), ("", "number"), ("x" * 65, "number")):
        with pytest.raises(ReceiptRefused, match=word):
            async with world.database.write() as connection:
                await work.issue(connection, other.id, number, "chen", NOW)


async def test_issued_receipts_come_in_parts_without_gap_or_repetition(world: Books) -> None:
    work, wanted_ = wanted(world), ReceiptState.issued
    for number in range(5):
        gift = await world.paid()
        await work.request(gift.id, Donor(NAME, phone="12345"), NOW)
        async with world.database.write() as connection:
            await work.issue(connection, gift.id, f"R-{number}", "chen", NOW + ONE * (number // 2))
    seen: list[str] = []
    after = None
    async with world.database.read() as connection:
        while part := await receipts.page(connection, [TOP], "drill", wanted_, 2, after=after):
            seen += [each.number for each in part]
            after = parse_position(format_position(part[-1].changed_at, part[-1].attempt))
    assert [sorted(seen[:1]), sorted(seen[1:3]), sorted(seen[3:])] == [["R-4"], ["R-2", "R-3"], ["R-0", "R-1"]]


async def test_a_receipt_is_due_for_what_was_not_refunded(world: Books) -> None:
    returned, asked, refused, declined = [await world.paid(5000) for _ in range(4)]
    for gift in (returned, asked, refused, declined):
        await wanted(world).request(gift.id, Donor(NAME, phone="12345"), NOW)
    await world.refunded(returned, 1200)
    await world.refunded(asked, 700, done=False)
    sent = await world.refunded(refused, 300, done=False)
    async with world.database.write() as connection:
        await refund_outcome.record_refusal(connection, sent.id, "no", NOW)
    await world.declined(declined, 100)
    async with world.database.read() as connection:
        due = {each.attempt: each for each in await receipts.page(connection, [TOP], "drill", ReceiptState.due)}
    assert {id_: (each.due_minor, each.refunded_minor, each.refunding_minor) for id_, each in due.items()} == {
        returned.id: (3800, 1200, 0),
        asked.id: (5000, 0, 700),
        refused.id: (5000, 0, 0),
        declined.id: (5000, 0, 0),
    }


async def test_donor_data_is_deleted_on_its_day_with_an_audit_entry(world: Books) -> None:
    work = wanted(world)
    issued, unattended, own = [await world.paid() for _ in range(3)]
    for gift in (issued, unattended, own):
        await work.request(gift.id, Donor(NAME, phone="12345"), NOW)
    async with world.database.write() as connection:
        await work.issue(connection, issued.id, "R-1", "chen", NOW)
    assert await work.withdraw(own.id, NOW)
    assert await work.delete_due(NOW + 90 * ONE - timedelta(seconds=1)) == 0
    assert await work.delete_due(NOW + 90 * ONE) == 1
    assert await work.delete_due(NOW + UNATTENDED) == 1
    async with world.database.read() as connection:
        assert await sealed_keys.counts(connection) == {}
        states = {
            each.attempt: each.state for each in [await receipts.get(connection, g.id) for g in (issued, own)] if each
        }
        trail = [line.action.name for _, line in await audit_trail.page(connection, [TOP])]
    assert states == {issued.id: "issued", own.id: "waived"}
    assert trail == ["receipt.forget", "receipt.forget"]


@sqlite_only
async def test_a_hundred_damaged_records_delay_the_deletion_of_no_other(world: Books) -> None:
    async with world.database.write() as connection:
        gifts = [await gave(connection) for _ in range(103)]
        for number, gift in enumerate(gifts):
            await receipts.save(connection, Receipt(gift.id, gift.community, "due", "", NOW, DONOR))
            at = NOW + timedelta(seconds=number)
            await receipts.save_donor(connection, SealedDonor(gift.id, gift.community, "", b"", NOW, at))
        await refuse(connection, "DELETE", "receipt_donors", f"OLD.delete_at < {(NOW.timestamp() + 101) * 1e6:.0f}")
    assert await wanted(world).delete_due(NOW + ONE) == 2
    async with world.database.read() as connection:
        assert len(await receipts.donors(connection, [gift.id for gift in gifts])) == 101


def test_a_form_without_consent_or_with_invalid_fields_is_refused() -> None:
    good = {"name": NAME, "phone": "0595 2269 0000", "consent": "yes"}
    assert read_donor(good) == Donor(NAME, phone="0595 2269 0000")
    for change, field in (
        ({"consent": ""}, "consent"),
        ({"name": " "}, "name"),
        ({"phone": ""}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"email": "nobody"}, "email"),
        ({"tax_id": "<script>"}, "tax_id"),
        ({"address": "x" * 201}, "address"),
    ):
        back = read_donor({**good, **change})
        assert isinstance(back, FaultyForm)
        assert set(back.faults) == {field}, change


async def test_the_key_is_created_once_outside_the_database(database: Database, tmp_path: Path) -> None:
    state = tmp_path / "fresh"
    seals = await asyncio.gather(*(open_seal(database, state, None) for _ in range(4)))
    assert len({seal.key for seal in seals}) == 1
    assert (state / "receipts.key").stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in state.iterdir()) == ["receipts.key"]
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "receipts.key").write_bytes(bytes(32))
    assert (await open_seal(database, state, credentials)).key == bytes(32)


async def test_a_missing_or_wrong_key_is_refused_while_data_is_stored(database: Database, tmp_path: Path) -> None:
    world = await books(database)
    gift = await world.paid()
    seal = await open_seal(database, tmp_path, None)
    await wanted(world, seal).request(gift.id, Donor(NAME, phone="12345"), NOW)
    assert (await open_seal(database, tmp_path, None)).key == seal.key
    seal.file.unlink()
    with pytest.raises(StateRefused, match=r"receipts\.key is missing: 1"):
        await open_seal(database, tmp_path, None)
    seal.file.write_bytes(bytes(32))
    with pytest.raises(StateRefused, match=r"receipts\.key is another key"):
        await open_seal(database, tmp_path, None)
    with pytest.raises(SealBroken):  # a second server with a key of its own
        await wanted(world, Seal(bytes(32), seal.file)).request(gift.id, Donor(NAME, phone="12345"), NOW)


async def a_gift(central: RunningCentral, gateway: DeliveringGateway, phone: Phone) -> Page:
    """Return the own page of a paid gift."""
    page = await phone.give(f"{central.url}/t/{gateway.ticket(gateway.intent())}")
    while "Thank you" not in page.text():
        await asyncio.sleep(0.05)
        page = await phone.open(page.url)
    return page


async def test_the_gifts_own_page_is_its_slip(
    central: RunningCentral, gateway: DeliveringGateway, donor: Phone, session: aiohttp.ClientSession
) -> None:
    page = await a_gift(central, gateway, donor)
    text = " ".join(page.text().split())
    for words in (
        "Slip number",
        capitals(5000),
        "DRILL-F-1",
        "DRILL-1",
        "This slip is not the official donation receipt.",
        "Do you need an official receipt?",
    ):
        assert words in text
    verify = re.search(r'href="(/v/[0-9a-f]{32})"', page.html)
    assert verify is not None
    assert (await donor.open(central.url + verify[1])).status == 200
    async with session.get(f"{page.url}/slip.pdf") as answer:
        assert (answer.status, answer.content_type) == (200, "application/pdf")
        assert (await answer.read()).startswith(b"%PDF-")
        assert answer.headers["Cache-Control"] == "no-store"
    for path in ("slip.pdf", "receipt"):
        nobody = await donor.open(f"{central.url}/g/{'A' * 43}/{path}")
        assert nobody.status == 404


async def test_a_donor_requests_a_receipt_and_staff_issue_it(
    central: RunningCentral,
    gateway: DeliveringGateway,
    donor: Phone,
    session: aiohttp.ClientSession,
    caplog: Any,
    capfd: Any,
) -> None:
    page = await a_gift(central, gateway, donor)
    form = await donor.open(f"{page.url}/receipt")
    assert "deleted 90 days after the receipt is issued" in " ".join(form.text().split())
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', form.html)
    assert csrf is not None
    without = await donor.send(form.url, {**FORM, "csrf": csrf[1], "consent": "no"})
    assert without.status == 422
    assert NAME in without.html  # nothing typed is lost
    asked = await donor.send(form.url, {**FORM, "csrf": csrf[1]})
    assert "You have requested it." in asked.text()
    assert NAME not in asked.html
    await logged_in(central, donor)
    listed = await donor.open(f"{central.url}/staff/receipts")
    assert NAME not in listed.html
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', listed.html)
    issue = re.search(r'action="(/staff/receipts/[0-9a-f]{32})"', listed.html)
    assert token is not None
    assert issue is not None
    async with session.post(f"{central.url}/staff/receipts/data", data={"csrf": token[1]}) as answer:
        assert answer.status == 200
        sheet = load_workbook(io.BytesIO(await answer.read())).active
    cells_ = [cell.value for cell in list(sheet.iter_rows())[1]]
    assert (cells_[2], cells_[3], cells_[8], cells_[10]) == (50, capitals(5000), NAME, "donor@example.org")
    await donor.send(central.url + issue[1], {"csrf": token[1], "number": "R-2026-7"})
    assert "R-2026-7" in (await donor.open(form.url)).text()
    async with central.database() as database, database.read() as connection:
        trail = [line.action.name for _, line in await audit_trail.page(connection, [TOP])]
    assert trail[:2] == ["receipt.issue", "receipt.download"]
    output = caplog.text + "".join(capfd.readouterr())
    assert NAME not in output
    assert "donor@example.org" not in output
    for file in central.state.iterdir():
        assert NAME.encode() not in file.read_bytes(), file


async def test_another_sites_form_is_refused(
    central: RunningCentral, gateway: DeliveringGateway, donor: Phone, session: aiohttp.ClientSession
) -> None:
    page = await a_gift(central, gateway, donor)
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    async with session.post(
        f"{page.url}/receipt", data={"choice": "waived", "csrf": "0" * 64}, headers=headers
    ) as answer:
        assert answer.status == 403
    assert "Do you need an official receipt?" in (await donor.open(page.url)).text()


async def test_a_server_without_the_key_does_not_start(
    tmp_path: Path, bank: RunningBank, store_url: str, session: aiohttp.ClientSession, donor: Phone
) -> None:
    state = tmp_path / "central"
    async with running_central(state, bank, store=store_url) as central:
        gateway = DeliveringGateway(session, central.url)
        page = await a_gift(central, await enrolled(central, gateway), donor)
        form = await donor.open(f"{page.url}/receipt")
        csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', form.html)
        assert csrf is not None
        await donor.send(form.url, {**FORM, "csrf": csrf[1]})
    (state / "receipts.key").unlink()
    with pytest.raises(StateRefused, match=r"receipts\.key"):
        async with running_central(state, bank, store=store_url):
            pass


async def test_receipts_are_hidden_without_the_right_to_money(central: RunningCentral, donor: Phone) -> None:
    await account(central, "chen")
    async with central.database() as database:
        await set_password(database, "wu", "correct horse battery", NOW, place=TOP, role=Role.staff)
    await donor.press(await donor.open(f"{central.url}/staff/"), name="wu", password="correct horse battery")
    assert (await donor.open(f"{central.url}/staff/receipts")).status == 404
