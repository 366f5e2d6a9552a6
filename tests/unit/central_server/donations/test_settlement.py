"""Attempts and their settlement: late, surplus and outside-permit payments are posted and marked."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from msgspec import structs

from central_server.banks.port import BankUnavailable, OrderReport, OrderState, Redirect
from central_server.donations.open_attempt import SentToBank
from central_server.donations.settlement import PaymentRefused
from central_server.donations.tickets import TicketUnusable, VerifiedTicket, read_ticket
from central_server.store.donations import attempts, intents
from central_server.store.donations.attempts import Attempt
from central_server.store.engine import process_events
from central_server.store.engine.process_events import Topic
from central_server.store.ledger import ledger_lines
from central_server.store.ledger.ledger_lines import LedgerLine
from sync_contract.money import Money
from sync_contract.strict_model import Environment, Language
from tests.fakes.donation_services import LUNCH
from tests.fakes.stored_parcels import received
from tests.unit.central_server.refund_world import NOW, RefundWorld, world

__all__ = ["world"]


async def read_new_ticket(world: RefundWorld) -> VerifiedTicket:
    ticket = world.gateway.ticket(world.gateway.intent(), issued_at=NOW)
    return await read_ticket(world.database, ticket, Environment.drill, NOW)


async def press(world: RefundWorld, ticket: VerifiedTicket) -> object:
    return await world.house.opening.open(ticket, LUNCH, Language.en, NOW)


async def tried(world: RefundWorld, ticket: VerifiedTicket) -> tuple[Attempt, ...]:
    return await world.house.tried(world.gateway.id, ticket.ticket.intent)


async def opened(world: RefundWorld) -> tuple[VerifiedTicket, Attempt]:
    ticket = await read_new_ticket(world)
    await press(world, ticket)
    (attempt,) = await tried(world, ticket)
    return ticket, attempt


async def opened_twice(world: RefundWorld) -> tuple[VerifiedTicket, Attempt, Attempt]:
    """Two attempts of one intent; the first has expired."""
    ticket, first = await opened(world)
    world.bank.end_order(first.id, OrderState.expired)
    await press(world, ticket)
    return ticket, first, (await tried(world, ticket))[1]


def paid(attempt: Attempt) -> OrderReport:
    return OrderReport(attempt.id, OrderState.paid, Money(5000), "P")


async def lines_of(world: RefundWorld, attempt: Attempt) -> tuple[LedgerLine, ...]:
    async with world.database.read() as connection:
        return await ledger_lines.of_intent(connection, attempt.gateway, attempt.intent)


async def test_a_payment_after_the_attempt_ended_is_late(world: RefundWorld) -> None:
    ticket, attempt = await opened(world)
    await world.house.settlement.record_report(OrderReport(attempt.id, OrderState.expired, None, "time is over"), NOW)
    await world.house.settlement.record_report(paid(attempt), NOW)
    (line,) = await lines_of(world, attempt)
    assert (line.kind, line.late, line.outside_permit) == ("paid", True, False)
    await world.house.settlement.record_report(OrderReport(attempt.id, OrderState.expired, None, "contradiction"), NOW)
    assert (await tried(world, ticket))[0].state == "paid"


async def test_a_second_paid_attempt_is_surplus(world: RefundWorld) -> None:
    _, first, second = await opened_twice(world)
    for attempt in (second, first, second):
        await world.house.settlement.record_report(paid(attempt), NOW)
    lines = await lines_of(world, first)
    assert [(line.attempt, line.kind, line.late) for line in lines] == [
        (second.id, "paid", False),
        (first.id, "surplus", True),
    ]
    assert lines[0].slip != lines[1].slip


async def test_forty_concurrent_confirmations_open_one_attempt(world: RefundWorld) -> None:
    ticket = await read_new_ticket(world)
    await asyncio.gather(*(press(world, ticket) for _ in range(40)))
    (attempt,) = await tried(world, ticket)
    assert attempt.state == "sent"
    async with world.database.read() as connection:
        moves = await intents.history(connection, attempt.gateway, attempt.intent)
    assert [(move.attempt is None, move.after) for move in moves if move.cause in ("attempt", "bank")] == [
        (False, "sent"),
        (True, "handed_off"),
    ]


async def test_two_attempts_paid_concurrently_are_one_gift_and_one_surplus(world: RefundWorld) -> None:
    for _ in range(5):
        _, *both = await opened_twice(world)
        reports = [paid(attempt) for attempt in (*both, *both)]
        await asyncio.gather(*(world.house.settlement.record_report(report, NOW) for report in reports))
        async with world.database.read() as connection:
            moves = await intents.history(connection, both[0].gateway, both[0].intent)
        assert [line.kind for line in await lines_of(world, both[0])] == ["paid", "surplus"]
        assert [move.after for move in moves if move.attempt is None].count("paid") == 1


async def test_every_process_is_notified_of_a_payment(world: RefundWorld) -> None:
    _, attempt = await opened(world)
    topics: asyncio.Queue[Topic] = asyncio.Queue()
    every_s = 600 if world.database.dsn else 0.05  # PostgreSQL notifies without polling
    listening = asyncio.create_task(
        process_events.listen(world.database, topics.put_nowait, alive=lambda: None, every_s=every_s)
    )
    async with asyncio.timeout(120):
        assert {await topics.get() for _ in Topic} == set(Topic)
        await world.house.settlement.record_report(paid(attempt), NOW)
        assert await topics.get() is Topic.gifts
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_a_concurrent_payment_and_expiry_leave_it_paid(world: RefundWorld) -> None:
    for _ in range(5):
        ticket, attempt = await opened(world)
        reports = (
            OrderReport(attempt.id, OrderState.expired, None, "time is over"),
            paid(attempt),
            OrderReport(attempt.id, OrderState.failed, None, "no money"),
        )
        await asyncio.gather(*(world.house.settlement.record_report(report, NOW) for report in reports))
        assert (await tried(world, ticket))[0].state == "paid"


async def test_a_paid_attempt_is_not_queried_any_more(world: RefundWorld) -> None:
    ticket, attempt = await opened(world)
    await world.house.settlement.record_report(paid(attempt), NOW)
    async with world.database.write() as connection:
        assert not await attempts.schedule(connection, attempt, NOW)
    assert (await tried(world, ticket))[0].next_query_at is None


async def test_a_payment_after_the_permit_closed_is_marked(world: RefundWorld) -> None:
    _, attempt = await opened(world)
    await world.house.settlement.record_report(paid(attempt), datetime(2100, 1, 1, tzinfo=UTC))
    (line,) = await lines_of(world, attempt)
    assert line.outside_permit


async def test_a_live_order_is_reused_and_a_paid_one_is_found(world: RefundWorld) -> None:
    ticket = await read_new_ticket(world)
    first = await press(world, ticket)
    assert isinstance(first, SentToBank)
    assert await press(world, ticket) == first
    (attempt,) = await tried(world, ticket)
    world.bank.pay(attempt.id)
    again = await world.house.opening.open(ticket, LUNCH, Language.en, NOW)
    assert not isinstance(again, SentToBank)
    assert again.return_nonce == attempt.return_nonce
    assert [each.state for each in await tried(world, ticket)] == ["paid"]


async def test_an_order_that_the_bank_did_not_receive_is_sent_again(world: RefundWorld) -> None:
    ticket = await read_new_ticket(world)
    world.bank.lose_question = True
    with pytest.raises(BankUnavailable):
        await press(world, ticket)
    (attempt,) = await tried(world, ticket)
    assert attempt.state == "opened"
    assert await press(world, ticket) == SentToBank(Redirect(f"http://bank.example/{attempt.id}"))
    assert [each.state for each in await tried(world, ticket)] == ["sent"]


async def test_an_order_is_queried_until_it_ends(world: RefundWorld) -> None:
    _, attempt = await opened(world)
    assert await world.house.queries.query_due(NOW + timedelta(seconds=299)) == 0
    times = [NOW]
    for second in range(300, 1800, 10):
        now = NOW + timedelta(seconds=second)
        if await world.house.queries.query_due(now):
            times.append(now)
    assert max(after - before for before, after in pairwise(times)) <= timedelta(minutes=5)
    assert len(times) == 6
    world.bank.pay(attempt.id)
    assert await world.house.queries.query_due(NOW + timedelta(minutes=30)) == 1
    assert await world.house.queries.query_due(NOW + timedelta(days=30)) == 0


async def test_a_failed_query_of_one_order_does_not_block_the_others(world: RefundWorld) -> None:
    for _ in range(2):
        await opened(world)
    world.bank.lose_question = True
    later = NOW + timedelta(minutes=5)
    with pytest.raises(BankUnavailable):
        await world.house.queries.query_due(later)
    assert await world.house.queries.query_due(later) == 1


async def test_an_order_that_never_reached_the_bank_expires(world: RefundWorld) -> None:
    ticket = await read_new_ticket(world)
    world.bank.lose_question = True
    with pytest.raises(BankUnavailable):
        await press(world, ticket)
    for minutes, state in ((10, "opened"), (31, "expired")):
        await world.house.queries.query_due(NOW + timedelta(minutes=minutes))
        assert (await tried(world, ticket))[0].state == state


async def test_a_paid_order_without_its_own_amount_is_refused(world: RefundWorld) -> None:
    ticket, attempt = await opened(world)
    with pytest.raises(PaymentRefused):
        await world.house.settlement.record_report(replace(paid(attempt), amount=None), NOW)
    world.bank.pay(attempt.id)
    at_bank = world.bank.orders[attempt.id]
    at_bank.order = replace(at_bank.order, amount=Money(4999))
    assert await world.house.queries.query_due(NOW + timedelta(minutes=10)) == 1
    assert (await tried(world, ticket))[0].state == "sent"


async def test_a_parcel_between_the_ticket_page_and_the_confirmation_is_compared(world: RefundWorld) -> None:
    parcel = world.gateway.intent()
    ticket = await read_ticket(world.database, world.gateway.ticket(parcel, issued_at=NOW), Environment.drill, NOW)
    dearer = structs.replace(parcel, body=structs.replace(parcel.body, amount_minor=9900))
    await received(world.database, ticket.gateway.id, ticket.gateway.community, [dearer], NOW)
    with pytest.raises(TicketUnusable, match="amount_minor"):
        await press(world, ticket)
    assert await tried(world, ticket) == ()
