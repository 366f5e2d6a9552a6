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
from tests.fakes.money_house import LUNCH
from tests.fakes.received import received
from tests.unit.central_server.refund_world import NOW, Ours, ours

__all__ = ["ours"]


async def read_new_ticket(ours: Ours) -> VerifiedTicket:
    ticket = ours.gateway.ticket(ours.gateway.intent(), issued_at=NOW)
    return await read_ticket(ours.database, ticket, Environment.drill, NOW)


async def press(ours: Ours, ticket: VerifiedTicket) -> object:
    return await ours.house.opening.open(ticket, LUNCH, Language.en, NOW)


async def tried(ours: Ours, ticket: VerifiedTicket) -> tuple[Attempt, ...]:
    return await ours.house.tried(ours.gateway.id, ticket.ticket.intent)


async def opened(ours: Ours) -> tuple[VerifiedTicket, Attempt]:
    ticket = await read_new_ticket(ours)
    await press(ours, ticket)
    (attempt,) = await tried(ours, ticket)
    return ticket, attempt


async def opened_twice(ours: Ours) -> tuple[VerifiedTicket, Attempt, Attempt]:
    """Two attempts of one intent; the first has expired."""
    ticket, first = await opened(ours)
    ours.bank.end_order(first.id, OrderState.expired)
    await press(ours, ticket)
    return ticket, first, (await tried(ours, ticket))[1]


def paid(attempt: Attempt) -> OrderReport:
    return OrderReport(attempt.id, OrderState.paid, Money(5000), "P")


async def lines_of(ours: Ours, attempt: Attempt) -> tuple[LedgerLine, ...]:
    async with ours.database.read() as connection:
        return await ledger_lines.of_intent(connection, attempt.gateway, attempt.intent)


async def test_a_payment_after_the_attempt_ended_is_late(ours: Ours) -> None:
    ticket, attempt = await opened(ours)
    await ours.house.settlement.record_report(OrderReport(attempt.id, OrderState.expired, None, "time is over"), NOW)
    await ours.house.settlement.record_report(paid(attempt), NOW)
    (line,) = await lines_of(ours, attempt)
    assert (line.kind, line.late, line.outside_permit) == ("paid", True, False)
    await ours.house.settlement.record_report(OrderReport(attempt.id, OrderState.expired, None, "contradiction"), NOW)
    assert (await tried(ours, ticket))[0].state == "paid"


async def test_a_second_paid_attempt_is_surplus(ours: Ours) -> None:
    _, first, second = await opened_twice(ours)
    for attempt in (second, first, second):
        await ours.house.settlement.record_report(paid(attempt), NOW)
    lines = await lines_of(ours, first)
    assert [(line.attempt, line.kind, line.late) for line in lines] == [
        (second.id, "paid", False),
        (first.id, "surplus", True),
    ]
    assert lines[0].slip != lines[1].slip


async def test_forty_concurrent_confirmations_open_one_attempt(ours: Ours) -> None:
    ticket = await read_new_ticket(ours)
    await asyncio.gather(*(press(ours, ticket) for _ in range(40)))
    (attempt,) = await tried(ours, ticket)
    assert attempt.state == "sent"
    async with ours.database.read() as connection:
        moves = await intents.history(connection, attempt.gateway, attempt.intent)
    assert [(move.attempt is None, move.after) for move in moves if move.cause in ("attempt", "bank")] == [
        (False, "sent"),
        (True, "handed_off"),
    ]


async def test_two_attempts_paid_concurrently_are_one_gift_and_one_surplus(ours: Ours) -> None:
    for _ in range(5):
        _, *both = await opened_twice(ours)
        reports = [paid(attempt) for attempt in (*both, *both)]
        await asyncio.gather(*(ours.house.settlement.record_report(report, NOW) for report in reports))
        async with ours.database.read() as connection:
            moves = await intents.history(connection, both[0].gateway, both[0].intent)
        assert [line.kind for line in await lines_of(ours, both[0])] == ["paid", "surplus"]
        assert [move.after for move in moves if move.attempt is None].count("paid") == 1


async def test_every_process_is_notified_of_a_payment(ours: Ours) -> None:
    _, attempt = await opened(ours)
    topics: asyncio.Queue[Topic] = asyncio.Queue()
    every_s = 600 if ours.database.dsn else 0.05  # PostgreSQL notifies without polling
    listening = asyncio.create_task(
        process_events.hear(ours.database, topics.put_nowait, alive=lambda: None, every_s=every_s)
    )
    async with asyncio.timeout(120):
        assert {await topics.get() for _ in Topic} == set(Topic)
        await ours.house.settlement.record_report(paid(attempt), NOW)
        assert await topics.get() is Topic.gifts
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_a_concurrent_payment_and_expiry_leave_it_paid(ours: Ours) -> None:
    for _ in range(5):
        ticket, attempt = await opened(ours)
        reports = (
            OrderReport(attempt.id, OrderState.expired, None, "time is over"),
            paid(attempt),
            OrderReport(attempt.id, OrderState.failed, None, "no money"),
        )
        await asyncio.gather(*(ours.house.settlement.record_report(report, NOW) for report in reports))
        assert (await tried(ours, ticket))[0].state == "paid"


async def test_a_paid_attempt_is_not_queried_any_more(ours: Ours) -> None:
    ticket, attempt = await opened(ours)
    await ours.house.settlement.record_report(paid(attempt), NOW)
    async with ours.database.write() as connection:
        assert not await attempts.schedule(connection, attempt, NOW)
    assert (await tried(ours, ticket))[0].next_query_at is None


async def test_a_payment_after_the_permit_closed_is_marked(ours: Ours) -> None:
    _, attempt = await opened(ours)
    await ours.house.settlement.record_report(paid(attempt), datetime(2100, 1, 1, tzinfo=UTC))
    (line,) = await lines_of(ours, attempt)
    assert line.outside_permit


async def test_a_live_order_is_reused_and_a_paid_one_is_found(ours: Ours) -> None:
    ticket = await read_new_ticket(ours)
    first = await press(ours, ticket)
    assert isinstance(first, SentToBank)
    assert await press(ours, ticket) == first
    (attempt,) = await tried(ours, ticket)
    ours.bank.pay(attempt.id)
    again = await ours.house.opening.open(ticket, LUNCH, Language.en, NOW)
    assert not isinstance(again, SentToBank)
    assert again.return_nonce == attempt.return_nonce
    assert [each.state for each in await tried(ours, ticket)] == ["paid"]


async def test_an_order_that_the_bank_did_not_receive_is_sent_again(ours: Ours) -> None:
    ticket = await read_new_ticket(ours)
    ours.bank.lose_question = True
    with pytest.raises(BankUnavailable):
        await press(ours, ticket)
    (attempt,) = await tried(ours, ticket)
    assert attempt.state == "opened"
    assert await press(ours, ticket) == SentToBank(Redirect(f"http://bank.example/{attempt.id}"))
    assert [each.state for each in await tried(ours, ticket)] == ["sent"]


async def test_an_order_is_queried_until_it_ends(ours: Ours) -> None:
    _, attempt = await opened(ours)
    assert await ours.house.queries.query_due(NOW + timedelta(seconds=299)) == 0
    times = [NOW]
    for second in range(300, 1800, 10):
        now = NOW + timedelta(seconds=second)
        if await ours.house.queries.query_due(now):
            times.append(now)
    assert max(after - before for before, after in pairwise(times)) <= timedelta(minutes=5)
    assert len(times) == 6
    ours.bank.pay(attempt.id)
    assert await ours.house.queries.query_due(NOW + timedelta(minutes=30)) == 1
    assert await ours.house.queries.query_due(NOW + timedelta(days=30)) == 0


async def test_a_failed_query_of_one_order_does_not_block_the_others(ours: Ours) -> None:
    for _ in range(2):
        await opened(ours)
    ours.bank.lose_question = True
    later = NOW + timedelta(minutes=5)
    with pytest.raises(BankUnavailable):
        await ours.house.queries.query_due(later)
    assert await ours.house.queries.query_due(later) == 1


async def test_an_order_that_never_reached_the_bank_expires(ours: Ours) -> None:
    ticket = await read_new_ticket(ours)
    ours.bank.lose_question = True
    with pytest.raises(BankUnavailable):
        await press(ours, ticket)
    for minutes, state in ((10, "opened"), (31, "expired")):
        await ours.house.queries.query_due(NOW + timedelta(minutes=minutes))
        assert (await tried(ours, ticket))[0].state == state


async def test_a_paid_order_without_its_own_amount_is_refused(ours: Ours) -> None:
    ticket, attempt = await opened(ours)
    with pytest.raises(PaymentRefused):
        await ours.house.settlement.record_report(replace(paid(attempt), amount=None), NOW)
    ours.bank.pay(attempt.id)
    at_bank = ours.bank.orders[attempt.id]
    at_bank.order = replace(at_bank.order, amount=Money(4999))
    assert await ours.house.queries.query_due(NOW + timedelta(minutes=10)) == 1
    assert (await tried(ours, ticket))[0].state == "sent"


async def test_a_parcel_between_the_ticket_page_and_the_confirmation_is_compared(ours: Ours) -> None:
    parcel = ours.gateway.intent()
    ticket = await read_ticket(ours.database, ours.gateway.ticket(parcel, issued_at=NOW), Environment.drill, NOW)
    dearer = structs.replace(parcel, body=structs.replace(parcel.body, amount_minor=9900))
    await received(ours.database, ticket.gateway.id, ticket.gateway.community, [dearer], NOW)
    with pytest.raises(TicketUnusable, match="amount_minor"):
        await press(ours, ticket)
    assert await tried(ours, ticket) == ()
