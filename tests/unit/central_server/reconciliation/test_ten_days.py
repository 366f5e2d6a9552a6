"""Ten days at the emulated UnionPay: the bank's files, the ledger and the public board agree to the fen."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.banks.port import Form, Order, OrderId, Refund
from central_server.donations import refund_approval
from central_server.donations.settlement import post_payment
from central_server.ledger import merkle_proofs
from central_server.ledger.publication import Publisher
from central_server.reconciliation.compared_days import load_compared
from central_server.reconciliation.day_totals import SideTotals, load_day_totals
from central_server.reconciliation.fees import FeeRule
from central_server.reconciliation.nightly import NightlyRun
from central_server.reconciliation.statement_import import Reconciler
from central_server.store.donations import attempts, refunds
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.ledger import ledger_heads, ledger_lines
from central_server.store.places.places import TOP
from sync_contract.ledger_heads import Head
from sync_contract.merkle_sum_tree import Sums
from sync_contract.money import Money
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment, Language
from sync_contract.uuid7 import new_id
from tests.fakes.donor import Donor
from tests.unit.central_server.ledger_world import HUADA
from tests.unit.central_server.reconciling_world import ONE, Books, world
from tests.unit.central_server.unionpay_orders import Drill, drill

__all__ = ["world"]

BANK = "unionpay"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@dataclass
class TenDays:
    """`moved`: what each day's file must contain, as counted here."""

    world: Books
    drill: Drill
    donor: Donor
    session: aiohttp.ClientSession
    moved: dict[date, SideTotals] = field(default_factory=dict)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.drill.clock.now(), UTC)

    async def next_morning(self) -> date:
        """Advance the bank's clock to 10:00 in Beijing, and return the day."""
        now = self.now().astimezone(OFFICIAL_TIME)
        ten = datetime.combine(now.date() + ONE, time(10), OFFICIAL_TIME)
        async with self.session.post(
            f"{self.drill.url}/control/clock", json={"advance_s": (ten - now).total_seconds()}
        ) as answer:
            assert answer.status == 200
        return ten.date()

    def count(self, received: int = 0, refunded: int = 0, day: date | None = None) -> None:
        """Add to the day's expected totals; the fee is 0.6 %, half up, and is returned with a refund."""
        day = day or self.now().astimezone(OFFICIAL_TIME).date()
        fees = (received * 6 + 500) // 1000 - (refunded * 6 + 500) // 1000
        self.moved[day] = self.moved.get(day, SideTotals()) + SideTotals(received, refunded, fees)

    async def pay(self, order: OrderId, minor: int) -> None:
        site = "http://127.0.0.1:1"
        full = Order(
            order.id, order.at, Money(minor), "午餐", Language.zh_hans, f"{site}/g", f"{site}/n", project="lunch"
        )
        form = await self.drill.bank.open(full)
        assert isinstance(form, Form)
        page = await self.donor.send(form.action, dict(form.fields))
        assert page.status == 200, page.text()
        await self.donor.press(page, decision="confirm")

    async def give(self, minor: int, *, again: Attempt | None = None, queried: bool = True) -> Attempt:
        """`again`: a second payment of that gift. `queried` False: only the bank's file reports it."""
        if again is None:
            attempt = await self.world.opened(minor, at=self.now(), bank=BANK)
        else:
            attempt = replace(again, id=new_id(), number=2, return_nonce=new_id(), state="sent", opened_at=self.now(),
                              evidence="", paid_at=None)  # fmt: skip
            async with self.world.database.write() as connection:
                await attempts.add(connection, attempt)
        await self.pay(OrderId(attempt.id, attempt.opened_at), minor)
        self.count(minor)
        if queried:
            report = await self.drill.bank.query(OrderId(attempt.id, attempt.opened_at))
            async with self.world.database.write() as connection:
                stored = await attempts.lock(connection, attempt.id)
                assert stored is not None
                assert await post_payment(
                    connection, stored, payment=report.evidence, flawed=False, cause="query",
                    evidence=report.evidence, next_query_at=None, at=report.paid_at or self.now(), late=False,
                )  # fmt: skip
        return await self.world.now(attempt)

    async def give_late(self, minor: int) -> Attempt:
        """Pay after the order has ended; the bank returns the money after five working days."""
        attempt = await self.world.opened(minor, at=self.now(), state=AttemptState.expired, bank=BANK)
        faults = {"faults": ["ebank-late"], "scope": "next"}
        async with self.session.post(f"{self.drill.url}/control/faults", json=faults) as answer:
            assert answer.status == 200
        await self.pay(OrderId(attempt.id, attempt.opened_at), minor)
        self.count(minor)
        return attempt

    async def refund(self, attempt: Attempt, minor: int) -> None:
        now = self.now()
        async with self.world.database.write() as connection:
            asked = await refund_approval.request_refund(
                connection, attempt.id, minor, "a test", bank=BANK, by="li", now=now
            )
            await refund_approval.decide_refund(connection, asked.id, approve=True, note="", by="chen", now=now)
            stored = await refunds.get(connection, asked.id)
            assert stored is not None
            await refunds.begin_sending(connection, stored, now, now)
        paid = OrderId(attempt.id, attempt.opened_at)
        await self.drill.bank.refund(
            Refund(asked.id, now, paid, attempt.evidence, Money(minor), "http://127.0.0.1:1/n")
        )
        self.count(refunded=minor)

    async def board_and_ledger(self) -> tuple[Sums, Sums, date | None]:
        """Return the published sums with those that wait for their group, the ledger's, and the board's day."""
        await Publisher(self.world.database, KEY, Environment.drill, self.now).publish_waiting()
        async with self.world.database.read() as connection:
            head = await ledger_heads.newest(connection, HUADA)
            assert head is not None
            waiting = await ledger_heads.pending(connection, HUADA, 0, 1000)
            lines = await ledger_lines.of_purse(connection, *HUADA)
            until = (await load_compared(connection, "huada", "drill", self.now())).until
        board = Head.model_validate_json(head.content).total + merkle_proofs.total_sums(waiting)
        return board, merkle_proofs.total_sums(lines), until


async def test_ten_days_of_gifts_refunds_and_fees_are_reconciled_to_the_fen(
    world: Books, tmp_path: Path, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with drill(tmp_path / "bank", "notify-lost") as running:
        ten = TenDays(world, running, donor, session)
        nightly = NightlyRun(running.bank, Reconciler(world.database, BANK, "drill", lambda: None, FeeRule(60)))
        while (first := await ten.next_morning()).weekday():  # five working days are seven days from a Monday
            pass
        days = [first + number * ONE for number in range(10)]
        gifts = [await ten.give(1000 + each, queried=each > 0) for each in range(5)]
        late = await ten.give_late(4321)
        for number, day in enumerate(days):
            gifts += [await ten.give(2000 + 137 * number + each, queried=False) for each in range(2)]
            if number == 2:
                for gift in gifts[1:5]:
                    await ten.refund(gift, 250)
            elif number == 4:
                await ten.give(gifts[5].amount_minor, again=gifts[5])
            elif number == 5:
                await ten.pay(OrderId(new_id(), ten.now()), 777)  # an order of no gift
                ten.count(777)
            elif number == 7:
                ten.count(refunded=late.amount_minor)  # by the bank itself
            await ten.next_morning()
            night = await nightly.run(ten.now())
            assert (night.imported, night.failed) == ([day], {})
            board, ledger, until = await ten.board_and_ledger()
            assert (board, until) == (ledger, day)
        async with world.database.read() as connection:
            totals = await load_day_totals(connection, [TOP], "drill")
            lines = Counter(line.kind for line in await ledger_lines.of_purse(connection, *HUADA))
        assert {each.day: each.theirs for each in totals} == ten.moved
        assert all(each.balances for each in totals)
        assert sum(each.ours.net for each in totals) == ledger.balance
        assert [(each.kind, each.day, each.theirs_minor) for each in await world.found()] == [
            ("theirs_only", days[5], 777)
        ]
        assert {each.day for each in totals if each.open} == {days[5]}
        assert (lines["paid"], lines["surplus"], lines["refund"]) == (26, 1, 5)
