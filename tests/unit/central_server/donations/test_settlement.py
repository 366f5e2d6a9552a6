"""Late, surplus and outside-permit money is posted all the same, and marked."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from central_server.banks.port import (
    BankUnavailable,
    Capabilities,
    Expiring,
    Notification,
    Order,
    OrderId,
    OrderReport,
    OrderState,
    Redirect,
    Refund,
    Statement,
)
from central_server.catalogue.settings_seed import seed_catalogue
from central_server.donations.open_attempt import AttemptOpener, SentToBank
from central_server.donations.order_queries import OrderQueries
from central_server.donations.settlement import Settlement
from central_server.donations.tickets import TicketUnusable, VerifiedTicket, read_ticket
from central_server.enrolment.gateways import register
from central_server.settings import Settings
from central_server.store.donations import attempts, intents
from central_server.store.donations.attempts import Attempt
from central_server.store.engine import process_events
from central_server.store.engine.database import Database
from central_server.store.engine.process_events import Topic
from central_server.store.ledger import ledger_lines
from daemonkit.toml import load
from sync_contract.money import Money
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language
from tests.fakes.central_process import CONFIG
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.received import received

LUNCH = Texts.model_validate({"zh-Hans": "午餐", "zh-Hant": "午餐", "en": "lunch"})
NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


class PlayedBank:
    """Its orders stand as the test says."""

    name = "sandbox"
    environment = Environment.drill
    capabilities = Capabilities(notifies=True, queries=True)
    form_targets: tuple[str, ...] = ("http://bank.example",)

    def __init__(self) -> None:
        self.orders: dict[str, OrderReport] = {}
        self.away = False
        self.queries = 0

    async def open(self, order: Order) -> Redirect:
        if self.away:
            raise BankUnavailable("away")
        self.orders.setdefault(order.id, OrderReport(order.id, OrderState.open, order.amount, ""))
        return Redirect(f"http://bank.example/{order.id}")

    def verify(self, headers: object, body: bytes) -> Notification:
        raise NotImplementedError

    async def query(self, order: OrderId) -> OrderReport:
        self.queries += 1
        if self.away:
            raise BankUnavailable("away")
        return self.orders.get(order.id, OrderReport(order.id, OrderState.unknown, None, ""))

    async def refund(self, refund: Refund) -> None:
        raise NotImplementedError

    async def statement(self, day: date) -> Statement:
        raise NotImplementedError

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        return ()

    def stands(self, attempt: Attempt, state: OrderState) -> None:
        self.orders[attempt.id] = OrderReport(attempt.id, state, Money(5000), "payment P1")


class World:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.bank = PlayedBank()
        self.pokes = 0
        self.settlement = Settlement(database, "sandbox", self._poke)
        self.opening = AttemptOpener(
            database, self.bank, self.settlement, lambda nonce: f"http://us/g/{nonce}", lambda: ""
        )
        self.queries = OrderQueries(database, self.bank, self.settlement)
        self.gateway = DeliveringGateway()

    def _poke(self) -> None:
        self.pokes += 1

    async def ask(self) -> VerifiedTicket:
        return await read_ticket(self.database, self.gateway.ticket(self.gateway.intent()), Environment.drill, NOW)

    async def tried(self, asked: VerifiedTicket) -> tuple[Attempt, ...]:
        async with self.database.read() as connection:
            return await attempts.of_intent(connection, asked.gateway.id, asked.ticket.intent)


@pytest.fixture
async def world(tmp_path: Path, database: Database) -> World:
    file = tmp_path / "central.toml"
    file.write_text(CONFIG, encoding="utf-8")
    await seed_catalogue(database, load(file, Settings).projects, {}, NOW)
    world = World(database)
    await register(database, world.gateway.id, world.gateway.public, "huada", "hall", NOW)
    return world


async def test_money_that_comes_after_the_attempt_ended_is_late(world: World) -> None:
    asked = await world.ask()
    await world.opening.open(asked, LUNCH, Language.en, NOW)
    (attempt,) = await world.tried(asked)
    await world.settlement.record_report(OrderReport(attempt.id, OrderState.expired, None, "has expired"), NOW)
    await world.settlement.record_report(OrderReport(attempt.id, OrderState.paid, Money(5000), "P1"), NOW)
    async with world.database.read() as connection:
        (line,) = await ledger_lines.of_intent(connection, attempt.gateway, attempt.intent)
    assert (line.kind, line.late, line.outside_permit) == ("paid", True, False)
    await world.settlement.record_report(OrderReport(attempt.id, OrderState.expired, None, "the bank is confused"), NOW)
    assert (await world.tried(asked))[0].state == "paid"


async def test_a_second_paid_attempt_is_surplus(world: World) -> None:
    asked = await world.ask()
    await world.opening.open(asked, LUNCH, Language.en, NOW)
    (first,) = await world.tried(asked)
    world.bank.stands(first, OrderState.expired)
    await world.opening.open(asked, LUNCH, Language.en, NOW)
    second = (await world.tried(asked))[1]
    for attempt in (second, first, second):
        await world.settlement.record_report(OrderReport(attempt.id, OrderState.paid, Money(5000), "P"), NOW)
    async with world.database.read() as connection:
        lines = await ledger_lines.of_intent(connection, first.gateway, first.intent)
    assert [(line.attempt, line.kind, line.late) for line in lines] == [
        (second.id, "paid", False),
        (first.id, "surplus", True),
    ]
    assert lines[0].slip != lines[1].slip


async def test_forty_presses_at_once_open_one_attempt(world: World) -> None:
    asked = await world.ask()
    await asyncio.gather(*(world.opening.open(asked, LUNCH, Language.en, NOW) for _ in range(40)))
    (attempt,) = await world.tried(asked)
    assert attempt.state == "sent"
    async with world.database.read() as connection:
        moves = await intents.history(connection, attempt.gateway, attempt.intent)
    assert [(move.attempt is None, move.after) for move in moves if move.cause in ("attempt", "bank")] == [
        (False, "sent"),
        (True, "handed_off"),
    ]


async def test_two_attempts_paid_at_once_are_one_gift_and_one_surplus(world: World) -> None:
    for _ in range(5):
        asked = await world.ask()
        await world.opening.open(asked, LUNCH, Language.en, NOW)
        (first,) = await world.tried(asked)
        world.bank.stands(first, OrderState.expired)
        await world.opening.open(asked, LUNCH, Language.en, NOW)
        both = await world.tried(asked)
        paid = [OrderReport(attempt.id, OrderState.paid, Money(5000), "P") for attempt in (*both, *both)]
        await asyncio.gather(*(world.settlement.record_report(report, NOW) for report in paid))
        async with world.database.read() as connection:
            lines = await ledger_lines.of_intent(connection, first.gateway, first.intent)
            moves = await intents.history(connection, first.gateway, first.intent)
        assert [line.kind for line in lines] == ["paid", "surplus"]
        assert [move.after for move in moves if move.attempt is None].count("paid") == 1


async def test_a_payment_is_heard_by_every_process(world: World) -> None:
    asked = await world.ask()
    await world.opening.open(asked, LUNCH, Language.en, NOW)
    (attempt,) = await world.tried(asked)
    heard: asyncio.Queue[Topic] = asyncio.Queue()
    every_s = 600 if world.database.dsn else 0.05  # PostgreSQL does not wait for the next look
    hearing = asyncio.create_task(
        process_events.hear(world.database, heard.put_nowait, alive=lambda: None, every_s=every_s)
    )
    async with asyncio.timeout(120):
        assert {await heard.get() for _ in Topic} == set(Topic)
        await world.settlement.record_report(OrderReport(attempt.id, OrderState.paid, Money(5000), "P"), NOW)
        assert await heard.get() is Topic.gifts
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


async def test_a_payment_and_an_expiry_at_once_leave_it_paid(world: World) -> None:
    for _ in range(5):
        asked = await world.ask()
        await world.opening.open(asked, LUNCH, Language.en, NOW)
        (attempt,) = await world.tried(asked)
        words = (
            OrderReport(attempt.id, OrderState.expired, None, "has expired"),
            OrderReport(attempt.id, OrderState.paid, Money(5000), "P"),
            OrderReport(attempt.id, OrderState.failed, None, "no money"),
        )
        await asyncio.gather(*(world.settlement.record_report(word, NOW) for word in words))
        assert (await world.tried(asked))[0].state == "paid"


async def test_what_is_paid_while_it_waits_to_be_asked_is_not_asked(world: World) -> None:
    asked = await world.ask()
    await world.opening.open(asked, LUNCH, Language.en, NOW)
    (attempt,) = await world.tried(asked)
    await world.settlement.record_report(OrderReport(attempt.id, OrderState.paid, Money(5000), "P"), NOW)
    async with world.database.write() as connection:
        assert not await attempts.schedule(connection, attempt, NOW)
    assert (await world.tried(asked))[0].next_query_at is None


async def test_money_that_comes_when_the_permit_has_closed_is_marked(world: World) -> None:
    asked = await world.ask()
    await world.opening.open(asked, LUNCH, Language.en, NOW)
    (attempt,) = await world.tried(asked)
    afterwards = datetime(2100, 1, 1, tzinfo=UTC)
    await world.settlement.record_report(OrderReport(attempt.id, OrderState.paid, Money(5000), "P1"), afterwards)
    async with world.database.read() as connection:
        (line,) = await ledger_lines.of_intent(connection, attempt.gateway, attempt.intent)
    assert line.outside_permit


async def test_a_live_order_is_used_again_and_a_paid_one_is_found(world: World) -> None:
    asked = await world.ask()
    first = await world.opening.open(asked, LUNCH, Language.en, NOW)
    assert isinstance(first, SentToBank)
    assert await world.opening.open(asked, LUNCH, Language.en, NOW) == first
    (attempt,) = await world.tried(asked)
    world.bank.stands(attempt, OrderState.paid)
    again = await world.opening.open(asked, LUNCH, Language.en, NOW)
    assert not isinstance(again, SentToBank)
    assert again.return_nonce == attempt.return_nonce
    assert [entry.state for entry in await world.tried(asked)] == ["paid"]


async def test_a_crash_before_the_bank_heard_of_it_sends_the_same_order(world: World) -> None:
    asked = await world.ask()
    world.bank.away = True
    with pytest.raises(BankUnavailable):
        await world.opening.open(asked, LUNCH, Language.en, NOW)
    (attempt,) = await world.tried(asked)
    assert attempt.state == "opened"
    world.bank.away = False
    assert await world.opening.open(asked, LUNCH, Language.en, NOW) == SentToBank(
        Redirect(f"http://bank.example/{attempt.id}")
    )
    assert [entry.state for entry in await world.tried(asked)] == ["sent"]


async def test_the_bank_is_asked_until_the_order_has_ended(world: World) -> None:
    asked = await world.ask()
    await world.opening.open(asked, LUNCH, Language.en, NOW)
    (attempt,) = await world.tried(asked)
    assert await world.queries.query_due(NOW + timedelta(seconds=299)) == 0
    times = [NOW]
    for second in range(300, 1800, 10):
        now = NOW + timedelta(seconds=second)
        if await world.queries.query_due(now):
            times.append(now)
    gaps = [after - before for before, after in pairwise(times)]
    assert max(gaps) <= timedelta(minutes=5)
    assert len(times) == 6
    world.bank.stands(attempt, OrderState.paid)
    assert await world.queries.query_due(NOW + timedelta(minutes=30)) == 1
    assert await world.queries.query_due(NOW + timedelta(days=30)) == 0
    assert world.pokes >= 2


async def test_a_bank_that_is_silent_about_one_order_does_not_hide_the_others(world: World) -> None:
    first, second = await world.ask(), await world.ask()
    for asked in (first, second):
        await world.opening.open(asked, LUNCH, Language.en, NOW)
    world.bank.away = True
    later = NOW + timedelta(minutes=5)
    with pytest.raises(BankUnavailable):
        await world.queries.query_due(later)
    world.bank.away = False
    assert await world.queries.query_due(later) == 1


async def test_an_order_that_never_reached_the_bank_expires(world: World) -> None:
    asked = await world.ask()
    world.bank.away = True
    with pytest.raises(BankUnavailable):
        await world.opening.open(asked, LUNCH, Language.en, NOW)
    world.bank.away = False
    await world.queries.query_due(NOW + timedelta(minutes=10))
    assert (await world.tried(asked))[0].state == "opened"
    await world.queries.query_due(NOW + timedelta(minutes=31))
    assert (await world.tried(asked))[0].state == "expired"


async def test_a_paid_order_without_an_amount_is_not_believed(world: World) -> None:
    asked = await world.ask()
    await world.opening.open(asked, LUNCH, Language.en, NOW)
    (attempt,) = await world.tried(asked)
    world.bank.orders[attempt.id] = replace(world.bank.orders[attempt.id], state=OrderState.paid, amount=None)
    assert await world.queries.query_due(NOW + timedelta(minutes=5)) == 1
    world.bank.orders[attempt.id] = replace(world.bank.orders[attempt.id], amount=Money(4999))
    assert await world.queries.query_due(NOW + timedelta(minutes=10)) == 1
    assert (await world.tried(asked))[0].state == "sent"


async def test_a_record_that_comes_between_looking_and_pressing_is_compared_too(world: World) -> None:
    parcel = world.gateway.intent()
    asked = await read_ticket(world.database, world.gateway.ticket(parcel), Environment.drill, NOW)
    dearer = parcel.model_copy(update={"body": parcel.body.model_copy(update={"amount_minor": 9900})})
    await received(world.database, asked.gateway.id, asked.gateway.community, [dearer], NOW)
    with pytest.raises(TicketUnusable, match="amount_minor"):
        await world.opening.open(asked, LUNCH, Language.en, NOW)
    assert await world.tried(asked) == ()
