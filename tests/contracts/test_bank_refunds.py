"""The refunds of each bank, and its file of a day."""

from datetime import UTC, datetime, timedelta

import pytest

from central_server.bank_emulator.unionpay.clock import settlement_day
from central_server.banks.port import (
    BankRefused,
    Movement,
    NoStatement,
    OrderId,
    OrderReport,
    OrderState,
)
from sync_contract.money import Money
from sync_contract.uuid7 import new_id
from tests.contracts.bank_rigs import REFUNDS, STATES, Rig, known, order, refund_of


@REFUNDS
async def test_partial_refunds_never_exceed_the_payment(rig: Rig) -> None:
    wanted = order(rig)
    await rig.pays(wanted)
    report = await rig.bank.query(known(wanted))
    part = refund_of(rig, wanted, report, 2000)
    for _ in range(2):  # the same refund again is the same one
        await rig.bank.refund(part)
    with pytest.raises(BankRefused):
        await rig.bank.refund(refund_of(rig, wanted, report, 3001))
    rest = refund_of(rig, wanted, report, 3000)
    await rig.bank.refund(rest)
    with pytest.raises(BankRefused):
        await rig.bank.refund(refund_of(rig, wanted, report, 1))
    for made, minor in ((part, 2000), (rest, 3000)):
        query = await rig.bank.query(OrderId(made.id, made.at, Movement.refund))
        assert (query.state, query.amount) == (OrderState.paid, Money(minor))
        notified = rig.bank.verify(*rig.notification_of(made.id))
        assert (notified.order, notified.amount, notified.movement) == (made.id, Money(minor), Movement.refund)
        assert notified.evidence == query.evidence != report.evidence
    assert (await rig.bank.query(known(wanted))).state is OrderState.paid


@REFUNDS
async def test_a_complete_payment_is_cancelled_on_its_day(rig: Rig) -> None:
    wanted = order(rig)
    await rig.pays(wanted)
    report = await rig.bank.query(known(wanted))
    with pytest.raises(BankRefused):
        await rig.bank.refund(refund_of(rig, wanted, report, 4999, whole=True))
    whole = refund_of(rig, wanted, report, 5000, whole=True)
    await rig.bank.refund(whole)
    assert (await rig.bank.query(OrderId(whole.id, whole.at, Movement.refund))).state is OrderState.paid
    assert rig.bank.verify(*rig.notification_of(whole.id)).movement is Movement.refund


@REFUNDS
async def test_an_unpaid_order_is_not_refunded(rig: Rig) -> None:
    wanted = order(rig)
    await rig.goes(wanted)
    nowhere = OrderReport(wanted.id, OrderState.paid, wanted.amount, "2" * 21)
    with pytest.raises(BankRefused):
        await rig.bank.refund(refund_of(rig, wanted, nowhere, 5000))


@REFUNDS
async def test_an_unrequested_refund_is_unknown(rig: Rig) -> None:
    asked = OrderId(new_id(), datetime.fromtimestamp(rig.clock.now(), UTC) - timedelta(days=3), Movement.refund)
    assert (await rig.bank.query(asked)).state is OrderState.unknown


@STATES
async def test_the_file_of_a_day_has_its_movements(rig: Rig) -> None:
    paid, returned, waiting = order(rig, 4321), order(rig), order(rig)
    for wanted in (paid, returned):
        await rig.pays(wanted)
    await rig.goes(waiting)
    reports = {wanted.id: await rig.bank.query(known(wanted)) for wanted in (paid, returned)}
    back = refund_of(rig, returned, reports[returned.id], 1234)
    await rig.bank.refund(back)
    day = settlement_day(rig.clock.now())
    with pytest.raises(NoStatement):
        await rig.bank.statement(day)
    await rig.turn(timedelta(days=1))
    statement = await rig.bank.statement(day)
    assert (statement.bank, statement.day) == (rig.bank.name, day)
    assert sorted((row.order, row.movement, row.amount.minor, row.evidence) for row in statement.rows) == sorted(
        [
            (paid.id, Movement.payment, 4321, reports[paid.id].evidence),
            (returned.id, Movement.payment, 5000, reports[returned.id].evidence),
            (
                back.id,
                Movement.refund,
                1234,
                (await rig.bank.query(OrderId(back.id, back.at, Movement.refund))).evidence,
            ),
        ]
    )
    (given,) = (row for row in statement.rows if row.movement is Movement.refund)
    assert given.refers == reports[returned.id].evidence
    assert [row.line for row in statement.rows] == [1, 2, 3]
    assert all((row.fee_minor > 0) is (row.movement is Movement.payment) for row in statement.rows)
    assert statement == await rig.bank.statement(day)
    with pytest.raises(NoStatement):
        await rig.bank.statement(day - timedelta(days=1))
