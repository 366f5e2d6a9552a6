"""Gifts over a public page become paid only with evidence: all rows of a file or none, every bad row reported."""

import asyncio
from dataclasses import replace

import pytest

from central_server.catalogue.field_parsing import Word
from central_server.reconciliation import evidence
from central_server.reconciliation.evidence import COLUMNS, EvidencePlan, head
from central_server.sheets import sheet_reader_process
from central_server.sheets.sheet_reader import Sheet
from central_server.sheets.sheet_writer import xlsx_file
from central_server.store.accounts import audit_trail
from central_server.store.donations import attempts, intents, unconfirmed_gifts
from central_server.store.donations.attempts import AttemptState
from central_server.store.donations.intents import Intent
from central_server.store.engine.connection import Connection
from central_server.store.ledger import ledger_lines, purses
from central_server.store.places.places import TOP
from sync_contract.records import IntentState
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from tests.unit.central_server.reconciling_world import DAY, NOW, ONE, Books, books, world

__all__ = ["world"]


async def linked(world: Books, minor: int = 5000, *, tried: bool = False) -> Intent:
    """`tried`: over this server's page, which leaves an attempt; else a gateway handed over by itself."""
    if tried:
        attempt = await world.opened(minor, state=AttemptState.unconfirmed, bank="link")
        async with world.database.write() as connection:
            intent = await intents.lock(connection, attempt.gateway, attempt.intent)
            assert intent is not None
            await intents.move(connection, intent, IntentState.unconfirmed, at=NOW, cause="attempt", evidence="")
        return replace(intent, state=IntentState.unconfirmed.value)
    intent = Intent(
        world.gateway, new_id(), world.community, "drill", "lunch", minor, "CNY", None, 1, "link", "touch", NOW,
        "parcel", IntentState.unconfirmed.value,
    )  # fmt: skip
    async with world.database.write() as connection:
        await intents.add(connection, [intent])
    return intent


async def sheet(world: Books, filled: dict[str, str], language: Language = Language.zh_hans, **changes: str) -> Sheet:
    """The list as it is downloaded, with numbers in the rows of these gifts, sent back as a workbook."""
    async with world.database.read() as connection:
        waiting = evidence.template_rows(await unconfirmed_gifts.every(connection, [TOP], "drill"))
    uploaded = [
        tuple(
            filled.get(str(cells[0])) if name == "evidence" else changes.get(name, cell)
            for name, cell in zip(COLUMNS, cells, strict=True)
        )
        for cells in waiting
    ]
    content = await asyncio.to_thread(xlsx_file, "gifts", [[head(name, language) for name in COLUMNS], *uploaded])
    return await sheet_reader_process.open_sheet(content)


async def planned(world: Books, uploaded: Sheet, tops: tuple[str, ...] = (TOP,)) -> EvidencePlan:
    async with world.database.read() as connection:
        return await evidence.plan_import(connection, uploaded, tops, "drill", NOW)


async def applied(world: Books, uploaded: Sheet) -> EvidencePlan:
    async def work(connection: Connection) -> EvidencePlan:
        await connection.alone("evidence")
        await evidence.lock_gifts(connection, await evidence.plan_import(connection, uploaded, [TOP], "drill", NOW))
        found = await evidence.plan_import(connection, uploaded, [TOP], "drill", NOW)
        if not found.faults:
            await evidence.apply_import(connection, found, "li", "chen", "list.xlsx", NOW)
        return found

    return await world.database.written(work)


async def test_a_gift_of_another_amount_is_confirmed_with_what_was_paid(world: Books) -> None:
    gift = await linked(world, 5000, tried=True)
    found = await applied(world, await sheet(world, {gift.id: "P-1"}, amount_yuan="66.60"))
    assert [(each.amount_minor, each.registered_minor) for each in found.confirmed] == [(6660, 5000)]
    async with world.database.read() as connection:
        (line,) = await ledger_lines.of_intent(connection, gift.gateway, gift.id)
        tried = await attempts.of_intent(connection, gift.gateway, gift.id)
        stored = await intents.get(connection, gift.gateway, gift.id)
    assert (line.kind, line.amount_minor) == ("paid", 6660)
    assert [(each.amount_minor, each.state) for each in tried] == [(5000, "unconfirmed"), (6660, "paid")]
    assert stored is not None
    assert stored.state == "paid"


async def test_a_payment_of_an_impossible_day_is_refused(world: Books) -> None:
    gift = await linked(world, 5000, tried=True)
    for paid_on in ("0001-01-01", "9999-12-31", f"{DAY + ONE}", f"{DAY - 3 * 366 * ONE}"):
        (fault,) = (await applied(world, await sheet(world, {gift.id: "P-1"}, paid_on=paid_on))).faults
        assert (fault.column, fault.fault.word) == ("paid_on", Word.day_outside), paid_on
    assert not (await applied(world, await sheet(world, {gift.id: "P-1"}, paid_on=f"{DAY}"))).faults


@pytest.mark.parametrize("tried", [False, True])
async def test_evidence_makes_a_gift_paid_once(world: Books, tried: bool) -> None:
    gift, other = await linked(world, 5000, tried=tried), await linked(world, 800)
    uploaded = await sheet(world, {gift.id: "P-1001"})
    found = await applied(world, uploaded)
    assert (len(found.confirmed), found.empty, found.faults) == (1, 1, ())
    async with world.database.read() as connection:
        stored = await intents.get(connection, gift.gateway, gift.id)
        (attempt,) = await attempts.of_intent(connection, gift.gateway, gift.id)
        lines = await ledger_lines.of_intent(connection, gift.gateway, gift.id)
        waiting = await unconfirmed_gifts.every(connection, [TOP], "drill")
        changes = await intents.history(connection, gift.gateway, gift.id)
        trail = await audit_trail.page(connection, [TOP])
    assert stored is not None
    assert (stored.state, stored.slip) == ("paid", lines[0].slip)
    assert (attempt.state, attempt.evidence, attempt.bank) == ("paid", "P-1001", "link")
    assert [(line.kind, line.amount_minor, line.late) for line in lines] == [("paid", 5000, False)]
    assert lines[0].evidence.startswith("P-1001")
    assert {change.cause for change in changes if change.after == "paid"} == {"import"}
    assert [each.id for each in waiting] == [other.id]
    assert [line.action.name for _, line in trail] == ["evidence.import"]
    again = await planned(world, uploaded)
    assert {fault.fault.word for fault in again.faults} == {Word.gift_settled, Word.evidence_used}


async def test_every_bad_row_is_reported_and_nothing_is_imported(world: Books) -> None:
    gifts = [await linked(world, 1000 + each) for each in range(4)]
    taken = await linked(world, 900)
    await applied(world, await sheet(world, {taken.id: "P-1"}))
    good = await sheet(world, {gifts[0].id: "P-2", gifts[1].id: "P-2", gifts[2].id: "P-1", gifts[3].id: "P-9"})
    unknown = (9, (new_id(), "", "lunch", "10", "", "P-7", ""))
    price, number = COLUMNS.index("amount_yuan"), COLUMNS.index("evidence")
    wrong = [
        (at, (*cells[:price], "0", *cells[price + 1 :]) if cells[number] == "P-9" else cells) for at, cells in good.rows
    ]
    found = await applied(world, Sheet(good.head, (*wrong, unknown)))
    uploaded = [(fault.row, fault.column, fault.fault.word) for fault in found.faults]
    assert sorted(uploaded) == [
        (3, "evidence", Word.repeated),
        (4, "evidence", Word.evidence_used),
        (5, "amount_yuan", Word.not_money),
        (9, "gift", Word.gift_unknown),
    ]
    async with world.database.read() as connection:
        for gift in gifts:
            stored = await intents.get(connection, gift.gateway, gift.id)
            assert stored is not None
            assert stored.state == "unconfirmed"


async def test_a_file_without_its_columns_is_refused(world: Books) -> None:
    found = await planned(world, Sheet(("gift", "note"), ((2, ("x", "y")),)))
    assert [(fault.row, fault.column) for fault in found.faults] == [(1, "amount_yuan"), (1, "evidence")]


async def test_another_communitys_gift_is_unknown(world: Books) -> None:
    neighbours = await books(world.database, "neighbours")
    gift = await linked(neighbours)
    uploaded = await sheet(world, {gift.id: "P-1"})
    assert not (await planned(world, uploaded)).faults
    (fault,) = (await planned(world, uploaded, ("huada",))).faults
    assert fault.fault.word is Word.gift_unknown


async def test_a_paid_gift_is_not_confirmed_again(world: Books) -> None:
    paid = await world.paid()
    row = (2, (paid.intent, "", "lunch", "50", "", "P-1", ""))
    (fault,) = (await planned(world, Sheet(tuple(COLUMNS), (row,)))).faults
    assert fault.fault.word is Word.gift_settled


async def test_one_number_in_two_concurrent_files_confirms_one_gift(world: Books) -> None:
    first, second = await linked(world), await linked(world, 800)
    files = [await sheet(world, {gift.id: "P-1"}) for gift in (first, second)]
    found = await asyncio.gather(*(applied(world, uploaded) for uploaded in files))
    assert sorted(len(each.faults) for each in found) == [0, 1]
    async with world.database.read() as connection:
        stored = await purses.get(connection, ("huada", "drill", "lunch"))
    assert stored.balance_minor in (5000, 800)
