"""Queries of payments: what a report changes, and what an inconsistent one does not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from central_server.banks.port import Movement, OrderState
from central_server.donations.settlement import PaymentRefused
from central_server.store.donations import intents
from sync_contract.money import Money
from tests.unit.central_server.refund_world import NOW, SOON, RefundWorld, world

__all__ = ["world"]


async def test_a_notified_payment_is_queried_until_the_bank_confirms_it(world: RefundWorld) -> None:
    gift = await world.gift()
    assert gift.next_query_at == NOW + timedelta(minutes=5)
    assert await world.house.queries.query_due(NOW + timedelta(minutes=5)) == 1
    assert (await world.attempt(gift)).next_query_at is None
    silent = await world.gift()
    world.bank.orders[silent.id].state = OrderState.unknown
    asked = [minute for minute in range(1, 200) if await world.house.queries.query_due(NOW + timedelta(minutes=minute))]
    assert asked == [5, 10, 30, 60, 120]
    assert (await world.attempt(silent)).state == "paid"


async def test_an_unpaid_intent_is_closed_after_the_last_query(world: RefundWorld) -> None:
    parcel = world.gateway.intent()
    await world.house.press(world.gateway.ticket(parcel, issued_at=NOW), NOW)
    (attempt,) = await world.house.tried(world.gateway.id, parcel.id)
    world.bank.end_order(attempt.id, OrderState.expired)
    for minute in (5, 10, 30, 60, 119):
        await world.house.queries.query_due(NOW + timedelta(minutes=minute))
    async with world.database.read() as connection:
        intent = await intents.get(connection, world.gateway.id, parcel.id)
    assert intent is not None
    assert intent.state == "handed_off"
    await world.house.queries.query_due(NOW + timedelta(minutes=120))
    async with world.database.read() as connection:
        intent = await intents.get(connection, world.gateway.id, parcel.id)
    assert intent is not None
    assert intent.state == "closed"
    await world.house.settlement.record_notification(world.bank.pay(attempt.id), NOW + timedelta(hours=3))
    async with world.database.read() as connection:
        intent = await intents.get(connection, world.gateway.id, parcel.id)
    assert intent is not None
    assert intent.state == "paid"


async def test_an_inconsistent_notification_of_a_payment_changes_nothing(world: RefundWorld) -> None:
    parcel = world.gateway.intent()
    await world.house.press(world.gateway.ticket(parcel, issued_at=NOW), NOW)
    (attempt,) = await world.house.tried(world.gateway.id, parcel.id)
    good = world.bank.pay(attempt.id)
    for report in (
        replace(good, at=NOW - timedelta(seconds=1)),
        replace(good, amount=Money(5001)),
        replace(good, order="0" * 32),
        replace(good, movement=Movement.refund),
    ):
        with pytest.raises(PaymentRefused):
            await world.house.settlement.record_notification(report, SOON)
    assert ((await world.attempt(attempt)).state, await world.balance()) == ("sent", 0)
    assert await world.house.settlement.record_notification(replace(good, at=None), SOON)
