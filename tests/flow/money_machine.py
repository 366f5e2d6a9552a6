"""A state machine of money: two processes on one database with donors, staff, crashes and a bank that loses messages.

In any order: no money is counted that the bank does not have, none twice, and in the end none is missing. Both
processes are objects in this one, with a bank in memory, so thousands of histories can run, be cut at any await, and
be shortened on failure. money_processes.py uses real processes and real kills.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from central_server.banks.port import BankUnavailable, NoStatement, Notification, OrderState
from central_server.reconciliation.statement_import import Reconciler
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, intents
from central_server.store.donations.attempts import Attempt
from central_server.store.engine.database import open_database
from central_server.store.ledger.ledger_lines import LedgerLine
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences
from central_server.store.reconciliation.differences import DifferenceKind
from sync_contract.records import Parcel
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donation_services import MemoryBankServices, furnish
from tests.fakes.money_bank import MoneyBank
from tests.fakes.stored_parcels import received
from tests.flow.money_purses import PurseHistory
from tests.sqlite import put_database

BEGIN = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
Result = TypeVar("Result")
Stores = Callable[[Path], AbstractAsyncContextManager[str]]
"""Gives the URL of an empty database."""
which = st.integers(0, 1)
cut = st.integers(1, 60)


@dataclass
class Gift:
    parcel: Parcel
    ticket: str


@dataclass
class Running:
    """One process: it is ended without being asked, and another one begins in its place."""

    url: str
    bank: MoneyBank
    edges: AsyncExitStack = field(default_factory=AsyncExitStack)
    house: MemoryBankServices = field(init=False)

    async def begin(self) -> None:
        database = await self.edges.enter_async_context(open_database(self.url, connections=4))
        self.house = MemoryBankServices(database, self.bank)

    async def end(self) -> None:
        await self.edges.aclose()


class MoneyMachine(RuleBasedStateMachine):
    """`stores` is set by the caller of run_machine.

    What a rule draws depends on no outcome, because a cut at an await differs between runs of one history: a rule
    that has nothing to add to `words` adds None.
    """

    stores: Stores

    gifts = Bundle("gifts")
    words = Bundle("words")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.edges = AsyncExitStack()
        self.bank, self.gateway, self.now = MoneyBank(fee_basis_points=60), DeliveringGateway(), BEGIN
        self.given: list[Gift] = []
        self.purses = PurseHistory()
        self.day = date(2026, 11, 24)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run_until_complete(work)

    @initialize(target=gifts, fens=st.lists(st.integers(100, 100_000), min_size=1, max_size=3))
    def opens(self, fens: list[int]) -> Any:
        """With gifts that are paid already."""

        async def begin() -> None:
            folder = Path(self.edges.enter_context(TemporaryDirectory()))
            url = await self.edges.enter_async_context(type(self).stores(folder))
            self.running = [Running(url, self.bank), Running(url, self.bank)]
            for each in self.running:
                await each.begin()
            await self._furnish(folder)

        self.run(begin())
        return multiple(*(self._paid(fen, 0) for fen in fens))

    def _paid(self, fen: int, number: int) -> Gift:
        gift = self._registered(fen)

        async def pay() -> None:
            house = self.house(number)
            await house.press(gift.ticket, self.now)
            (attempt,) = await self.tried(gift, number)
            await house.settlement.record_notification(self.bank.pay(attempt.id), self.now)

        self.run(pay())
        return gift

    def _registered(self, fen: int) -> Gift:
        parcel = self.gateway.intent(amount_minor=fen)
        self.given.append(Gift(parcel, self.gateway.ticket(parcel, issued_at=self.now)))
        return self.given[-1]

    async def _furnish(self, folder: Path) -> None:
        await furnish(self.house(0).database, folder, self.gateway, self.now)

    def house(self, number: int) -> MemoryBankServices:
        return self.running[number].house

    @rule(target=gifts, fen=st.integers(100, 100_000))
    def a_resident_registers(self, fen: int) -> Gift:
        return self._registered(fen)

    @rule(gift=gifts, number=which)
    def its_parcel_arrives(self, gift: Gift, number: int) -> None:
        async def arrive() -> None:
            await received(self.house(number).database, self.gateway.id, "huada", [gift.parcel], self.now)

        self.run(arrive())

    @rule(gift=gifts, number=which, times=st.integers(1, 3))
    def the_donor_presses(self, gift: Gift, number: int, times: int) -> None:
        async def press() -> None:
            houses = [self.house((number + turn) % 2) for turn in range(times)]
            done = await asyncio.gather(
                *(house.press(gift.ticket, self.now) for house in houses), return_exceptions=True
            )
            _only(done, BankUnavailable)

        self.run(press())

    @rule(target=words, gift=gifts, flawed=st.booleans(), turn=st.integers(0, 3))
    def the_donor_pays(self, gift: Gift, turn: int, flawed: bool) -> Notification | None:
        """At whichever order the bank knows, also one whose time is over."""
        open_ = [order for order in self.orders(gift) if self.bank.orders[order].state is not OrderState.paid]
        if not open_:
            return None
        return self.bank.pay(open_[turn % len(open_)], flawed=flawed)

    @rule(gift=gifts, state=st.sampled_from([OrderState.failed, OrderState.expired, OrderState.pending]))
    def the_bank_names_another_end(self, gift: Gift, state: OrderState) -> None:
        for order in self.orders(gift):
            if self.bank.orders[order].state is not OrderState.paid:
                self.bank.end_order(order, state)

    @rule(word=words, number=which, times=st.integers(1, 3))
    def the_bank_notifies(self, word: Notification | None, number: int, times: int) -> None:
        """Late or at once, once or more often, to either process or to both at the same time; or never."""

        async def notify() -> None:
            houses = [self.house((number + turn) % 2) for turn in range(times)]
            if word is not None:
                await asyncio.gather(*(house.settlement.record_notification(word, self.now) for house in houses))

        self.run(notify())

    @rule(number=which, both=st.booleans())
    def the_bank_is_asked(self, number: int, both: bool) -> None:
        async def ask() -> None:
            houses = [self.house(number), *([self.house(1 - number)] if both else [])]
            work = [house.queries.query_due(self.now) for house in houses]
            _only(await asyncio.gather(*work, return_exceptions=True), BankUnavailable)

        self.run(ask())

    @rule(number=which, both=st.booleans())
    def refunds_are_seen_to(self, number: int, both: bool) -> None:
        async def work() -> None:
            houses = [self.house(number), *([self.house(1 - number)] if both else [])]
            due = [house.refund_sender.process_due(self.now) for house in houses]
            _only(await asyncio.gather(*due, return_exceptions=True), BankUnavailable)

        self.run(work())

    @rule(target=words)
    def the_bank_gives_back_what_it_was_asked_for(self) -> Notification | None:
        under_way = [id_ for id_, entry in self.bank.refunds.items() if entry.state is OrderState.pending]
        return self.bank.finish(under_way[0]) if under_way else None

    @rule()
    def the_bank_refuses_a_refund(self) -> None:
        for id_, entry in self.bank.refunds.items():
            if entry.state is OrderState.pending:
                self.bank.refuse(id_)
                return

    @rule(gift=gifts)
    def the_bank_gives_back_by_itself(self, gift: Gift) -> None:
        """What was paid when its time was over, and nothing else."""
        for attempt in self.run(self.tried(gift, 0)):
            entry = self.bank.orders.get(attempt.id)
            late = attempt.refundable_from is not None or attempt.state in ("failed", "expired")
            if not (entry and late and entry.state is OrderState.paid):
                continue
            if self.bank.left_minor(attempt.id) == entry.order.amount.minor:
                self.bank.give_back(attempt.id)

    @rule(number=which)
    def the_banks_file_is_taken(self, number: int) -> None:
        self.run(self._file(number))

    @rule(open_=st.booleans(), number=which)
    def the_permit_changes(self, open_: bool, number: int) -> None:
        async def change() -> None:
            async with self.house(number).database.write() as connection:
                project = (await projects.holding(connection, "huada"))["lunch"]
                closes = date(2099, 12, 31) if open_ else date(2026, 1, 1)
                await projects.save(connection, replace(project, closes=closes), project.revision)

        self.run(change())

    @rule(minutes=st.sampled_from([1, 5, 30, 120, 60 * 24, 60 * 24 * 11]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(question=st.booleans())
    def the_network_loses_a_word(self, question: bool) -> None:
        if question:
            self.bank.lose_question = True
        else:
            self.bank.lose_answer = True

    @rule(gift=gifts, number=which, steps=cut)
    def a_process_dies_while_a_donor_presses(self, gift: Gift, number: int, steps: int) -> None:
        self.run(self._die(number, self.house(number).press(gift.ticket, self.now), steps))

    @rule(word=words, number=which, steps=cut)
    def a_process_dies_while_the_bank_notifies(self, word: Notification | None, number: int, steps: int) -> None:
        if word is None:
            return
        self.run(self._die(number, self.house(number).settlement.record_notification(word, self.now), steps))

    @rule(number=which, steps=cut)
    def a_process_dies_while_it_sees_to_refunds(self, number: int, steps: int) -> None:
        self.run(self._die(number, self.house(number).refund_sender.process_due(self.now), steps))

    @rule(number=which, steps=cut)
    def a_process_dies_while_it_asks(self, number: int, steps: int) -> None:
        self.run(self._die(number, self.house(number).queries.query_due(self.now), steps))

    @invariant()
    def nothing_is_counted_that_the_bank_does_not_hold_nor_twice(self) -> None:
        if self.given:
            self.run(self._safe())

    def teardown(self) -> None:
        try:
            if hasattr(self, "running"):
                self.run(self._everything_comes_to_light())
        finally:
            self.run(self._close())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

    def orders(self, gift: Gift) -> list[str]:
        """Those of the gift that the bank knows, the oldest first."""
        tried = self.run(self.tried(gift, 0))
        return [attempt.id for attempt in tried if attempt.id in self.bank.orders]

    async def tried(self, gift: Gift, number: int) -> tuple[Attempt, ...]:
        return await self.house(number).tried(self.gateway.id, gift.parcel.id)

    async def _file(self, number: int) -> None:
        house = self.house(number)
        try:
            statement = await self.bank.statement(self.day)
        except NoStatement:
            return
        self.day += timedelta(days=1)
        await Reconciler(house.database, self.bank.name, "drill", house.changed).import_statement(
            statement, self.now, cause="job"
        )

    async def _die(self, number: int, work: Awaitable[object], steps: int) -> None:
        task = asyncio.ensure_future(work)
        for _ in range(steps):
            await asyncio.sleep(0.0005)
            if task.done():
                break
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await self.running[number].end()
        self.running[number] = Running(self.running[number].url, self.bank)
        await self.running[number].begin()

    async def _lines(self) -> list[LedgerLine]:
        return await self.purses.check(self.house(0).database)

    async def _safe(self) -> None:
        lines = await self._lines()
        came = [line for line in lines if line.kind in ("paid", "surplus")]
        assert len({line.attempt for line in came}) == len(came), "a payment is counted twice"
        for line in came:
            entry = self.bank.orders[line.attempt or ""]
            assert entry.state is OrderState.paid, "money is counted that the bank does not have"
            assert line.amount_minor == entry.order.amount.minor
        paid = [line.intent for line in lines if line.kind == "paid"]
        assert len(set(paid)) == len(paid), "an intent is paid once, the rest is surplus"
        done = {f"refund:{id_}" for id_, entry in self.bank.refunds.items() if entry.state is OrderState.paid}
        went = [line for line in lines if line.kind == "refund"]
        ours = {line.identity for line in went if line.identity in done}
        own = [line for line in went if line.identity not in ours]
        assert len(own) <= len(self.bank.by_itself), "money went that the bank still has"
        for order in self.bank.orders:
            assert self.bank.left_minor(order) >= 0, "more is given back than was paid"

    async def _everything_comes_to_light(self) -> None:
        """The noise is over: what the bank holds and what we count is the same, whoever reported whom."""
        self.bank.lose_question = self.bank.lose_answer = False
        for _ in range(3):
            for id_, entry in list(self.bank.refunds.items()):
                if entry.state is OrderState.pending:
                    self.bank.finish(id_)
            for _ in range(12):
                self.now += timedelta(days=1)
                await self.house(0).queries.query_due(self.now)
                await self.house(1).refund_sender.process_due(self.now)
        await self._file(0)
        await self._safe()
        lines = await self._lines()
        # A refund that the bank and we made at the same time is a staff task and is not posted.
        async with self.house(0).database.read() as connection:
            found = await differences.every(connection, [TOP], "drill")
        reported = sum(each.theirs_minor or 0 for each in found if each.kind == DifferenceKind.refund_unknown)
        counted = sum(line.signed_minor for line in lines if line.kind in ("paid", "surplus", "fee", "refund"))
        assert counted - reported == self.bank.money_minor, "ledger and bank do not agree"
        came = {line.attempt for line in lines if line.kind in ("paid", "surplus")}
        assert came == {id_ for id_, entry in self.bank.orders.items() if entry.state is OrderState.paid}
        async with self.house(0).database.read() as connection:
            for gift in self.given:
                intent = await intents.get(connection, self.gateway.id, gift.parcel.id)
                tried = await attempts.of_intent(connection, self.gateway.id, gift.parcel.id)
                if intent is not None:
                    assert (intent.state == "paid") is any(attempt.paid for attempt in tried)
                for attempt in tried:
                    assert attempt.paid is (attempt.id in came)

    async def _close(self) -> None:
        for each in getattr(self, "running", ()):
            await each.end()
        await self.edges.aclose()


def _only(done: list[Any], expected: type[Exception]) -> None:
    for each in done:
        if isinstance(each, BaseException) and not isinstance(each, expected):
            raise each


@asynccontextmanager
async def a_file(folder: Path) -> AsyncIterator[str]:
    """SQLite, with our newest schema."""
    yield await put_database(folder / "central.db")
