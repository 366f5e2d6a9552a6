"""What the bank takes beyond a purse's balance is owed by the organisation, is shown, and is covered by two people."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from central_server.alerts.task_kinds import TaskKind
from central_server.alerts.tasks import find_tasks
from central_server.donations import refund_approval
from central_server.donations.refund_approval import RefundNotPossible, RefundProblem
from central_server.ledger import spending
from central_server.ledger.journal import post_refund
from central_server.ledger.publication import Publisher
from central_server.ledger.spending import SpendingProblem
from central_server.public.phone_pages.board_page import Board
from central_server.store.donations import refunds
from central_server.store.donations.refunds import OWN_MEANS, StoredRefund
from central_server.store.engine.database import Database
from central_server.store.engine.tables import purses as purses_table
from central_server.store.ledger import ledger_lines, purses
from central_server.store.ledger.purses import PurseRow
from central_server.store.places.places import TOP
from sync_contract.strict_model import Environment
from tests.unit.central_server.catalogue_world import huada
from tests.unit.central_server.ledger.test_spending import VOUCHER, ask, decide, hall, refused, wanted
from tests.unit.central_server.ledger_world import ANY_PAYEE, HUADA, NOW, charged, gave_back, given

__all__ = ["hall", "huada"]


async def purse(database: Database, project: str = "lunch") -> PurseRow:
    async with database.read() as connection:
        return await purses.get(connection, ("huada", "drill", project))


async def spent(database: Database, fen: int) -> None:
    await decide(database, await ask(database, wanted(amount_minor=fen)))


async def asked(database: Database, attempt: str, fen: int) -> StoredRefund:
    async with database.write() as connection:
        return await refund_approval.request_refund(
            connection, attempt, fen, "wrong project", bank="sandbox", by="lin", now=NOW
        )


async def approved(database: Database, refund: StoredRefund, source: str = "") -> StoredRefund:
    async with database.write() as connection:
        return await refund_approval.decide_refund(
            connection, refund.id, approve=True, note="", by="chen", now=NOW, source=source
        )


async def test_no_purse_goes_below_zero_and_the_board_shows_what_the_organisation_owes(hall: Database) -> None:
    gifts = await given(hall, *[3000] * 10)
    await spent(hall, 40_000)
    for each in gifts[:5]:
        await gave_back(hall, each, 3000)
        await charged(hall, each, 12)
    assert await purse(hall) == PurseRow(*HUADA, await _lines(hall), 0, 15_060)
    with pytest.raises(IntegrityError):
        async with hall.write() as connection:
            await connection.execute(update(purses_table).values(balance_minor=-1))
    publisher = Publisher(hall, Ed25519PrivateKey.generate(), Environment.drill, lambda: NOW)
    await publisher.publish_waiting()
    page = await Board(hall, Environment.drill).load("huada", NOW)
    assert page is not None
    assert [(each.sums.balance, each.sums.owed) for each in page.projects if each.id == "lunch"] == [(0, 15_060)]
    async with hall.read() as connection:
        tasks = await find_tasks(connection, (), [TOP], [TOP], "drill", NOW)
    assert [(each.kind, each.amount and each.amount.minor) for each in tasks if each.kind is TaskKind.shortfall] == [
        (TaskKind.shortfall, 15_060)
    ]
    own = wanted(amount_minor=10_000, covers=True, payee="")
    assert await refused(ask(hall, replace(own, amount_minor=15_061))) is SpendingProblem.more_than_owed
    assert await refused(ask(hall, replace(own, voucher=None))) is SpendingProblem.voucher
    await ask(hall, own)
    assert await refused(decide(hall, own, "lin")) is SpendingProblem.same_person
    await decide(hall, own)
    assert await purse(hall) == PurseRow(*HUADA, await _lines(hall), 0, 5060)
    await given(hall, *[2000] * 5, project="ended")
    other = wanted(amount_minor=5060, covers=True, payee="", voucher=None, project="ended", to_project="lunch")
    await decide(hall, await ask(hall, other))
    assert await purse(hall) == PurseRow(*HUADA, await _lines(hall), 0, 0)
    assert (await purse(hall, "ended")).balance_minor == 4940
    await publisher.publish_waiting()
    page = await Board(hall, Environment.drill).load("huada", NOW)
    assert page is not None
    assert {each.id: each.sums.balance for each in page.projects if each.at is not None} == {"lunch": 0, "ended": 4940}
    assert all(each.sums.owed >= 0 for each in page.projects)


async def _lines(database: Database) -> int:
    async with database.read() as connection:
        lines = await ledger_lines.of_purse(connection, *HUADA)
    assert [line.n for line in lines] == list(range(1, len(lines) + 1))
    balance = 0
    for line in lines:
        balance += line.signed_minor
        assert balance >= 0, f"below zero after line {line.n}"
    return len(lines)


async def test_a_refund_of_spent_money_needs_a_source_that_the_second_person_names(hall: Database) -> None:
    (gift,) = await given(hall, 4000)
    (other,) = await given(hall, 900, project="ended")
    await spent(hall, 13_000)
    request = await asked(hall, gift.id, 3000)
    for source, problem in (
        ("", RefundProblem.source),
        ("lunch", RefundProblem.source),
        ("nothing", RefundProblem.source),
        ("ended", RefundProblem.source_balance),
    ):
        with pytest.raises(RefundNotPossible) as error:
            await approved(hall, request, source)
        assert error.value.problem is problem
    decided = await approved(hall, request, OWN_MEANS)
    assert (decided.source, decided.source_minor) == (OWN_MEANS, 2000), "a thousand is left"
    assert await refused(ask(hall, wanted(amount_minor=1))) is SpendingProblem.balance, "the rest is reserved"
    async with hall.write() as connection:
        await post_refund(
            connection, gift, request.id, 3000, evidence="", at=NOW, source=decided.source, source_minor=2000
        )
        await refunds.end(connection, replace(decided, state="sent"), refunds.RefundState.refunded, "")
    assert (await purse(hall)).balance_minor == (await purse(hall)).owed_minor == 0
    last = await approved(hall, await asked(hall, gift.id, 500), "ended")
    assert (last.source, last.source_minor) == ("ended", 500)
    assert await refused(ask(hall, wanted(project="ended", amount_minor=401))) is SpendingProblem.balance
    await gave_back(hall, other, 900)
    async with hall.write() as connection:
        await post_refund(connection, gift, last.id, 500, evidence="", at=NOW, source="ended", source_minor=500)
    assert (await purse(hall)).balance_minor == (await purse(hall, "ended")).balance_minor == 0
    assert (await purse(hall)).owed_minor == 500, "the source is empty: a real movement is posted all the same"


async def test_expected_fees_are_reserved_until_the_file_contains_the_payment(hall: Database) -> None:
    rules = replace(ANY_PAYEE, fee_basis_points=60)

    async def problem(fen: int) -> Any:
        async def ask_for(fen: int) -> None:
            async with hall.write() as connection:
                await spending.ask(connection, wanted(amount_minor=fen), NOW, rules)

        return await refused(ask_for(fen))

    assert await problem(9941) is SpendingProblem.balance
    async with hall.write() as connection:
        await spending.ask(connection, wanted(amount_minor=9940), NOW, rules)


async def test_a_new_payee_waits_and_gets_no_more_than_the_limit(hall: Database) -> None:
    rules = replace(ANY_PAYEE, new_payee_wait=timedelta(hours=24), new_payee_minor=4000)

    async def approve(fen: int, **later: float) -> None:
        one = await ask(hall, wanted(amount_minor=fen))
        async with hall.write() as connection:
            at = NOW + timedelta(**later)
            await spending.approve(connection, one, by="chen", note="", now=at, rules=rules)

    assert await refused(approve(3000, hours=23)) is SpendingProblem.new_payee_wait
    assert await refused(approve(4001, hours=24)) is SpendingProblem.new_payee_limit
    await approve(3000, hours=24)
    assert await refused(approve(1001, hours=25)) is SpendingProblem.new_payee_limit
    await approve(1000, hours=25)
    await approve(2000, days=31)


async def test_the_voucher_of_a_cover_is_that_of_the_organisation(hall: Database) -> None:
    (gift,) = await given(hall, 1000)
    await spent(hall, 11_000)
    await gave_back(hall, gift, 1000)
    own = await ask(hall, wanted(amount_minor=1000, covers=True, payee="", purpose="paid in"))
    await decide(hall, own)
    async with hall.read() as connection:
        lines = (await ledger_lines.of_purse(connection, *HUADA))[-2:]
    assert [(line.kind, line.amount_minor, line.evidence) for line in lines] == [
        ("moved_in", 1000, VOUCHER),
        ("shortfall", -1000, VOUCHER),
    ]
