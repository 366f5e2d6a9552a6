"""Refunds: approved by two people, never more than was paid, and made once whichever process crashes."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from central_server.banks.port import BankUnavailable, Movement, OrderReport, OrderState, Refund
from central_server.donations import refund_approval, refund_outcome
from central_server.donations.late_payment import HOLD_PERIOD
from central_server.donations.refund_approval import RefundNotPossible
from central_server.donations.settlement import PaymentRefused
from central_server.store.donations.refunds import StoredRefund
from central_server.store.engine.database import open_database
from central_server.store.ledger import ledger_lines
from sync_contract.money import Money
from tests.databases import sqlite_only
from tests.fakes.donation_services import MemoryBankServices
from tests.fakes.money_bank import MoneyBank
from tests.unit.central_server.refund_world import NOW, SOON, RefundWorld, world
from tests.unit.central_server.test_bad_records import refuse

__all__ = ["world"]


async def test_a_refund_is_sent_completed_and_posted_once(world: RefundWorld) -> None:
    gift = await world.gift()
    refund = await world.approved(gift, 2000)
    assert (await world.attempt(gift)).state == "refunding"
    assert await world.house.refund_sender.process_due(NOW) == 1
    assert await world.balance() == 5000, "nothing is returned until the bank confirms it"
    notification = world.bank.finish(refund.id)
    assert await world.house.settlement.record_notification(notification, SOON)
    assert not await world.house.settlement.record_notification(notification, SOON)
    assert await world.house.refund_sender.process_due(SOON) == 0
    assert ((await world.refund(refund)).state, (await world.attempt(gift)).state) == ("refunded", "refunded")
    assert await world.balance() == world.bank.money_minor == 3000
    async with world.database.read() as connection:
        lines = await ledger_lines.of_attempts(connection, [gift.id])
    assert [(line.kind, line.amount_minor, line.refers) for line in lines] == [
        ("paid", 5000, ""),
        ("refund", 2000, f"received:{gift.id}"),
    ]


async def test_the_requester_cannot_decide_and_a_decision_is_final(world: RefundWorld) -> None:
    refund = await world.ask(await world.gift(), 5000)
    for approve in (True, False):
        with pytest.raises(RefundNotPossible, match="same_person"):
            await world.decide(refund, approve=approve, by="ming")
    await world.decide(refund, approve=False)
    for by in ("hua", "ming", "third"):
        with pytest.raises(RefundNotPossible, match="decided"):
            await world.decide(refund, by=by)
    assert await world.house.refund_sender.process_due(SOON) == 0


async def test_partial_refunds_never_exceed_the_payment(world: RefundWorld) -> None:
    gift = await world.gift()
    await world.ask(gift, 3000)
    with pytest.raises(RefundNotPossible, match="too_much"):
        await world.ask(gift, 2001)
    second = await world.ask(gift, 2000)
    with pytest.raises(RefundNotPossible, match="too_much"):
        await world.ask(gift, 1)
    await world.decide(second, approve=False)
    await world.ask(gift, 2000)
    for wrong in (0, -1):
        with pytest.raises(RefundNotPossible):
            await world.ask(gift, wrong)


async def test_concurrent_requests_never_exceed_the_payment(world: RefundWorld, store_url: str) -> None:
    async with open_database(store_url) as elsewhere:
        for _ in range(5):
            gift = await world.gift()
            other = RefundWorld(MemoryBankServices(elsewhere, world.bank), world.bank, world.gateway)
            asked = await asyncio.gather(
                *(place.ask(gift, 3000) for place in (world, other, world, other)), return_exceptions=True
            )
            assert sum(isinstance(each, StoredRefund) for each in asked) == 1
            assert {str(each) for each in asked if isinstance(each, Exception)} == {"too_much"}


async def test_two_processes_send_a_refund_once(world: RefundWorld, store_url: str) -> None:
    async with open_database(store_url) as elsewhere:
        other = MemoryBankServices(elsewhere, world.bank)
        for _ in range(5):
            refund = await world.approved(await world.gift(), 5000)
            before = world.bank.refund_requests
            await asyncio.gather(
                *(house.refund_sender.process_due(NOW) for house in (world.house, other, world.house, other))
            )
            assert world.bank.refund_requests == before + 1
            notification = world.bank.finish(refund.id)
            posted = await asyncio.gather(
                *(house.settlement.record_notification(notification, SOON) for house in (world.house, other))
            )
            assert sorted(posted) == [False, True]
    assert await world.balance() == world.bank.money_minor == 0


@pytest.mark.parametrize("lost", ["lose_question", "lose_answer"])
async def test_a_lost_request_or_answer_is_queried_and_makes_no_second_refund(world: RefundWorld, lost: str) -> None:
    gift = await world.gift()
    refund = await world.approved(gift, 2000)
    setattr(world.bank, lost, True)
    with pytest.raises(BankUnavailable):
        await world.house.refund_sender.process_due(NOW)
    sent = await world.refund(refund)
    assert sent.state == "sent"
    now = NOW
    for _ in range(4):
        now += timedelta(seconds=40)
        await world.house.refund_sender.process_due(now)
    assert list(world.bank.refunds) == [refund.id]
    assert world.bank.refunds[refund.id].refund.at == sent.sent_at == NOW
    world.bank.finish(refund.id)
    await world.house.refund_sender.process_due(now + timedelta(hours=1))
    assert (await world.refund(refund)).state == "refunded"
    assert await world.balance() == world.bank.money_minor == 3000


@dataclass
class SuspendedBank(MoneyBank):
    """Suspends the process that sends the first refund until `resume` is set."""

    suspended: asyncio.Event = field(default_factory=asyncio.Event)
    resume: asyncio.Event = field(default_factory=asyncio.Event)

    async def refund(self, refund: Refund) -> None:
        if not self.suspended.is_set():
            self.suspended.set()
            await self.resume.wait()
        await super().refund(refund)


async def test_a_refusal_of_a_delayed_request_does_not_end_the_refund(world: RefundWorld, store_url: str) -> None:
    gift = await world.gift()
    refund = await world.approved(gift, 5000)
    world.bank = SuspendedBank(**vars(world.bank) | {"rest_first": True})
    async with open_database(store_url) as elsewhere:
        slow = asyncio.create_task(MemoryBankServices(elsewhere, world.bank).refund_sender.process_due(NOW))
        await world.bank.suspended.wait()
        assert await MemoryBankServices(world.database, world.bank).refund_sender.process_due(SOON) == 1
        world.bank.resume.set()
        assert await slow == 1
    assert world.bank.refund_requests == 2
    assert (await world.refund(refund)).state == "sent", "the bank has it: only the second request was refused"
    with pytest.raises(RefundNotPossible, match="too_much"):
        await world.ask(gift, 1)
    world.bank.finish(refund.id)
    await MemoryBankServices(world.database, world.bank).refund_sender.process_due(SOON + timedelta(hours=1))
    assert ((await world.refund(refund)).state, await world.balance()) == ("refunded", 0)


async def test_a_refusal_is_final_if_the_bank_does_not_know_the_refund(world: RefundWorld) -> None:
    gift = await world.gift()
    refund = await world.approved(gift, 2000)
    world.bank.give_back(gift.id)
    await world.house.refund_sender.process_due(NOW)
    refused = await world.refund(refund)
    assert (refused.state, refused.evidence, refused.next_query_at) == ("refused", "61", None)


async def test_refunds_at_another_bank_do_not_block_this_one(world: RefundWorld) -> None:
    there = RefundWorld(MemoryBankServices(world.database, MoneyBank("another")), MoneyBank("another"), world.gateway)
    for _ in range(21):
        await there.approved(await there.gift(), 5000)
    refund = await world.approved(await world.gift(), 5000)
    assert await world.house.refund_sender.process_due(SOON) == 1
    assert (await world.refund(refund)).state == "sent"


@sqlite_only
async def test_damaged_refunds_do_not_block_the_others(world: RefundWorld) -> None:
    for _ in range(21):
        await world.approved(await world.gift(), 100)
    refund = await world.approved(await world.gift(), 5000)
    async with world.database.write() as connection:
        await refuse(connection, "UPDATE", "refunds", f"OLD.id <> '{refund.id}'")
    assert await world.house.refund_sender.process_due(SOON) == 1
    assert (await world.refund(refund)).state == "sent"


async def test_a_refused_refund_can_be_requested_again(world: RefundWorld) -> None:
    gift = await world.gift()
    refund = await world.approved(gift, 5000)
    await world.house.refund_sender.process_due(NOW)
    world.bank.refuse(refund.id)
    await world.house.refund_sender.process_due(SOON)
    assert ((await world.refund(refund)).state, (await world.attempt(gift)).state) == ("refused", "refund_refused")
    assert await world.balance() == 5000
    again = await world.approved(gift, 5000)
    await world.house.refund_sender.process_due(SOON)
    await world.house.settlement.record_notification(world.bank.finish(again.id), SOON)
    assert ((await world.attempt(gift)).state, await world.balance()) == ("refunded", 0)


async def test_a_late_payment_is_held_while_the_bank_may_return_it(world: RefundWorld) -> None:
    parcel = world.gateway.intent()
    await world.house.press(world.gateway.ticket(parcel, issued_at=NOW), NOW)
    (attempt,) = await world.house.tried(world.gateway.id, parcel.id)
    await world.house.settlement.record_report(OrderReport(attempt.id, OrderState.expired, None, "has expired"), NOW)
    await world.house.settlement.record_notification(world.bank.pay(attempt.id), NOW)
    (late,) = await world.house.tried(world.gateway.id, parcel.id)
    assert (late.state, late.refundable_from) == ("paid", NOW + HOLD_PERIOD)
    with pytest.raises(RefundNotPossible, match="on_hold"):
        await world.ask(late, 5000, now=NOW + HOLD_PERIOD - timedelta(hours=1))
    await world.ask(late, 5000, now=NOW + HOLD_PERIOD)


async def test_a_return_by_the_bank_closes_our_own_refunds(world: RefundWorld) -> None:
    gift = await world.gift()
    waiting, approved = await world.ask(gift, 1000), await world.approved(gift, 4000)
    number, amount = world.bank.give_back(gift.id)
    for expected in (True, False):
        async with world.database.write() as connection:
            known = await refund_outcome.post_bank_return(connection, gift.id, amount.minor, evidence=number, now=NOW)
        assert (known is not None) is expected
    for refund in (waiting, approved):
        closed = await world.refund(refund)
        assert closed.state == "declined"
        assert number in closed.note
    assert await world.house.refund_sender.process_due(SOON) == 0
    assert world.bank.refund_requests == 0
    assert ((await world.attempt(gift)).state, await world.balance(), world.bank.money_minor) == ("refunded", 0, 0)
    with pytest.raises(RefundNotPossible, match="too_much"):
        await world.ask(gift, 1)


async def test_a_whole_payment_is_cancelled_on_its_own_settlement_day_and_refunded_later(world: RefundWorld) -> None:
    end = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)  # eleven at night in Beijing
    cases = [
        (NOW, 5000, end - timedelta(minutes=11), True),
        (NOW, 4999, end - timedelta(minutes=11), False),
        (NOW, 5000, end - timedelta(minutes=9), False),
        (NOW, 5000, end + timedelta(minutes=30), False),
        (end - timedelta(minutes=1), 5000, end + timedelta(minutes=1), False),
        (end + timedelta(minutes=1), 5000, end + timedelta(hours=23, minutes=49), True),
    ]
    for paid_at, minor, sent_at, whole in cases:
        gift = await world.house.paid_gift(world.gateway, paid_at)
        refund = await world.ask(gift, minor, now=paid_at)
        async with world.database.write() as connection:
            await refund_approval.decide_refund(connection, refund.id, approve=True, note="", by="hua", now=paid_at)
        await world.house.refund_sender.process_due(sent_at)
        assert world.bank.refunds[refund.id].refund.whole is whole, (paid_at, minor, sent_at)


async def test_only_payments_at_this_bank_can_be_refunded(world: RefundWorld) -> None:
    parcel = world.gateway.intent()
    await world.house.press(world.gateway.ticket(parcel, issued_at=NOW), NOW)
    (unpaid,) = await world.house.tried(world.gateway.id, parcel.id)
    with pytest.raises(RefundNotPossible, match="not_paid"):
        await world.ask(unpaid, 100)
    gift = await world.gift()
    async with world.database.write() as connection:
        with pytest.raises(RefundNotPossible, match="other_bank"):
            await refund_approval.request_refund(connection, gift.id, 100, "x", bank="another", by="ming", now=NOW)
        with pytest.raises(RefundNotPossible, match="reason"):
            await refund_approval.request_refund(
                connection, gift.id, 100, "  ", bank=world.bank.name, by="ming", now=NOW
            )


async def test_an_inconsistent_notification_of_a_refund_changes_nothing(world: RefundWorld) -> None:
    gift = await world.gift()
    refund = await world.approved(gift, 2000)
    await world.house.refund_sender.process_due(NOW)
    good = world.bank.finish(refund.id)
    odd = [
        replace(good, order="0" * 32),
        replace(good, order=gift.id),
        replace(good, amount=Money(2001)),
        replace(good, at=NOW + timedelta(seconds=1)),
        replace(good, movement=Movement.payment),
    ]
    for notification in odd:
        with pytest.raises(PaymentRefused):
            await world.house.settlement.record_notification(notification, SOON)
    assert ((await world.refund(refund)).state, await world.balance()) == ("sent", 5000)


async def test_each_payment_and_each_end_of_a_refund_wakes_waiting_requests(world: RefundWorld) -> None:
    woken: list[int] = []
    house = MemoryBankServices(world.database, world.bank, lambda: woken.append(1))
    gift = await house.paid_gift(world.gateway, NOW)
    assert len(woken) == 2, "once for the order, once for its payment"
    assert not await house.settlement.record_notification(world.bank.notification(gift.id), NOW)
    assert len(woken) == 2
    for end in (world.bank.finish, world.bank.refuse):
        refund = await world.approved(gift, 1000)
        await house.refund_sender.process_due(NOW)
        end(refund.id)
        before = len(woken)
        await house.refund_sender.process_due(SOON)
        assert len(woken) == before + 1
