"""The money machine with an office: four roles that spend, edited projects, and the other environment.

Whatever they do, no purse goes below zero, no past line changes, one person never decides alone, and nothing of the
other environment gets into the database.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import func, select

from central_server.accounts import account_administration
from central_server.accounts.access import Access, Right, Role
from central_server.donations.refund_approval import RefundNotPossible, decide_refund, request_refund
from central_server.donations.settlement import PaymentRefused, Settlement
from central_server.donations.tickets import TicketProblem, TicketUnusable, read_ticket
from central_server.ledger import spending
from central_server.ledger.spending import SpendingRefused
from central_server.ledger.spending_rules import SpendingRules
from central_server.store.accounts import accounts
from central_server.store.catalogue import projects
from central_server.store.catalogue.projects import StoredProject
from central_server.store.donations import refunds
from central_server.store.donations.refunds import OWN_MEANS
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import StoreRefused
from central_server.store.engine.installation import claim_environment
from central_server.store.engine.tables import metadata
from central_server.store.ledger import disbursements, purses, vouchers
from central_server.store.ledger.disbursements import Disbursement, DisbursementState
from central_server.store.ledger.vouchers import Voucher
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.records import Receipt
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from tests.fakes.stored_parcels import received
from tests.flow.money_machine import Gift, MoneyMachine, cut, which

PEOPLE = {
    "ming": Role.finance,
    "hua": Role.finance,
    "chen": Role.chief,
    "lin": Role.staff,
    "wu": Role.viewer,
}
person = st.sampled_from([*PEOPLE, "chen"])
VOUCHER = "0" * 64
RULES = SpendingRules(fee_basis_points=60, new_payee_wait=timedelta(0), new_payee_minor=2**53)
EDITS: Mapping[str, Callable[[StoredProject], StoredProject]] = {
    "title": lambda project: replace(project, title=_named(f"{project.revision}")),
    "payee": lambda project: replace(project, payee=_named(f"{project.revision}")),
    "limit": lambda project: replace(project, max_fen=project.max_fen + 1),
    "offer": lambda project: replace(project, withdrawn=not project.withdrawn),
}


@dataclass(frozen=True)
class Ask:
    by: str
    kind: str
    share: int
    more: int


@dataclass(frozen=True)
class Decide:
    by: str
    approve: bool
    both: bool


@dataclass(frozen=True)
class AskRefund:
    by: str
    gift: int
    share: int


@dataclass(frozen=True)
class DecideRefund:
    by: str
    approve: bool
    source: str


shares, approvals = st.sampled_from([1, 1, 2, 3]), st.sampled_from([True, True, False])
asks = st.builds(
    Ask,
    by=person,
    kind=st.sampled_from(["spend", "spend", "spend", "spend", "move", "cover", "cover_from", "correct"]),
    share=shares,
    more=st.sampled_from([0, 0, 0, 1]),
)
decides = st.builds(Decide, by=person, approve=approvals, both=st.booleans())
refunds_asked = st.builds(AskRefund, by=person, gift=st.integers(0, 5), share=shares)
refunds_decided = st.builds(
    DecideRefund, by=person, approve=approvals, source=st.sampled_from(["", OWN_MEANS, "ended"])
)


class OfficeMachine(MoneyMachine):
    def __init__(self) -> None:
        super().__init__()
        self.granted: set[str] = set()
        """Who has the money right from the chief."""

    async def _furnish(self, folder: Path) -> None:
        await super()._furnish(folder)
        await claim_environment(self.house(0).database, "drill")
        async with self.house(0).database.write() as connection:
            voucher = Voucher(VOUCHER, "huada", "application/pdf", 1, b"1", self.now, "ming")
            await vouchers.add(connection, voucher)
            for name, role in PEOPLE.items():
                assert await accounts.add(connection, name, "", self.now, home="huada")
                await accounts.grant(connection, name, "huada", role.value, self.now)

    @rule(target=MoneyMachine.gifts, fen=st.integers(100, 100_000), number=which)
    def a_resident_gives(self, fen: int, number: int) -> Gift:
        self.bank.lose_question = self.bank.lose_answer = False
        return self._paid(fen, number)

    @rule(name=st.sampled_from(["lin", "wu"]))
    def the_chief_grants_the_money_right(self, name: str) -> None:
        async def grant() -> None:
            async with self.house(0).database.write() as connection:
                governed = await account_administration.one(connection, name, ["huada"])
                role = Role.finance
                await account_administration.grant(connection, governed, "huada", role, self.now, by="chen")

        self.run(grant())
        self.granted.add(name)

    @rule(
        tasks=st.lists(st.one_of(asks, decides, refunds_asked, refunds_decided), min_size=2, max_size=8), number=which
    )
    def the_office_works(self, tasks: list[Ask | Decide | AskRefund | DecideRefund], number: int) -> None:
        async def work() -> None:
            for task in tasks:
                match task:
                    case Ask():
                        await self._ask(task, number)
                    case Decide():
                        both = [number, 1 - number] if task.both else [number]
                        await asyncio.gather(*(self._decide(each, task.by, approve=task.approve) for each in both))
                    case AskRefund():
                        await self._ask_refund(task, number)
                    case DecideRefund():
                        await self._decide_refund(task, number)
                await self._lines()

        self.run(work())

    @rule(by=person, number=which, steps=cut)
    def a_process_dies_while_somebody_approves(self, by: str, number: int, steps: int) -> None:
        self.run(self._die(number, self._decide(number, by, approve=True), steps))

    @rule(project=st.sampled_from(["lunch", "ended"]), edit=st.sampled_from(sorted(EDITS)), number=which)
    def a_project_is_edited(self, project: str, edit: str, number: int) -> None:
        async def change() -> None:
            async with self.house(number).database.write() as connection:
                found = (await projects.holding(connection, "huada"))[project]
                assert await projects.save(connection, EDITS[edit](found), found.revision)

        self.run(change())

    @rule(number=which)
    def the_other_environment_is_refused(self, number: int) -> None:
        async def attempt() -> None:
            house, parcel = self.house(number), self.gateway.intent(environment=Environment.real)
            (receipt,) = await received(house.database, self.gateway.id, "huada", [parcel], self.now)
            assert (receipt.receipt, receipt.reason) == (Receipt.refused, "other_environment")
            ticket = self.gateway.ticket(parcel, issued_at=self.now)
            with pytest.raises(TicketUnusable) as refused:
                await read_ticket(house.database, ticket, Environment.drill, self.now)
            assert refused.value.problem is TicketProblem.other_environment
            with pytest.raises(StoreRefused):
                await claim_environment(house.database, "real")
            settlement = Settlement(house.database, self.bank.name, "real", house.changed)
            for order, entry in self.bank.orders.items():
                if entry.payment:
                    with pytest.raises(PaymentRefused):
                        await settlement.record_notification(self.bank.notification(order), self.now)
            async with house.database.write() as connection:
                wanted, _ = await self._wanted(connection, "spend", "ming")
                with pytest.raises(SpendingRefused):
                    await spending.ask(connection, replace(wanted, environment="real", amount_minor=1), self.now, RULES)

        self.run(attempt())

    async def _ask(self, task: Ask, number: int) -> None:
        async with self.house(number).database.write() as connection:
            if not await self._may(connection, task.by):
                return
            wanted, most = await self._wanted(connection, task.kind, task.by)
            wanted = replace(wanted, amount_minor=most // task.share + task.more)
            try:
                await spending.ask(connection, wanted, self.now, RULES)
            except SpendingRefused:
                if task.kind == "spend" and 0 < wanted.amount_minor <= most:
                    raise
                return
            assert 0 < wanted.amount_minor <= most, "more is asked for than there is"

    async def _ask_refund(self, task: AskRefund, number: int) -> None:
        for attempt in await self.tried(self.given[task.gift % len(self.given)], number):
            async with self.house(number).database.write() as connection:
                if not await self._may(connection, task.by):
                    return
                minor = attempt.amount_minor // task.share
                with contextlib.suppress(RefundNotPossible):
                    await request_refund(
                        connection, attempt.id, minor, "why", bank=self.bank.name, by=task.by, now=self.now
                    )

    async def _decide_refund(self, task: DecideRefund, number: int) -> None:
        database = self.house(number).database
        async with database.read() as connection:
            if not await self._may(connection, task.by):
                return
            waiting = await refunds.page(connection, ["huada"], "drill", waiting=True)
        for each in waiting[:2]:
            with contextlib.suppress(RefundNotPossible):
                async with database.write() as connection:
                    await decide_refund(
                        connection,
                        each.id,
                        approve=task.approve,
                        note="",
                        by=task.by,
                        now=self.now,
                        source=task.source,
                    )
                self._check_two_people(each.requested_by, task.by)

    def _check_two_people(self, one: str, other: str) -> None:
        assert one != other, "one person decided alone"
        assert not {one, other} <= self.granted | {"chen"}, "one person could have used both accounts"

    async def _may(self, connection: Connection, name: str) -> bool:
        found = await accounts.roles(connection, name)
        access = Access(name, {place: Role(role) for place, role in found.items()})
        may = access.may(Right.money, await places.ancestors(connection, "huada"))
        assert may is (PEOPLE[name] in (Role.finance, Role.chief) or name in self.granted)
        return may

    async def _wanted(self, connection: Connection, kind: str, by: str) -> tuple[Disbursement, int]:
        """Return a request without an amount, and the most fen that it may be about."""
        wanted = Disbursement(
            new_id(), "huada", "drill", "lunch", 0, "CNY", "meals", "Kitchen", VOUCHER,
            self.now.astimezone(OFFICIAL_TIME).date(), 3, "", None, by, self.now,
        )  # fmt: skip
        if kind == "move":
            wanted = replace(wanted, to_project="ended", voucher=None, payee="")
        elif kind == "cover":
            wanted = replace(wanted, covers=True, payee="")
        elif kind == "cover_from":
            wanted = replace(wanted, covers=True, project="ended", to_project="lunch", voucher=None, payee="")
        elif kind == "correct":
            known = await disbursements.page(connection, ["huada"], "drill", waiting=False)
            for each in known:
                if each.state == DisbursementState.approved and each.corrects is None and not each.covers:
                    return replace(wanted, corrects=each.id, people=0), each.amount_minor
            return replace(wanted, corrects=""), 0
        if wanted.covers:
            return wanted, (await purses.get(connection, ("huada", "drill", "lunch"))).owed_minor
        free = await spending.free_minor(connection, wanted.purse, self.now, fee_basis_points=RULES.fee_basis_points)
        return wanted, max(free, 0)

    async def _decide(self, number: int, by: str, *, approve: bool) -> None:
        database = self.house(number).database
        async with database.read() as connection:
            if not await self._may(connection, by):
                return
            waiting = await disbursements.page(connection, ["huada"], "drill", waiting=True)
        for each in waiting[:2]:
            try:
                async with database.write() as connection:
                    if approve:
                        await spending.approve(connection, each, by=by, note="", now=self.now, rules=RULES)
                    else:
                        await spending.decline(connection, each, by=by, note="", now=self.now)
            except SpendingRefused:
                continue
            self._check_two_people(each.requested_by, by)

    async def _everything_comes_to_light(self) -> None:
        await super()._everything_comes_to_light()
        lines = await self._lines()
        async with self.house(0).database.read() as connection:
            known = await disbursements.page(connection, [TOP], "drill", waiting=False, limit=10_000)
            for table in metadata.tables.values():
                if "environment" in table.c:
                    mixed = select(func.count()).select_from(table).where(table.c.environment != "drill")
                    assert (await connection.execute(mixed)).scalar_one() == 0, f"{table.name} mixes environments"
        approved = {each.id for each in known if each.state == DisbursementState.approved}
        ids = {each.id for each in known}
        posted = {line.identity.partition(":")[2] for line in lines if line.kind in ("disbursed", "moved_in")}
        assert posted & ids == approved, "what is approved is posted, and nothing else"


def _named(text: str) -> Texts:
    return Texts.model_validate({"zh-Hans": text, "zh-Hant": text, "en": text})
