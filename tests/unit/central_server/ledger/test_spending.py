"""Spending: by two people, never more than the balance, and never in a locked month."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from central_server.ledger import spending
from central_server.ledger.journal import NotReceived, post_fee, post_refund
from central_server.ledger.spending import SpendingProblem, SpendingRefused
from central_server.ledger.voucher_files import detect_content_type
from central_server.store.donations import refunds
from central_server.store.donations.refunds import StoredRefund
from central_server.store.engine.database import Database
from central_server.store.engine.tables import attempts
from central_server.store.ledger import disbursements, ledger_lines, locked_months, purses, vouchers
from central_server.store.ledger.disbursements import Disbursement
from central_server.store.ledger.ledger_lines import MonthLocked
from central_server.store.ledger.locked_months import LockedMonth, first_moment, month_after, open_time
from central_server.store.ledger.vouchers import Voucher
from sync_contract.uuid7 import new_id
from tests.unit.central_server.catalogue_world import edit, huada
from tests.unit.central_server.ledger_world import ANY_PAYEE, NOW, gave, given

__all__ = ["huada"]
VOUCHER = "5a" * 32


@pytest.fixture
async def hall(huada: Database) -> Database:
    """A community whose project `lunch` holds ¥100, with a voucher at hand."""
    await given(huada, 4000, 6000)
    async with huada.write() as connection:
        await vouchers.add(connection, Voucher(VOUCHER, "huada", "application/pdf", 4, b"%PDF", NOW, "lin"))
    return huada


def wanted(**changes: Any) -> Disbursement:
    one = Disbursement(
        new_id(), "huada", "drill", "lunch", 3000, "CNY", "rice", "the kitchen", VOUCHER, date(2026, 11, 20), 12, "",
        None, "lin", NOW,
    )  # fmt: skip
    return replace(one, **changes)


async def ask(database: Database, one: Disbursement) -> Disbursement:
    async with database.write() as connection:
        await spending.ask(connection, one, NOW, ANY_PAYEE)
    return one


async def decide(database: Database, one: Disbursement, by: str = "chen", *, approve: bool = True) -> None:
    async with database.write() as connection:
        stored = await disbursements.get(connection, one.id)
        assert stored is not None
        if approve:
            await spending.approve(connection, stored, by=by, note="", now=NOW, rules=ANY_PAYEE)
        else:
            await spending.decline(connection, stored, by=by, note="", now=NOW)


async def balance(database: Database, project: str = "lunch") -> int:
    async with database.read() as connection:
        return (await purses.get(connection, ("huada", "drill", project))).balance_minor


async def refused(work: Any) -> SpendingProblem:
    with pytest.raises(SpendingRefused) as error:
        await work
    return error.value.problem


async def test_an_approved_disbursement_is_in_the_ledger(hall: Database) -> None:
    one = await ask(hall, wanted())
    assert await balance(hall) == 10_000
    await decide(hall, one)
    assert await balance(hall) == 7000
    async with hall.read() as connection:
        line = await ledger_lines.get(connection, f"disbursed:{one.id}")
        stored = await disbursements.get(connection, one.id)
    assert line is not None
    assert (line.purpose, line.people, line.evidence, line.at.date()) == ("rice", 10, VOUCHER, date(2026, 11, 20))
    assert stored is not None
    assert (stored.state, stored.decided_by) == ("approved", "chen")


async def test_the_requester_cannot_decide_and_a_decision_is_final(hall: Database) -> None:
    one = await ask(hall, wanted())
    assert await refused(decide(hall, one, "lin")) is SpendingProblem.same_person
    assert await refused(decide(hall, one, "lin", approve=False)) is SpendingProblem.same_person
    async with hall.write() as connection:  # below the rule too
        assert not await disbursements.decide(
            connection, one, disbursements.DisbursementState.approved, by="lin", note="", at=NOW
        )
    await decide(hall, one, approve=False)
    assert await refused(decide(hall, one)) is SpendingProblem.decided
    assert await balance(hall) == 10_000


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"amount_minor": 0}, SpendingProblem.amount),
        ({"amount_minor": 10_001}, SpendingProblem.balance),
        ({"purpose": ""}, SpendingProblem.purpose),
        ({"purpose": "x" * 301}, SpendingProblem.purpose),
        ({"payee": ""}, SpendingProblem.payee),
        ({"voucher": None}, SpendingProblem.voucher),
        ({"spent_on": date(2026, 11, 25)}, SpendingProblem.day),
        ({"people": -1}, SpendingProblem.people),
        ({"project": "ended"}, SpendingProblem.balance),
        ({"community": "neighbours"}, SpendingProblem.balance),
        ({"environment": "real"}, SpendingProblem.balance),
    ],
)
async def test_an_invalid_disbursement_is_refused(
    hall: Database, changes: dict[str, Any], why: SpendingProblem
) -> None:
    assert await refused(ask(hall, wanted(**changes))) is why


async def test_concurrent_approvals_never_exceed_the_balance(hall: Database) -> None:
    both = [await ask(hall, wanted(amount_minor=6000)) for _ in range(2)]
    done = await asyncio.gather(*(decide(hall, one) for one in both), return_exceptions=True)
    errors = [each for each in done if each is not None]
    assert len(errors) == 1
    assert isinstance(errors[0], SpendingRefused)
    assert errors[0].problem is SpendingProblem.balance
    assert await balance(hall) == 4000


async def test_money_of_pending_refunds_cannot_be_spent(hall: Database) -> None:
    (attempt,) = await given(hall, 1000)
    refund = StoredRefund(new_id(), attempt.id, "huada", "drill", "lunch", 1000, "CNY", "twice", "approved", "lin", NOW)
    async with hall.write() as connection:
        await refunds.add(connection, refund)
    assert await refused(ask(hall, wanted(amount_minor=10_001))) is SpendingProblem.balance
    await ask(hall, wanted(amount_minor=10_000))


async def test_money_that_the_bank_may_return_cannot_be_spent(hall: Database) -> None:
    late, returned = await given(hall, 1000, 2000)
    async with hall.write() as connection:
        for attempt, until in ((late, NOW + timedelta(seconds=1)), (returned, NOW + timedelta(days=9))):
            await connection.execute(
                update(attempts).where(attempts.c.id == attempt.id).values(refundable_from=until, paid_at=NOW)
            )
        assert await post_fee(connection, late, "row", 6, evidence="", at=NOW)
    assert await refused(ask(hall, wanted(amount_minor=10_000))) is SpendingProblem.balance, (
        "the bank has taken six of it already"
    )
    await ask(hall, wanted(amount_minor=9994))
    async with hall.write() as connection:
        assert await post_refund(connection, returned, "r1", 2000, evidence="", at=NOW)
    assert await refused(ask(hall, wanted(amount_minor=9995))) is SpendingProblem.balance
    async with hall.write() as connection:
        await spending.ask(connection, wanted(amount_minor=10_994), NOW + timedelta(seconds=1), ANY_PAYEE)


async def test_corrections_never_exceed_the_spending(hall: Database) -> None:
    one = await ask(hall, wanted())
    part = wanted(amount_minor=2000, people=2, corrects=one.id, voucher=None, payee="")
    assert await refused(ask(hall, part)) is SpendingProblem.target, "it is not spent yet"
    await decide(hall, one)
    await ask(hall, part)
    await decide(hall, part)
    assert await balance(hall) == 9000
    async with hall.read() as connection:
        line = await ledger_lines.get(connection, f"disbursed:{part.id}")
    assert line is not None
    assert (line.amount_minor, line.refers, line.people) == (-2000, f"disbursed:{one.id}", 0), (
        "10 of 12 were published, and 10 remain"
    )
    assert await refused(ask(hall, replace(part, id=new_id(), amount_minor=1001))) is SpendingProblem.too_much
    assert await refused(ask(hall, replace(part, id=new_id(), amount_minor=1, people=11))) is SpendingProblem.people
    assert await refused(ask(hall, replace(part, id=new_id(), corrects=part.id))) is SpendingProblem.target


async def test_numbers_of_people_are_published_in_fives_and_the_rest_joins_the_next_one(hall: Database) -> None:
    helped, spent = 0, list[Disbursement]()
    for people in (3, 12, -3, 1, 4, -9, 4, 0, -4, 213):
        one = wanted(amount_minor=100, people=abs(people))
        if people < 0:
            one = replace(
                one, amount_minor=1, corrects=next(each.id for each in reversed(spent) if (each.people or 0) >= -people)
            )
        else:
            spent.append(one)
        await decide(hall, await ask(hall, one))
        helped += people
        async with hall.read() as connection:
            lines = await ledger_lines.of_purse(connection, *one.purse)
        stated = [(each.people or 0) * (-1 if each.amount_minor < 0 else 1) for each in lines]
        assert not any(each % 5 for each in stated), stated
        assert sum(stated) == helped - helped % 5
    with pytest.raises(IntegrityError):
        async with hall.write() as connection:
            await ledger_lines.add(connection, replace(lines[-1], identity="three", people=3))


async def test_left_over_money_moves_to_another_project_of_the_organisation(hall: Database) -> None:
    move = wanted(amount_minor=10_000, to_project="ended", payee="", voucher=None, people=None)
    assert await refused(ask(hall, move)) is SpendingProblem.not_ended
    await edit(hall, "all", withdrawn=True)
    assert await refused(ask(hall, replace(move, to_project="lunch"))) is SpendingProblem.target
    assert await refused(ask(hall, replace(move, to_project="nothing"))) is SpendingProblem.target
    await ask(hall, move)
    await decide(hall, move)
    assert (await balance(hall), await balance(hall, "ended")) == (0, 10_000)


async def test_money_does_not_move_between_organisations(hall: Database) -> None:
    await edit(hall, "all", withdrawn=True, organisation="somebody-else")
    move = wanted(amount_minor=1, to_project="ended", payee="", voucher=None)
    assert await refused(ask(hall, move)) is SpendingProblem.target


async def test_a_locked_month_accepts_no_line(hall: Database) -> None:
    one = await ask(hall, wanted(spent_on=date(2026, 10, 31)))
    async with hall.write() as connection:
        await ledger_lines.lock_ledger(connection, "huada")
        assert await locked_months.lock(connection, LockedMonth("huada", "drill", "2026-10", "chen", NOW))
        assert not await locked_months.lock(connection, LockedMonth("huada", "drill", "2026-10", "chen", NOW))
    assert await refused(decide(hall, one)) is SpendingProblem.month
    for day in (date(2026, 10, 1), date(2026, 9, 30), date(2026, 1, 1)):  # earlier months too
        assert await refused(ask(hall, wanted(spent_on=day))) is SpendingProblem.month
    for day in (date.min, date(2025, 11, 1), date.max):
        assert await refused(ask(hall, wanted(spent_on=day))) is SpendingProblem.day
    await decide(hall, await ask(hall, wanted(spent_on=date(2026, 11, 1))))
    async with hall.read() as connection:
        stored = await disbursements.get(connection, one.id)
        (line, *_) = await ledger_lines.of_purse(connection, "huada", "drill", "lunch")
    assert stored is not None
    assert stored.state == "requested", "the refused approval changed nothing"
    at = datetime(2026, 9, 30, 16, 0, tzinfo=UTC)  # midnight in Beijing: October
    async with hall.write() as connection:
        with pytest.raises(MonthLocked):
            await ledger_lines.add(connection, replace(line, identity="x", slip=None, at=at))


async def test_bank_movements_are_posted_after_locked_months(hall: Database) -> None:
    async with hall.write() as connection:
        await locked_months.lock(connection, LockedMonth("huada", "drill", "2026-12", "chen", NOW))
        attempt = await gave(connection, 700)
        assert await post_refund(connection, attempt, "1", 200, evidence="", at=NOW)
        assert not await post_refund(connection, attempt, "1", 200, evidence="", at=NOW)
        assert await post_fee(connection, attempt, "1", -3, evidence="", at=NOW)
        assert not await post_fee(connection, attempt, "2", 0, evidence="", at=NOW)
        lines = await ledger_lines.of_attempts(connection, [attempt.id])
        assert await open_time(connection, "huada", "real", NOW) == NOW
    assert [line.at for line in lines] == [datetime(2026, 12, 31, 16, 0, tzinfo=UTC)] * 3
    assert await balance(hall) == 10_000 + 700 - 200 + 3


async def test_a_refund_needs_a_received_payment_and_an_amount(hall: Database) -> None:
    async with hall.write() as connection:
        attempt = await gave(connection, 700)
        stranger = replace(attempt, id=new_id())
        with pytest.raises(NotReceived):
            await post_refund(connection, stranger, "1", 1, evidence="", at=NOW)
        with pytest.raises(ValueError, match="positive amount"):
            await post_refund(connection, attempt, "1", 0, evidence="", at=NOW)


@pytest.mark.parametrize(("month", "following"), [("2026-11", "2026-12"), ("2026-12", "2027-01")])
def test_a_month_begins_where_the_one_before_ends(month: str, following: str) -> None:
    assert month_after(month) == following
    assert locked_months.month_of(first_moment(following) - timedelta(microseconds=1)) == month
    assert locked_months.month_of(first_moment(following)) == following


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n...\n%%EOF\n", "application/pdf"),
        (b"%PDF-1.7\n cut off", None),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR....\0\0\0\0IEND\xaeB`\x82", "image/png"),
        (b"\xff\xd8\xff\xe0....\xff\xd9", "image/jpeg"),
        (b"\xff\xd8\xff\xe0....", None),
        (b"<html>%PDF-</html>", None),
        (b"MZ\x90", None),
        (b"", None),
    ],
)
def test_a_vouchers_type_is_detected_from_its_content(content: bytes, kind: str | None) -> None:
    assert detect_content_type(content) == kind
