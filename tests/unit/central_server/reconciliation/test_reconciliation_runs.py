"""Due days of the nightly run, and runs that are suspended, crash, or run concurrently."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

import aiohttp
import pytest
from sqlalchemy import select, text

from central_server.alerts.lifecycle import update_alerts
from central_server.alerts.notifier import AlertNotifier
from central_server.alerts.tasks import find_tasks
from central_server.alerts.wecom import RobotSender
from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from central_server.reconciliation import settlement_days, statement_import
from central_server.reconciliation.compared_days import Compared, load_compared
from central_server.staff.alerts.alert_wording import message_writer
from central_server.staff.frame.render import StaffTemplates
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Channel
from central_server.store.engine.tables import statement_rows
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences, reconciled_attempts, statement_sums, statements
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from tests.databases import sqlite_only
from tests.fakes.wecom_robot import running_robot
from tests.unit.central_server.reconciling_world import DAY, NOW, ONE, Books, back, file, number, row, strange, world
from tests.unit.central_server.test_bad_records import refuse

__all__ = ["world"]

SITE = Texts.model_validate({"zh-Hans": "全市", "zh-Hant": "全市", "en": "City"})


async def test_concurrent_imports_of_a_file_do_everything_once(world: Books) -> None:
    gifts = [await world.paid(1000 + each) for each in range(6)]
    late = await world.paid(late=True)
    unheard = await world.opened()
    rows = [
        *(row(each, fee=2) for each in gifts),
        *(row(late), row(unheard), row(gifts[0]), strange("x" * 32)),
        back("f" * 32, 5000, refers=number(late)),
    ]
    await asyncio.gather(*(world.work.import_statement(file(rows), NOW, cause="test") for _ in range(4)))
    assert await world.kinds() == {"duplicate_row": 1, "theirs_only": 1}
    for gift in gifts:
        assert [line.kind for line in await world.lines(gift)] == ["paid", "fee"]
    assert [line.kind for line in await world.lines(late)] == ["paid", "refund"]
    assert [line.kind for line in await world.lines(unheard)] == ["paid"]


async def test_rows_of_a_crashed_run_are_matched_by_the_next(world: Books) -> None:
    gift, other = await world.paid(), await world.paid()
    statement = file([row(gift, fee=5), row(other)])
    work = world.work
    async with world.database.write() as connection:
        rows = [
            statements.NewRow(
                each.line, each.movement.value, each.order, each.amount.minor, "CNY", each.fee_minor, each.evidence, ""
            )
            for each in statement.rows
        ]
        stored, _ = await statements.begin(
            connection,
            work.bank,
            "drill",
            TOP,
            statement.day,
            statement.name,
            statement.content,
            len(rows),
            at=NOW,
            cause="died",
        )
        await statements.add_rows(connection, stored.id, list(statements.identify(rows)))
        await statements.complete(connection, stored.id)
    for accepted in (frozenset(), frozenset({(work.bank, DAY)})):
        async with world.database.read() as connection:
            assert await statements.accepted_days(connection, world.community, "drill") == accepted
        await world.nightly.run(NOW, ())
    assert (await world.now(gift)).statement is not None
    assert [line.kind for line in await world.lines(gift)] == ["paid", "fee"]


@sqlite_only
async def test_a_file_is_stored_in_slices_and_visible_with_the_last_one(
    world: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement_import, "SLICE", 2)
    gifts = [await world.paid() for _ in range(5)]
    world.bank.files[DAY] = file([row(gift, fee=5) for gift in gifts])
    async with world.database.write() as connection:
        await refuse(connection, "INSERT", "statement_rows", "NEW.line = 4")
    assert (await world.nightly.run(NOW, (DAY,))).failed.keys() == {DAY}
    async with world.database.write() as connection:
        assert len((await connection.execute(select(statement_rows.c.line))).all()) == 2
        assert not await statements.every(connection, "drill")
        assert not await statements.accepted_days(connection, world.community, "drill")
        assert not await statements.unmatched(connection, world.work.bank, "drill")
        assert not await statement_sums.days(connection, "drill", 10)
        assert not await reconciled_attempts.checked_days(connection, world.work.bank, "drill", DAY)
        await connection.execute(text("DROP TRIGGER bad_INSERT_statement_rows"))
    for _ in range(2):
        assert (await world.nightly.run(NOW, (DAY,))).imported == [DAY]
    async with world.database.read() as connection:
        (stored,) = await statements.every(connection, "drill")
        assert await statements.counts(connection, [stored.id]) == {stored.id: {"matched": stored.rows}}
    assert [[line.kind for line in await world.lines(gift)] for gift in gifts] == [["paid", "fee"]] * stored.rows


async def test_a_delayed_run_does_not_reset_the_last_request(world: Books) -> None:
    async with world.database.write() as connection:
        for at in (NOW - ONE, NOW, NOW - ONE):
            await statements.record_no_file(connection, world.work.bank, "drill", TOP, DAY, at=at, cause="test")
    async with world.database.read() as connection:
        assert await reconciled_attempts.checked_days(connection, world.work.bank, "drill", DAY) == {DAY: (False, NOW)}


async def test_missed_days_are_requested_and_empty_ones_recorded(world: Books) -> None:
    await world.paid(at=NOW - 4 * ONE)
    world.bank.files = {DAY - 2 * ONE: file([], DAY - 2 * ONE)}
    night = await world.nightly.run(NOW)
    assert night.imported == [DAY - 2 * ONE]
    assert night.without_file == [DAY - 5 * ONE, DAY - 4 * ONE, DAY - 3 * ONE, DAY - ONE]
    world.bank.asked.clear()
    await world.nightly.run(NOW)
    assert world.bank.asked == []
    await world.nightly.run(NOW + timedelta(hours=7))  # what may still come is asked for again
    assert world.bank.asked == [DAY - 5 * ONE, DAY - 4 * ONE, DAY - 3 * ONE, DAY - ONE]


def test_a_file_is_requested_from_nine_in_beijing() -> None:
    early = datetime(2026, 11, 24, 8, 59, tzinfo=OFFICIAL_TIME)
    assert settlement_days.newest_day(early) == DAY - 2 * ONE
    assert settlement_days.newest_day(early + timedelta(minutes=1)) == DAY - ONE


def test_files_are_requested_from_the_first_order_and_for_sixty_days() -> None:
    assert settlement_days.first_day(None, NOW) is None
    assert settlement_days.first_day(NOW - timedelta(days=400), NOW) == DAY - ONE - settlement_days.FETCH_BACK


async def test_a_refused_file_is_a_task_until_a_file_of_the_day_is_accepted(world: Books) -> None:
    world.bank.refused.add(DAY)
    for _ in range(2):
        assert (await world.nightly.run(NOW, (DAY,))).failed.keys() == {DAY}
    (found,) = await world.found()
    assert (found.kind, found.day, found.community) == ("file_refused", DAY, TOP)
    assert found.refusal == StatementRefused(StatementProblem.incomplete).stored
    async with world.database.read() as connection:
        (task,) = await find_tasks(connection, (), [TOP], [TOP], "drill", NOW)
    assert (task.kind, task.community) == ("difference", TOP)
    world.bank.refused.clear()
    world.bank.files[DAY] = file((row(await world.paid()),))
    await world.nightly.run(NOW, (DAY,))
    assert not await world.found()


async def test_a_due_day_without_a_file_is_a_task_while_payments_wait_and_ends_what_the_board_claims(
    world: Books,
) -> None:
    async def until() -> date | None:
        async with world.database.read() as connection:
            return (await load_compared(connection, world.community, "drill", NOW)).until

    early, gap = await world.paid(at=NOW - 4 * ONE), await world.paid(at=NOW - 3 * ONE)
    assert await until() is None
    world.bank.files = {DAY - each * ONE: file([], DAY - each * ONE) for each in (2, 1)}
    world.bank.files[DAY - 4 * ONE] = file([row(early)], DAY - 4 * ONE)
    await world.nightly.run(NOW)
    (found,) = await world.found()
    assert (found.kind, found.day) == ("file_missing", DAY - 3 * ONE)
    assert await until() == DAY - 4 * ONE
    await world.take(row(gap), day=DAY - 2 * ONE, edition="2")
    await world.nightly.run(NOW, ())
    assert (await world.found(), await until()) == ((), DAY - ONE)
    await world.paid(at=NOW - 5 * ONE)
    world.bank.away = True
    await world.nightly.run(NOW)
    assert [each.day for each in await world.found()] == [DAY - 5 * ONE]
    assert await until() is None


async def test_a_due_day_without_a_file_reaches_the_staff_channel_once(world: Books) -> None:
    await world.paid(at=NOW - 3 * ONE)
    await world.nightly.run(NOW)
    async with running_robot() as robot, aiohttp.ClientSession() as session:
        async with world.database.write() as connection:
            await alerts.add_channel(
                connection, Channel(new_id(), TOP, "wecom", robot.key, "en", True, False, NOW, "chen")
            )
        senders = {"wecom": RobotSender(robot.origin, session)}
        write = message_writer(StaffTemplates(environment=Environment.drill, site=SITE), lambda: "https://gifts.org")
        notifier = AlertNotifier(world.database, senders, write)
        for minute in range(3):
            now = NOW + timedelta(minutes=minute)
            await update_alerts(world.database, "drill", (), now)
            await notifier.notify_channels(now)
        (text,) = robot.came
    assert "https://gifts.org/staff/reconciliation" in text


async def test_a_payment_that_no_file_ever_contains_becomes_a_difference_and_the_board_moves_on(world: Books) -> None:
    """Also if the bank never gave all files: staff settle it, and the rest of the days is compared."""
    gift = await world.paid(at=NOW - 5 * ONE)
    await world.work.import_statement(file([], DAY - 6 * ONE), NOW, cause="test")
    world.bank.away = True
    await world.nightly.run(NOW)

    async def compared(now: datetime) -> Compared:
        async with world.database.read() as connection:
            return await load_compared(connection, world.community, "drill", now)

    assert await compared(NOW) == Compared(DAY - 6 * ONE, 0)
    named = NOW + 6 * ONE  # the last file that may contain it is due for a week
    await world.nightly.run(named - ONE)
    assert await compared(named - ONE) == Compared(DAY - 6 * ONE, 0)
    await world.nightly.run(named)
    (missing,) = [each for each in await world.found() if each.kind == "ours_only"]
    assert (missing.attempt, missing.community) == (gift.id, world.community)
    assert await compared(named) == Compared(DAY + 5 * ONE, 1)
    async with world.database.write() as connection:
        assert await differences.settle(connection, missing.id, "chen", named, "the bank confirmed it by telephone")
    assert await compared(named) == Compared(DAY + 5 * ONE, 0)


async def test_a_bank_that_gives_no_files_owes_none(world: Books) -> None:
    await world.paid(at=NOW - 40 * ONE)
    world.bank.capabilities = replace(world.bank.capabilities, states=False)
    await world.nightly.run(NOW)
    assert not await world.found()
