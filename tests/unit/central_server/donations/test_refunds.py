"""Giving back: by two people, never more than was paid, never twice, whoever crashes when."""

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
from tests.fakes.money_bank import MoneyBank
from tests.fakes.money_house import MoneyHouse
from tests.unit.central_server.refund_world import NOW, SOON, Ours, ours

__all__ = ["ours"]


async def test_a_refund_goes_the_whole_way_and_is_posted_once(ours: Ours) -> None:
    gift = await ours.gift()
    refund = await ours.approved(gift, 2000)
    assert (await ours.attempt(gift)).state == "refunding"
    assert await ours.house.refund_sender.process_due(NOW) == 1
    assert await ours.balance() == 5000, "nothing went back until the bank says so"
    told = ours.bank.finish(refund.id)
    assert await ours.house.settlement.record_notification(told, SOON)
    assert not await ours.house.settlement.record_notification(told, SOON)
    assert await ours.house.refund_sender.process_due(SOON) == 0
    assert ((await ours.refund(refund)).state, (await ours.attempt(gift)).state) == ("refunded", "refunded")
    assert await ours.balance() == ours.bank.money_minor == 3000
    async with ours.database.read() as connection:
        lines = await ledger_lines.of_attempts(connection, [gift.id])
    assert [(line.kind, line.amount_minor, line.refers) for line in lines] == [
        ("paid", 5000, ""),
        ("refund", 2000, f"received:{gift.id}"),
    ]


async def test_who_asks_does_not_decide_and_a_decision_stands(ours: Ours) -> None:
    refund = await ours.ask(await ours.gift(), 5000)
    for approve in (True, False):
        with pytest.raises(RefundNotPossible, match="same_person"):
            await ours.decide(refund, approve=approve, by="ming")
    await ours.decide(refund, approve=False)
    for by in ("hua", "ming", "third"):
        with pytest.raises(RefundNotPossible, match="decided"):
            await ours.decide(refund, by=by)
    assert await ours.house.refund_sender.process_due(SOON) == 0


async def test_parts_together_are_never_more_than_was_paid(ours: Ours) -> None:
    gift = await ours.gift()
    await ours.ask(gift, 3000)
    with pytest.raises(RefundNotPossible, match="too_much"):
        await ours.ask(gift, 2001)
    second = await ours.ask(gift, 2000)
    with pytest.raises(RefundNotPossible, match="too_much"):
        await ours.ask(gift, 1)
    await ours.decide(second, approve=False)
    await ours.ask(gift, 2000)
    for wrong in (0, -1):
        with pytest.raises(RefundNotPossible):
            await ours.ask(gift, wrong)


async def test_two_who_ask_at_once_get_no_more_than_there_is(ours: Ours, store_url: str) -> None:
    async with open_database(store_url) as elsewhere:
        for _ in range(5):
            gift = await ours.gift()
            other = Ours(MoneyHouse(elsewhere, ours.bank), ours.bank, ours.gateway)
            asked = await asyncio.gather(
                *(place.ask(gift, 3000) for place in (ours, other, ours, other)), return_exceptions=True
            )
            assert sum(isinstance(each, StoredRefund) for each in asked) == 1
            assert {str(each) for each in asked if isinstance(each, Exception)} == {"too_much"}


async def test_two_processes_send_it_once(ours: Ours, store_url: str) -> None:
    async with open_database(store_url) as elsewhere:
        other = MoneyHouse(elsewhere, ours.bank)
        for _ in range(5):
            refund = await ours.approved(await ours.gift(), 5000)
            before = ours.bank.refund_requests
            await asyncio.gather(
                *(house.refund_sender.process_due(NOW) for house in (ours.house, other, ours.house, other))
            )
            assert ours.bank.refund_requests == before + 1
            told = ours.bank.finish(refund.id)
            posted = await asyncio.gather(
                *(house.settlement.record_notification(told, SOON) for house in (ours.house, other))
            )
            assert sorted(posted) == [False, True]
    assert await ours.balance() == ours.bank.money_minor == 0


@pytest.mark.parametrize("lost", ["lose_question", "lose_answer"])
async def test_a_word_that_is_lost_is_asked_about_and_never_a_second_refund(ours: Ours, lost: str) -> None:
    gift = await ours.gift()
    refund = await ours.approved(gift, 2000)
    setattr(ours.bank, lost, True)
    with pytest.raises(BankUnavailable):
        await ours.house.refund_sender.process_due(NOW)
    sent = await ours.refund(refund)
    assert sent.state == "sent"
    now = NOW
    for _ in range(4):
        now += timedelta(seconds=40)
        await ours.house.refund_sender.process_due(now)
    assert list(ours.bank.refunds) == [refund.id]
    assert ours.bank.refunds[refund.id].refund.at == sent.sent_at == NOW
    ours.bank.finish(refund.id)
    await ours.house.refund_sender.process_due(now + timedelta(hours=1))
    assert (await ours.refund(refund)).state == "refunded"
    assert await ours.balance() == ours.bank.money_minor == 3000


@dataclass
class StandsStill(MoneyBank):
    """Whoever first tells it of a refund stands still on the way, until `goes_on`."""

    stands: asyncio.Event = field(default_factory=asyncio.Event)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def refund(self, refund: Refund) -> None:
        if not self.stands.is_set():
            self.stands.set()
            await self.goes_on.wait()
        await super().refund(refund)


async def test_a_refusal_to_whoever_stood_still_meanwhile_ends_no_refund(ours: Ours, store_url: str) -> None:
    gift = await ours.gift()
    refund = await ours.approved(gift, 5000)
    ours.bank = StandsStill(**vars(ours.bank) | {"rest_first": True})
    async with open_database(store_url) as elsewhere:
        slow = asyncio.create_task(MoneyHouse(elsewhere, ours.bank).refund_sender.process_due(NOW))
        await ours.bank.stands.wait()
        assert await MoneyHouse(ours.database, ours.bank).refund_sender.process_due(SOON) == 1
        ours.bank.goes_on.set()
        assert await slow == 1
    assert ours.bank.refund_requests == 2
    assert (await ours.refund(refund)).state == "sent", (
        "the bank has it: the second notifier was refused, not the refund"
    )
    with pytest.raises(RefundNotPossible, match="too_much"):
        await ours.ask(gift, 1)
    ours.bank.finish(refund.id)
    await MoneyHouse(ours.database, ours.bank).refund_sender.process_due(SOON + timedelta(hours=1))
    assert ((await ours.refund(refund)).state, await ours.balance()) == ("refunded", 0)


async def test_a_refusal_stands_when_the_bank_has_nothing_of_that_number(ours: Ours) -> None:
    gift = await ours.gift()
    refund = await ours.approved(gift, 2000)
    ours.bank.give_back(gift.id)
    await ours.house.refund_sender.process_due(NOW)
    refused = await ours.refund(refund)
    assert (refused.state, refused.evidence, refused.next_query_at) == ("refused", "more than was paid", None)


async def test_refunds_at_another_bank_do_not_stand_before_those_of_this_one(ours: Ours) -> None:
    there = Ours(MoneyHouse(ours.database, MoneyBank("another")), MoneyBank("another"), ours.gateway)
    for _ in range(21):
        await there.approved(await there.gift(), 5000)
    refund = await ours.approved(await ours.gift(), 5000)
    assert await ours.house.refund_sender.process_due(SOON) == 1
    assert (await ours.refund(refund)).state == "sent"


async def test_what_the_bank_refuses_may_be_asked_for_again(ours: Ours) -> None:
    gift = await ours.gift()
    refund = await ours.approved(gift, 5000)
    await ours.house.refund_sender.process_due(NOW)
    ours.bank.refuse(refund.id)
    await ours.house.refund_sender.process_due(SOON)
    assert ((await ours.refund(refund)).state, (await ours.attempt(gift)).state) == ("refused", "refund_refused")
    assert await ours.balance() == 5000
    again = await ours.approved(gift, 5000)
    await ours.house.refund_sender.process_due(SOON)
    await ours.house.settlement.record_notification(ours.bank.finish(again.id), SOON)
    assert ((await ours.attempt(gift)).state, await ours.balance()) == ("refunded", 0)


async def test_a_late_payment_is_held_while_the_bank_may_give_it_back_by_itself(ours: Ours) -> None:
    parcel = ours.gateway.intent()
    await ours.house.press(ours.gateway.ticket(parcel), NOW)
    (attempt,) = await ours.house.tried(ours.gateway.id, parcel.id)
    await ours.house.settlement.record_report(OrderReport(attempt.id, OrderState.expired, None, "has expired"), NOW)
    await ours.house.settlement.record_notification(ours.bank.pay(attempt.id), NOW)
    (late,) = await ours.house.tried(ours.gateway.id, parcel.id)
    assert (late.state, late.refundable_from) == ("paid", NOW + HOLD_PERIOD)
    with pytest.raises(RefundNotPossible, match="held"):
        await ours.ask(late, 5000, now=NOW + HOLD_PERIOD - timedelta(hours=1))
    await ours.ask(late, 5000, now=NOW + HOLD_PERIOD)


async def test_what_the_bank_gave_back_by_itself_is_never_given_back_by_us_too(ours: Ours) -> None:
    gift = await ours.gift()
    waiting, approved = await ours.ask(gift, 1000), await ours.approved(gift, 4000)
    number, amount = ours.bank.give_back(gift.id)
    for expected in (True, False):
        async with ours.database.write() as connection:
            known = await refund_outcome.post_bank_return(connection, gift.id, amount.minor, evidence=number, now=NOW)
        assert (known is not None) is expected
    for refund in (waiting, approved):
        closed = await ours.refund(refund)
        assert closed.state == "declined"
        assert number in closed.note
    assert await ours.house.refund_sender.process_due(SOON) == 0
    assert ours.bank.refund_requests == 0
    assert ((await ours.attempt(gift)).state, await ours.balance(), ours.bank.money_minor) == ("refunded", 0, 0)
    with pytest.raises(RefundNotPossible, match="too_much"):
        await ours.ask(gift, 1)


async def test_the_whole_is_cancelled_on_its_own_day_and_refunded_on_any_other(ours: Ours) -> None:
    evening = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)  # half past eleven at night in Beijing
    cases = [
        (NOW, 5000, evening, True),
        (NOW, 4999, evening, False),
        (NOW, 5000, evening + timedelta(minutes=25), False),
        (NOW, 5000, evening + timedelta(hours=1), False),
        (evening + timedelta(hours=1), 5000, evening + timedelta(hours=2), True),
    ]
    for paid_at, minor, sent_at, whole in cases:
        gift = await ours.house.paid_gift(ours.gateway, paid_at)
        refund = await ours.ask(gift, minor, now=paid_at)
        async with ours.database.write() as connection:
            await refund_approval.decide_refund(connection, refund.id, approve=True, note="", by="hua", now=paid_at)
        await ours.house.refund_sender.process_due(sent_at)
        assert ours.bank.refunds[refund.id].refund.whole is whole, (paid_at, minor, sent_at)


async def test_only_what_was_paid_at_this_bank_can_be_given_back(ours: Ours) -> None:
    parcel = ours.gateway.intent()
    await ours.house.press(ours.gateway.ticket(parcel), NOW)
    (unpaid,) = await ours.house.tried(ours.gateway.id, parcel.id)
    with pytest.raises(RefundNotPossible, match="not_paid"):
        await ours.ask(unpaid, 100)
    gift = await ours.gift()
    async with ours.database.write() as connection:
        with pytest.raises(RefundNotPossible, match="other_bank"):
            await refund_approval.request_refund(connection, gift.id, 100, "x", bank="another", by="ming", now=NOW)
        with pytest.raises(RefundNotPossible, match="reason"):
            await refund_approval.request_refund(
                connection, gift.id, 100, "  ", bank=ours.bank.name, by="ming", now=NOW
            )


async def test_an_odd_word_about_a_refund_changes_nothing(ours: Ours) -> None:
    gift = await ours.gift()
    refund = await ours.approved(gift, 2000)
    await ours.house.refund_sender.process_due(NOW)
    good = ours.bank.finish(refund.id)
    odd = [
        replace(good, order="0" * 32),
        replace(good, order=gift.id),
        replace(good, amount=Money(2001)),
        replace(good, at=NOW + timedelta(seconds=1)),
        replace(good, movement=Movement.payment),
    ]
    for told in odd:
        with pytest.raises(PaymentRefused):
            await ours.house.settlement.record_notification(told, SOON)
    assert ((await ours.refund(refund)).state, await ours.balance()) == ("sent", 5000)


async def test_whoever_waits_is_woken_by_each_payment_and_each_end_of_a_refund(ours: Ours) -> None:
    woken: list[int] = []
    house = MoneyHouse(ours.database, ours.bank, lambda: woken.append(1))
    gift = await house.paid_gift(ours.gateway, NOW)
    assert len(woken) == 2, "once for the order, once for its payment"
    assert not await house.settlement.record_notification(ours.bank.notification(gift.id), NOW)
    assert len(woken) == 2
    for end in (ours.bank.finish, ours.bank.refuse):
        refund = await ours.approved(gift, 1000)
        await house.refund_sender.process_due(NOW)
        end(refund.id)
        before = len(woken)
        await house.refund_sender.process_due(SOON)
        assert len(woken) == before + 1
