"""Money that the bank's file reports as returned is posted once."""

import pytest

from central_server.donations import refund_approval
from central_server.donations.late_payment import HOLD_PERIOD
from central_server.donations.refund_approval import RefundNotPossible
from central_server.reconciliation.external_refunds import can_be_posted, post_external_refund
from central_server.store.donations.attempts import AttemptState
from central_server.store.donations.refunds import RefundState
from tests.unit.central_server.reconciling_world import DAY, NOW, ONE, Books, back, file, number, row, world

__all__ = ["world"]


async def test_a_return_by_the_bank_is_posted_once_and_closes_our_request(world: Books) -> None:
    late = await world.paid(late=True, at=NOW - HOLD_PERIOD)
    async with world.database.write() as connection:
        asked = await refund_approval.request_refund(
            connection, late.id, 5000, "wish", bank=late.bank, by="li", now=NOW
        )
    given = back("f" * 32, 5000, refers=number(late), evidence="B1")
    await world.take(row(late), given)
    await world.take(given, day=DAY + ONE)
    assert [(each.kind, each.theirs_minor) for each in await world.found()] == [("duplicate_row", 5000)]
    closed = await world.refund(asked.id)
    assert closed.state == RefundState.declined
    assert "B1" in closed.note
    assert [line.kind for line in await world.lines(late)] == ["paid", "refund"]
    assert (await world.now(late)).state == AttemptState.refunded


async def test_a_payment_known_only_from_the_file_is_held_for_a_return(world: Books) -> None:
    """After a standstill the file may be read before the bank is asked, which would have said that it came late."""
    gift = await world.opened(state=AttemptState.pending)
    await world.take(row(gift))
    async with world.database.write() as connection:
        with pytest.raises(RefundNotPossible, match="on_hold"):
            await refund_approval.request_refund(connection, gift.id, 5000, "wish", bank=gift.bank, by="li", now=NOW)
    await world.take(back("f" * 32, 5000, refers=number(gift), evidence="B1"), day=DAY + ONE)
    assert not await world.found()
    assert [line.kind for line in await world.lines(gift)] == ["paid", "refund"]
    async with world.database.write() as connection:
        with pytest.raises(RefundNotPossible, match="too_much"):
            await refund_approval.request_refund(
                connection, gift.id, 1, "wish", bank=gift.bank, by="li", now=NOW + HOLD_PERIOD
            )


async def test_a_return_before_its_payment_is_assigned_later_and_can_be_posted(world: Books) -> None:
    """As when the file of the day before was refused for a while."""
    gift, stranger = await world.opened(state=AttemptState.pending), await world.opened()
    gone = [back("e" * 32, 700, refers="nobody's"), back("f" * 32, 5000, refers=number(gift))]
    world.bank.files = {DAY + ONE: file(gone, DAY + ONE)}
    await world.nightly.run(NOW, tuple(world.bank.files))
    assert [each.attempt for each in await world.found()] == [None, None]
    world.bank.files[DAY] = file([row(gift), row(stranger)])
    await world.nightly.run(NOW, (DAY,))
    others, its = await world.found()
    assert (others.attempt, its.attempt, its.community) == (None, gift.id, world.community)
    assert (can_be_posted(others), can_be_posted(its)) == (False, True)
    async with world.database.write() as connection:
        await post_external_refund(connection, its, NOW)
    assert [(line.kind, line.amount_minor) for line in await world.lines(gift)] == [("paid", 5000), ("refund", 5000)]


async def test_a_refund_reported_only_by_the_file_is_completed(world: Books) -> None:
    gift = await world.paid(at=NOW - ONE)
    sent = await world.refunded(gift, 1200, done=False)
    await world.take(row(gift), back(sent.id, 1200, fee=-2))
    assert not await world.found()
    assert (await world.refund(sent.id)).state == RefundState.refunded
    assert [(line.kind, line.amount_minor) for line in await world.lines(gift)] == [
        ("paid", 5000),
        ("refund", 1200),
        ("fee", -2),
    ]
