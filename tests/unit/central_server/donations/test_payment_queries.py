"""What the bank says of a payment when it is asked, and when nobody paid; an odd word changes nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from central_server.banks.port import Movement, OrderState
from central_server.donations.settlement import PaymentRefused
from central_server.store.donations import intents
from sync_contract.money import Money
from tests.unit.central_server.refund_world import NOW, SOON, Ours, ours

__all__ = ["ours"]


async def test_a_notified_payment_is_asked_about_until_the_bank_says_so_too(ours: Ours) -> None:
    gift = await ours.gift()
    assert gift.next_query_at == NOW + timedelta(minutes=5)
    assert await ours.house.queries.query_due(NOW + timedelta(minutes=5)) == 1
    assert (await ours.attempt(gift)).next_query_at is None
    silent = await ours.gift()
    ours.bank.orders[silent.id].state = OrderState.unknown
    asked = [
        minute for minute in range(1, 24 * 60) if await ours.house.queries.query_due(NOW + timedelta(minutes=minute))
    ]
    assert asked == [5, 10, 30, 60, 120]
    assert (await ours.attempt(silent)).state == "paid"


async def test_an_intent_that_nobody_paid_is_closed_when_the_bank_is_asked_no_more(ours: Ours) -> None:
    parcel = ours.gateway.intent()
    await ours.house.press(ours.gateway.ticket(parcel), NOW)
    (attempt,) = await ours.house.tried(ours.gateway.id, parcel.id)
    ours.bank.end_order(attempt.id, OrderState.expired)
    for minute in (5, 10, 30, 60, 119):
        await ours.house.queries.query_due(NOW + timedelta(minutes=minute))
    async with ours.database.read() as connection:
        intent = await intents.get(connection, ours.gateway.id, parcel.id)
    assert intent is not None
    assert intent.state == "handed_off"
    await ours.house.queries.query_due(NOW + timedelta(minutes=120))
    async with ours.database.read() as connection:
        intent = await intents.get(connection, ours.gateway.id, parcel.id)
    assert intent is not None
    assert intent.state == "closed"
    await ours.house.settlement.record_notification(ours.bank.pay(attempt.id), NOW + timedelta(hours=3))
    async with ours.database.read() as connection:
        intent = await intents.get(connection, ours.gateway.id, parcel.id)
    assert intent is not None
    assert intent.state == "paid"


async def test_an_odd_word_about_a_payment_changes_nothing(ours: Ours) -> None:
    parcel = ours.gateway.intent()
    await ours.house.press(ours.gateway.ticket(parcel), NOW)
    (attempt,) = await ours.house.tried(ours.gateway.id, parcel.id)
    good = ours.bank.pay(attempt.id)
    for told in (
        replace(good, at=NOW - timedelta(seconds=1)),
        replace(good, amount=Money(5001)),
        replace(good, order="0" * 32),
        replace(good, movement=Movement.refund),
    ):
        with pytest.raises(PaymentRefused):
            await ours.house.settlement.record_notification(told, SOON)
    assert ((await ours.attempt(attempt)).state, await ours.balance()) == ("sent", 0)
    assert await ours.house.settlement.record_notification(replace(good, at=None), SOON)
