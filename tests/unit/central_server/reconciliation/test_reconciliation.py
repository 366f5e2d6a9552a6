"""The bank's files against our books: every planted difference is found, none is invented, nothing is done twice."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from central_server.donations.late_payment import HOLD_PERIOD
from central_server.reconciliation.day_totals import SideTotals, load_day_totals
from central_server.reconciliation.fees import FeeRule
from central_server.statistics.periods import Span, period_of
from central_server.statistics.report import build_report
from central_server.store.accounts import audit_trail
from central_server.store.donations.attempts import AttemptState
from central_server.store.engine.database import Database
from central_server.store.engine.tables import statement_rows
from central_server.store.ledger import ledger_lines, purses
from central_server.store.ledger.ledger_lines import LedgerLine, LineKind
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences, statements
from central_server.store.reconciliation.statements import RowResult
from central_server.store.statistics.figure_filter import FigureScope
from sync_contract.permit import OFFICIAL_TIME
from tests.unit.central_server.reconciling_world import (
    DAY,
    NOW,
    ONE,
    Books,
    back,
    books,
    file,
    number,
    row,
    strange,
    world,
)

__all__ = ["world"]

WEEK = timedelta(days=7)


async def test_a_matching_file_has_no_differences(world: Books) -> None:
    gifts = [await world.paid(1000 + number_) for number_ in range(5)]
    assert await world.take(*(row(gift, fee=6) for gift in gifts))
    assert not await world.found()
    for gift in gifts:
        attempt_ = await world.now(gift)
        assert attempt_.statement is not None
        assert attempt_.state == AttemptState.paid
        assert [(line.kind, line.amount_minor) for line in await world.lines(gift)] == [
            ("paid", gift.amount_minor),
            ("fee", 6),
        ]


async def test_twenty_planted_differences_are_found_and_none_is_invented(world: Books) -> None:
    before = NOW - 2 * WEEK
    good = [await world.paid(1000 + each, at=before) for each in range(60)]
    unheard = [await world.opened(3000 + each, at=before) for each in range(3)]
    late = [await world.paid(4000, at=before, late=True) for _ in range(3)]
    back_again = [await world.paid(2000 + each, at=before) for each in range(3)]
    done = [await world.refunded(each, 2000, at=before) for each in back_again]
    missing = [await world.paid(9000 + each, at=before) for each in range(3)]
    missed_refund = await world.refunded(good[59], 100, at=before)
    declined = await world.declined(good[58], 50)
    gone = good[57]
    planted = [
        *(strange("a" * 32), strange("no order of ours at all"), strange("", evidence="S1")),
        *(row(good[0], minor=good[0].amount_minor + 1), row(good[1], minor=good[1].amount_minor - 1)),
        *(row(good[2]), row(good[2])),
        *(row(good[4], fee=-1), row(good[5], fee=good[5].amount_minor + 1)),
        *(back("b" * 32, 10), back("c" * 32, 10, refers=number(good[6]))),
        back("d" * 32, 4001, refers=number(late[0])),
        *(back(done[0].id, 1999), back(done[1].id, 2000), back(done[1].id, 2000)),
        back(declined.id, 50),
    ]
    fitting = [
        *(row(each, fee=1) for each in unheard),
        *(row(each) for each in (*late, *back_again, good[3], *good[6:10], *good[58:])),
        *(row(each, fee=3) for each in good[10:57]),
        *(back("e" * 32, 4000, refers=number(late[1])), back(done[2].id, 2000)),
    ]
    day = before.astimezone(OFFICIAL_TIME).date()
    # Rows of one payment stay in their order; a refund of a day is never in a file before its payment.
    mixed = [*planted[:7], *fitting[: len(fitting) - 2], *planted[7:], *fitting[-2:]]
    world.bank.files = {
        day: file([*mixed[:50], row(gone)], day),
        day + ONE: file(mixed[50:], day + ONE),
        day + 2 * ONE: file([row(good[3])], day + 2 * ONE),
    }
    night = await world.nightly.run(NOW)
    assert night.imported == sorted(world.bank.files)
    world.bank.files[day] = file(mixed[:50], day, "again")
    await world.nightly.run(NOW, (day,))
    assert await world.kinds() == {
        "theirs_only": 3,
        "amount_differs": 3,
        "duplicate_row": 3,
        "fee_differs": 2,
        "refund_unknown": 4,
        "ours_only": 4,
        "row_gone": 1,
    }
    assert sum((await world.kinds()).values()) == 20
    missed = {each.order_id for each in await world.found() if each.kind == "ours_only"}
    assert missed == {*(each.id for each in missing), missed_refund.id}
    for each in unheard:
        assert (await world.now(each)).state == AttemptState.paid
    assert (await world.now(late[1])).state == AttemptState.refunded
    again = await world.nightly.run(NOW, tuple(world.bank.files))
    assert again.imported == list(world.bank.files)
    assert len(await world.found()) == 20
    await _all_days_balance(world)


async def _all_days_balance(world: Books) -> None:
    """Each day's file, ledger and twenty differences add up; no file contains `ours_only`."""
    async with world.database.read() as connection:
        days = await load_day_totals(connection, [TOP], "drill")
        own = await load_day_totals(connection, ["huada"], "drill")
    assert [each.day for each in days] == sorted(world.bank.files, reverse=True)
    assert all(each.balances for each in (*days, *own))
    assert sum(each.open for each in days) + 4 == 20  # what no file has is no row of one
    assert sum(each.rows for each in days) == sum(each.rows for each in own) + 4  # rows of nobody's payment


async def test_the_three_equalities_are_of_the_file_and_the_ledger(world: Books) -> None:
    first, second = await world.paid(5000, at=NOW - ONE), await world.paid(3000, at=NOW - ONE)
    sent = await world.refunded(first, 1200, at=NOW)
    rows = (row(first, fee=30), row(second, fee=18), back(sent.id, 1200, fee=-7), strange("x" * 32, 700))
    await world.take(*rows)
    async with world.database.read() as connection:
        (day,) = await load_day_totals(connection, [TOP], "drill")
    assert (day.rows, day.matched, day.unmatched, day.open) == (4, 3, 0, 1)
    assert day.theirs == SideTotals(8700, 1200, 41)
    assert day.ours == SideTotals(8000, 1200, 41)
    assert day.differing == SideTotals(700, 0, 0)
    assert (day.theirs.moved, day.theirs.net) == (7500, 7459)
    assert day.balances
    async with world.database.write() as connection:  # somebody with the database's password
        await connection.execute(update(statement_rows).where(statement_rows.c.line == 2).values(attempt=None))
    async with world.database.read() as connection:
        (day,) = await load_day_totals(connection, [TOP], "drill")
    assert not day.balances


async def test_the_same_file_twice_changes_nothing(world: Books) -> None:
    gift = await world.paid()
    rows = (row(gift, fee=5), strange("x" * 32))
    assert await world.take(*rows)
    before = (await world.found(), await world.lines(gift), await world.now(gift))
    assert not await world.take(*rows)
    assert (await world.found(), await world.lines(gift), await world.now(gift)) == before


async def test_a_newer_edition_counts_no_row_twice(world: Books) -> None:
    first, second = await world.paid(), await world.paid()
    await world.take(row(first, fee=5))
    assert await world.take(row(first, fee=5), row(second), edition="2")
    assert not await world.found()
    assert [line.kind for line in await world.lines(first)] == ["paid", "fee"]
    assert (await world.now(second)).statement is not None


async def test_a_payment_known_only_from_the_file_is_posted_and_held(world: Books) -> None:
    sent = await world.opened()
    expired = await world.opened(state=AttemptState.expired)
    await world.take(row(sent), row(expired))
    assert not await world.found()
    for attempt, late in ((sent, False), (expired, True)):
        attempt_ = await world.now(attempt)
        assert attempt_.state == AttemptState.paid
        assert attempt_.evidence == number(attempt)
        assert attempt_.refundable_from == NOW + HOLD_PERIOD
        assert [line.late for line in await world.lines(attempt)] == [late]
    assert world.pokes == 2


async def test_a_row_with_only_a_fee_is_a_fee(world: Books) -> None:
    gift = await world.paid()
    await world.take(row(gift, fee=30))
    await world.take(row(gift, minor=0, fee=-10, evidence="Z1"), day=DAY + ONE)
    assert not await world.found()
    assert [line.amount_minor for line in await world.lines(gift) if line.kind == "fee"] == [30, -10]


async def test_a_fee_is_compared_with_the_contract(database: Database) -> None:
    world = await books(database)
    world.fees = FeeRule(60)
    fair, dear = await world.paid(5000), await world.paid(1250)
    await world.take(row(fair, fee=30), row(dear, fee=9))
    assert [(each.kind, each.ours_minor, each.theirs_minor) for each in await world.found()] == [("fee_differs", 8, 9)]


async def test_a_missing_payment_is_reported_once_and_settled_by_a_later_file(world: Books) -> None:
    gift = await world.paid(at=NOW - WEEK)
    for _ in range(2):
        await world.nightly.run(NOW)
    day, missing = await world.found()
    assert (day.kind, missing.kind, missing.attempt, missing.ours_minor) == ("file_missing", "ours_only", gift.id, 5000)
    await world.take(row(gift), day=DAY)
    await world.nightly.run(NOW, ())
    assert not await world.found()
    settled = await world.found(settled=True)
    assert {each.id for each in settled} == {day.id, missing.id}
    assert {each.settled_by for each in settled} == {audit_trail.COMMAND_LINE}
    assert (await world.lines(gift))[0].amount_minor == 5000


async def test_nothing_counts_as_missing_before_all_days_were_checked(world: Books) -> None:
    await world.paid(at=NOW - WEEK)
    world.bank.away = True
    night = await world.nightly.run(NOW)
    assert list(night.failed) == [DAY - 8 * ONE]
    assert await world.kinds() == {"file_missing": 1}
    world.bank.away = False
    await world.nightly.run(NOW)
    assert await world.kinds() == {"file_missing": 1, "ours_only": 1}


async def test_a_settled_difference_stays_settled(world: Books) -> None:
    await world.take(strange("x" * 32))
    (found,) = await world.found()
    async with world.database.write() as connection:
        assert await differences.settle(connection, found.id, "chen", NOW, "a test payment of the bank")
        assert not await differences.settle(connection, found.id, "li", NOW, "me too")
    await world.take(strange("x" * 32), edition="2")
    assert not await world.found()
    (stored,) = await world.found(settled=True)
    assert (stored.settled_by, stored.reason) == ("chen", "a test payment of the bank")


async def test_another_banks_order_is_unknown(world: Books) -> None:
    gift = await world.opened(bank="other")
    await world.take(row(gift))
    assert await world.kinds() == {"theirs_only": 1}
    assert (await world.now(gift)).state == AttemptState.sent


async def test_every_row_stores_its_result(world: Books) -> None:
    gift = await world.paid()
    stored, _ = await world.work.import_statement(file([row(gift), row(gift), strange("x" * 32)]), NOW, cause="test")
    async with world.database.read() as connection:
        rows_ = [await statements.row(connection, stored.id, line) for line in (1, 2, 3)]
        counted = await statements.counts(connection, [stored.id])
    assert [each and each.result for each in rows_] == [
        RowResult.matched,
        RowResult.duplicate_row,
        RowResult.theirs_only,
    ]
    assert counted[stored.id] == {"matched": 1, "duplicate_row": 1, "theirs_only": 1}


async def test_fees_reduce_the_gifts_own_purse(world: Books) -> None:
    gift = await world.paid()
    await world.take(row(gift, fee=30))
    async with world.database.read() as connection:
        rows = await purses.of_community(connection, "huada", "drill")
    assert [(name, row.balance_minor) for name, row in rows.items()] == [("lunch", 4970)]


@given(st.integers(1, 10**9), st.integers(0, 1000))
def test_an_agreed_fee_is_rounded_to_the_nearest_fen(minor: int, basis_points: int) -> None:
    rule = FeeRule(basis_points)
    expected = rule.expected(minor)
    assert expected is not None
    assert abs(expected * 10000 - minor * basis_points) <= 5000
    assert rule.fits(minor, expected)
    assert not rule.fits(minor, expected + 1)


async def test_the_funnel_counts_reconciled_and_spent_gifts(world: Books) -> None:
    gifts = [await world.paid(1000 * each, at=NOW + timedelta(minutes=each)) for each in (1, 2, 3)]
    await world.take(row(gifts[0]), row(gifts[2]))
    spent = LedgerLine(
        "disbursed:1",
        LineKind.disbursed,
        "huada",
        "drill",
        "lunch",
        3000,
        "CNY",
        "0" * 32,
        "",
        NOW + timedelta(hours=1),
    )
    async with world.database.write() as connection:
        assert await ledger_lines.add(connection, spent)
    async with world.database.read() as connection:
        of = FigureScope([TOP])
        day = await build_report(connection, of, period_of(Span.day, DAY), "drill", NOW + ONE)
        there = await build_report(
            connection, FigureScope([TOP], gateway=world.gateway), period_of(Span.day, DAY), "drill", NOW
        )
    assert (day.sums["paid"], day.sums["reconciled"], day.sums["spent_fen"]) == (3, 2, 3000)
    assert {slot.spent_fen for slot in there.slots} == {None}
    assert day.funnel["reconciled"]["touch"] == 2
    assert day.funnel["spent"]["touch"] == 2  # 10 and 20 of 60 yuan: what came first is spent first
