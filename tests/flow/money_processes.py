"""The money machine with real processes that are killed, PostgreSQL, HTTP, and the UnionPay emulator.

It shows what money_machine.py cannot: all state is in the database, a SIGKILL at any moment leaves nothing half done,
and adapter, pages and jobs together preserve the sums. A history costs seconds, so its steps are weighted towards
payments.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from central_server.ledger import merkle_proofs
from central_server.reconciliation.day_totals import load_day_totals
from central_server.store.donations import attempts, intents
from central_server.store.ledger import ledger_heads, ledger_lines
from central_server.store.places.places import TOP
from sync_contract.ledger_heads import Head
from sync_contract.merkle_sum_tree import Sums
from tests.fakes.money_street import PURSE, Gift, Street
from tests.flow.money_account import Account, account

Result = TypeVar("Result")
FAULTS = (
    "notify-lost",
    "duplicate-notify",
    "query-03-04-00",
    "a6",
    "ebank-late",
    "refund-fails",
    "notify-after-timeout",
)
_PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Step:
    """`number`: of the process; `pick`: one of what there is; `after_s`: how long work goes on before the kill."""

    rule: str
    number: int
    both: bool
    pick: int
    after_s: float

    def __str__(self) -> str:
        return f"{self.rule}, process {self.number + 1}, both {self.both}, pick {self.pick}, {self.after_s:.3f} s"


@dataclass
class History:
    """`pages`: of the bank, with donors before them."""

    street: Street
    pages: list[str] = field(default_factory=list)

    async def do(self, step: Step) -> None:
        await RULES[step.rule][0](self, step)
        await self._safe()

    async def a_resident_registers(self, step: Step) -> None:
        self.street.register(100 + step.pick * 89)

    async def a_donor_gives(self, step: Step) -> None:
        """The usual way, all of it: most histories should have payments to go wrong with."""
        page = await self.street.press(self.street.register(100 + step.pick * 89), step.number)
        if page:
            await self.street.decide(page, "confirm", returns=step.both)

    async def its_parcel_arrives(self, step: Step) -> None:
        for gift in self._gift(step):
            await _all(self.street.deliver(gift, number) for number in _numbers(step))

    async def the_donor_goes_to_the_bank(self, step: Step) -> None:
        """With one finger or with two at the same time; not where the gift is paid, or nobody is there."""
        for gift in self._gift(step):
            self.pages += filter(None, await _all(self.street.press(gift, number) for number in _numbers(step)))

    async def the_donor_decides(self, step: Step) -> None:
        """The bank notifies whoever lives. Some donors pay twice."""
        decision = ("confirm", "confirm", "confirm", "fail", "close")[step.pick % 5]
        for page in self._page(step):
            await self.street.decide(page, decision, returns=step.both)

    async def the_bank_repeats_a_notification(self, step: Step) -> None:
        """Or for the first time: late, out of order, to both at once."""
        moved = [each for each in self.street.book() if each.money_moved]
        for transaction in _one(moved, step):
            await _all(self.street.repeat_notification(transaction, number) for number in _numbers(step))

    async def time_passes(self, step: Step) -> None:
        """Orders are asked about, refunds seen to, files fetched; `both`: and nobody waits for that."""
        minutes = (1, 6, 6, 31, 125, 60 * 24, 60 * 24, 60 * 24 * 6)[step.pick % 8]
        await self.street.turn(timedelta(minutes=minutes))
        if not step.both:
            await self._quiet(files=minutes > 60)  # ten minutes hold a dead process's lease, and as many the next look

    async def something_will_go_wrong_at_the_bank(self, step: Step) -> None:
        await self.street.switch(FAULTS[step.pick % len(FAULTS)], scope="next")

    async def staff_ask_for_a_refund(self, step: Step) -> None:
        for gift in self._gift(step):
            await self.street.ask_for_refund(gift, 1 + step.pick % 3)

    async def staff_decide(self, step: Step) -> None:
        await self.street.decide_refunds(approve=step.pick % 4 > 0, by="ming" if step.pick % 5 == 0 else "hua")

    async def two_give_a_gift_back(self, step: Step) -> None:
        """In part or whole, at once, as far as it was paid."""
        for gift in self._gift(step):
            await self.street.ask_for_refund(gift, 1 + step.pick % 2)
            await self.street.decide_refunds(approve=True, by="hua")

    async def the_permit_changes(self, step: Step) -> None:
        await self.street.permit(holds=step.pick % 3 > 0)

    async def a_process_dies_while_a_donor_presses(self, step: Step) -> None:
        for gift in self._gift(step):
            self.pages += filter(None, [await self._dies(step, self.street.press(gift, step.number))])

    async def a_process_dies_while_a_parcel_arrives(self, step: Step) -> None:
        for gift in self._gift(step):
            await self._dies(step, self.street.deliver(gift, step.number))

    async def a_process_dies_while_a_donor_pays(self, step: Step) -> None:
        """And is notified of it, or the other one is; and the donor comes back to either."""
        for page in self._page(step):
            await self._dies(step, self.street.decide(page, "confirm", returns=True))

    async def a_process_dies_while_it_is_notified(self, step: Step) -> None:
        for transaction in _one([each for each in self.street.book() if each.money_moved], step):
            await self._dies(step, self.street.repeat_notification(transaction, step.number))

    async def a_process_dies_at_its_jobs(self, step: Step) -> None:
        """It begins when the clock is turned, and lives on for that long."""
        await self.street.turn(timedelta(hours=(1, 24, 48)[step.pick % 3]))
        await self._dies(step, asyncio.sleep(0))

    async def the_dead_come_back(self, step: Step) -> None:
        await self._all_live()

    async def ends(self) -> None:
        """The noise is over: what the bank holds and what we count is the same, whoever told whom, whoever died."""
        street = self.street
        await self._all_live()
        for scope in ("all", "next"):
            await street.switch(scope=scope)
        await _all(street.deliver(gift, 0) for gift in street.gifts)
        for days in (1, 1, 7, 1, 1):
            await street.turn(timedelta(days=days))
            await self._quiet(files=True)
        await self._wait_until_settled()
        found = await account(street)
        found.check_nothing_too_much()
        found.check_all()
        await self._every_gift_is_as_its_payments(found)
        await self._board_ledger_and_files_agree()
        print(
            f"{len(street.gifts)} gifts, {len(found.came)} payments, {len(found.went)} refunds"
            f" ({len(found.reported)} for staff), {sum(each.kills for each in street.servers)} kills"
        )
        for server in street.servers:
            assert "Traceback" not in server.log.read_text("utf-8")

    async def _every_gift_is_as_its_payments(self, found: Account) -> None:
        came = found.came
        assert {each.state for each in found.asked} <= {"requested", "declined", "refunded", "refused"}
        async with self.street.database.read() as connection:
            for gift in self.street.gifts:
                intent = await intents.get(connection, self.street.gateway.id, gift.parcel.id)
                tried = await attempts.of_intent(connection, self.street.gateway.id, gift.parcel.id)
                assert intent is not None, "a parcel is lost"
                assert (intent.state == "paid") is any(each.id in came for each in tried)
                assert {each.id for each in tried if each.paid} == {each.id for each in tried if each.id in came}

    async def _board_ledger_and_files_agree(self) -> None:
        async with self.street.database.read() as connection:
            head = await ledger_heads.newest(connection, PURSE)
            waiting = await ledger_heads.pending(connection, PURSE, 0, 1_000_000)
            lines = await ledger_lines.of_purse(connection, *PURSE)
            days = await load_day_totals(connection, [TOP], "drill")
        published = Sums() if head is None else Head.model_validate_json(head.content).total
        assert published + merkle_proofs.total_sums(waiting) == merkle_proofs.total_sums(lines), (
            "what is published and what waits is the ledger"
        )
        assert all(day.balances for day in days), "each file is the ledger and its rows that differ"

    async def _safe(self) -> None:
        (await account(self.street)).check_nothing_too_much()

    async def _dies(self, step: Step, work: Coroutine[Any, Any, Result]) -> Result:
        result = await self.street.kill(step.number, work, step.after_s)
        if step.both:
            await self._all_live()
        return result

    async def _all_live(self) -> None:
        await _all(server.begin() for server in self.street.servers if not server.alive)

    async def _quiet(self, *, files: bool) -> None:
        """Whoever lives has begun all that was due."""
        street = self.street
        async with asyncio.timeout(_PATIENCE_S):
            while any(server.alive for server in street.servers) and not await street.is_nothing_due(files=files):
                await asyncio.sleep(0.02)

    async def _wait_until_settled(self) -> None:
        """A last question may be under way: it gets some time."""
        for _ in range(_PATIENCE_S * 5):
            if (await account(self.street)).agrees:
                return
            await asyncio.sleep(0.2)

    def _gift(self, step: Step) -> Iterator[Gift]:
        return _one(self.street.gifts, step)

    def _page(self, step: Step) -> Iterator[str]:
        return _one(self.pages, step)


Rule = Callable[[History, Step], Coroutine[Any, Any, None]]
RULES: dict[str, tuple[Rule, int]] = {
    rule.__name__: (rule, weight)
    for rule, weight in (
        (History.a_resident_registers, 2),
        (History.a_donor_gives, 5),
        (History.its_parcel_arrives, 2),
        (History.the_donor_goes_to_the_bank, 4),
        (History.the_donor_decides, 4),
        (History.the_bank_repeats_a_notification, 3),
        (History.time_passes, 3),
        (History.something_will_go_wrong_at_the_bank, 3),
        (History.staff_ask_for_a_refund, 2),
        (History.staff_decide, 2),
        (History.two_give_a_gift_back, 4),
        (History.the_permit_changes, 1),
        (History.a_process_dies_while_a_donor_presses, 1),
        (History.a_process_dies_while_a_parcel_arrives, 1),
        (History.a_process_dies_while_a_donor_pays, 1),
        (History.a_process_dies_while_it_is_notified, 1),
        (History.a_process_dies_at_its_jobs, 1),
        (History.the_dead_come_back, 2),
    )
}
"""With how many of the dice's sides each has."""


async def _all(work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result]:
    return await asyncio.gather(*work)


def _numbers(step: Step) -> list[int]:
    return [step.number, 1 - step.number] if step.both else [step.number]


def _one(of: Sequence[Result], step: Step) -> Iterator[Result]:
    """One of them, the newest as often as all others together; none when there is none."""
    if of:
        yield of[-1] if step.pick % 2 else of[step.pick // 2 % len(of)]
