"""Each bank of BANKS fulfils what it declares: orders, answers, notifications."""

from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import pytest

from central_server.banks.port import (
    BankRefused,
    BankUnavailable,
    Movement,
    NotificationRefused,
    OrderReport,
    OrderState,
)
from central_server.banks.registry import BANKS
from sync_contract.money import Money
from tests.contracts.bank_rigs import KINDS, NOTIFIES, QUERIES, RIGS, Rig, known, order, refund_of, target


def test_every_bank_is_in_this_suite() -> None:
    assert RIGS.keys() == BANKS.keys() == KINDS.keys()


async def test_a_bank_is_what_it_is_opened_as(rig: Rig) -> None:
    names = [name for name, kind in KINDS.items() if isinstance(rig.bank, kind)]
    assert [rig.bank.name] == names
    assert rig.bank.environment is rig.account.environment
    assert rig.bank.capabilities is KINDS[rig.bank.name].capabilities
    assert rig.bank.expiring(datetime.now(UTC)) == ()


async def test_an_order_leads_to_a_permitted_form_target(rig: Rig) -> None:
    wanted = order(rig)
    parts = urlsplit(target(await rig.bank.open(wanted)))
    assert rig.bank.form_targets == (f"{parts.scheme}://{parts.netloc}",)
    page = await rig.goes(wanted)
    assert page.status == 200
    assert "¥50" in page.text()


async def test_a_repeated_order_is_the_same_order(rig: Rig) -> None:
    wanted = order(rig)
    assert await rig.bank.open(wanted) == await rig.bank.open(wanted)
    assert await rig.bank.open(wanted) != await rig.bank.open(order(rig, 5001))


async def test_a_bank_accepts_a_repeated_order_as_declared(rig: Rig) -> None:
    wanted = order(rig)
    assert [(await rig.goes(wanted)).status < 400 for _ in range(2)] == [True, rig.bank.capabilities.reopens]


@QUERIES
async def test_the_same_order_with_another_amount_is_refused(rig: Rig) -> None:
    wanted = order(rig)
    await rig.goes(wanted)
    try:
        page = await rig.goes(replace(wanted, amount=Money(5001)))
    except BankRefused:
        return
    assert page.status == 400


@QUERIES
async def test_a_query_returns_the_state_of_an_order(rig: Rig) -> None:
    paid, cancelled, waiting = order(rig), order(rig, 700), order(rig)
    assert (await rig.bank.query(known(paid))).state is OrderState.unknown
    await rig.pays(paid)
    await rig.cancels(cancelled)
    await rig.goes(waiting)
    reports = [await rig.bank.query(known(wanted)) for wanted in (paid, cancelled, waiting)]
    ended = OrderState.failed if rig.bank.capabilities.reopens else OrderState.open  # it may still be tried again
    assert (reports[0].state, reports[1].state) == (OrderState.paid, ended)
    assert reports[2].state in (OrderState.open, OrderState.unknown)
    assert reports[0].amount == Money(5000)
    assert reports[0].evidence
    assert not any(report.flawed for report in reports)
    assert [report.order for report in reports] == [paid.id, cancelled.id, waiting.id]


@QUERIES
async def test_a_paid_order_cannot_be_cancelled(rig: Rig) -> None:
    wanted = order(rig)
    page = await rig.goes(wanted)
    for decision in rig.decisions:
        await rig.donor.press(page, decision=decision)
    assert (await rig.bank.query(known(wanted))).state is OrderState.paid


@NOTIFIES
async def test_a_notification_of_the_bank_is_accepted(rig: Rig) -> None:
    wanted = order(rig)
    await rig.pays(wanted)
    headers, body = rig.notification_of(wanted.id)
    notification = rig.bank.verify(headers, body)
    assert (notification.order, notification.amount, notification.movement, notification.flawed) == (
        wanted.id,
        wanted.amount,
        Movement.payment,
        False,
    )
    assert notification == rig.bank.verify(headers, body)
    assert notification.at in (None, wanted.at.replace(microsecond=0))
    assert notification.evidence == (await rig.bank.query(known(wanted))).evidence
    assert notification.content


@NOTIFIES
async def test_an_altered_notification_is_refused(rig: Rig) -> None:
    wanted = order(rig)
    await rig.pays(wanted)
    headers, body = rig.notification_of(wanted.id)
    for place in range(0, len(body), 3):
        with pytest.raises(NotificationRefused):
            rig.bank.verify(headers, body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :])
    for name in headers:
        with pytest.raises(NotificationRefused):
            rig.bank.verify({key: value for key, value in headers.items() if key != name}, body)


@QUERIES
async def test_a_missing_bank_is_unavailable(rig: Rig) -> None:
    away = replace(rig.account, settings=rig.account.settings.at("http://127.0.0.1:1"))
    async with BANKS[rig.bank.name](away) as bank:
        with pytest.raises(BankUnavailable):
            await bank.query(known(order(rig)))
        if rig.bank.capabilities.reopens:  # else it hears of an order from the donor's browser
            with pytest.raises(BankUnavailable):
                await bank.open(order(rig))


async def test_undeclared_capabilities_are_refused(rig: Rig) -> None:
    able, wanted = rig.bank.capabilities, order(rig)
    nothing = OrderReport(wanted.id, OrderState.paid, wanted.amount, "2" * 21)
    if not able.queries:
        with pytest.raises(BankRefused):
            await rig.bank.query(known(wanted))
    if not able.notifies:
        with pytest.raises(NotificationRefused):
            rig.bank.verify({}, b"")
    if not able.refunds:
        with pytest.raises(BankRefused):
            await rig.bank.refund(refund_of(rig, wanted, nothing, 5000))
    if not able.states:
        with pytest.raises(BankRefused):
            await rig.bank.statement(date(2026, 11, 24))
