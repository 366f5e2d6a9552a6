"""Build a community with gifts at a bank with files, for tests of reconciliation, receipts and exports."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from central_server.banks.port import (
    BankUnavailable,
    Capabilities,
    Expiring,
    Movement,
    NoStatement,
    Notification,
    Order,
    OrderId,
    OrderReport,
    Redirect,
    Refund,
    Statement,
    StatementRow,
)
from central_server.banks.statement_refusal import StatementProblem, StatementRefused
from central_server.donations import refund_approval, refund_outcome
from central_server.donations.settlement import post_payment
from central_server.enrolment.gateways import register
from central_server.reconciliation.fees import ANY_FEE, FeeRule
from central_server.reconciliation.nightly import NightlyRun
from central_server.reconciliation.statement_import import Reconciler
from central_server.store.donations import attempts, intents, refunds
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.intents import Intent
from central_server.store.donations.refunds import RefundState, StoredRefund
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateways
from central_server.store.ledger import ledger_lines
from central_server.store.ledger.ledger_lines import LedgerLine
from central_server.store.places import places
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences
from central_server.store.reconciliation.differences import Difference
from sync_contract.money import Money
from sync_contract.records import IntentState
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from tests.fakes.delivering_gateway import DeliveringGateway

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""Tuesday noon in Beijing."""
DAY = date(2026, 11, 24)
ONE = timedelta(days=1)
BANK = "emulated"


@dataclass
class FilingBank:
    """Its files are those that the test stored."""

    name: str = BANK
    environment: Environment = Environment.drill
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(True, True, states=True, refunds=True))
    form_targets: tuple[str, ...] = ()
    files: dict[date, Statement] = field(default_factory=dict)
    refused: set[date] = field(default_factory=set)
    away: bool = False
    asked: list[date] = field(default_factory=list)

    async def open(self, order: Order) -> Redirect:
        return Redirect(f"http://bank.example/{order.id}")

    def verify(self, headers: object, body: bytes) -> Notification:
        raise NotImplementedError

    async def query(self, order: OrderId) -> OrderReport:
        raise BankUnavailable("away")

    async def refund(self, refund: Refund) -> None:
        raise BankUnavailable("away")

    async def statement(self, day: date) -> Statement:
        self.asked.append(day)
        if self.away:
            raise BankUnavailable("away")
        if day in self.refused:
            raise StatementRefused(StatementProblem.incomplete)
        if day not in self.files:
            raise NoStatement(f"no file of {day}")
        return self.files[day]

    def expiring(self, now: datetime) -> tuple[Expiring, ...]:
        return ()


@dataclass
class Books:
    database: Database
    gateway: str
    community: str = "huada"
    bank: FilingBank = field(default_factory=FilingBank)
    fees: FeeRule = ANY_FEE
    pokes: int = 0

    @property
    def work(self) -> Reconciler:
        return Reconciler(self.database, BANK, "drill", self._poke, self.fees)

    @property
    def nightly(self) -> NightlyRun:
        return NightlyRun(self.bank, self.work)

    def _poke(self) -> None:
        self.pokes += 1

    async def opened(
        self, minor: int = 5000, *, at: datetime = NOW, state: AttemptState = AttemptState.sent, bank: str = BANK
    ) -> Attempt:
        """Add a gift that the bank has not confirmed yet."""
        intent = Intent(
            self.gateway, new_id(), self.community, "drill", "lunch", minor, "CNY", None, 1, "ticket", "touch", at,
            "ticket", IntentState.handed_off.value,
        )  # fmt: skip
        attempt = Attempt(
            new_id(), self.gateway, intent.id, 1, self.community, "drill", bank, minor, "CNY", new_id(),
            AttemptState.opened.value, at, 0, None,
        )  # fmt: skip
        async with self.database.write() as connection:
            await intents.add(connection, [intent])
            await attempts.add(connection, attempt)
            await attempts.move(connection, attempt, state, at=at, cause="test", evidence="")
        return await self.now(attempt)

    async def paid(self, minor: int = 5000, *, at: datetime = NOW, late: bool = False) -> Attempt:
        state = AttemptState.expired if late else AttemptState.sent
        attempt = await self.opened(minor, at=at, state=state)
        async with self.database.write() as connection:
            stored = await attempts.lock(connection, attempt.id)
            assert stored is not None
            assert await post_payment(
                connection,
                stored,
                payment=number(stored),
                flawed=False,
                cause="test",
                evidence=number(stored),
                next_query_at=None,
                at=at,
                late=late,
            )
        return await self.now(attempt)

    async def refunded(self, attempt: Attempt, minor: int, *, at: datetime = NOW, done: bool = True) -> StoredRefund:
        """Add a refund, requested, approved and sent to the bank; `done`: the bank has answered."""
        async with self.database.write() as connection:
            asked = await refund_approval.request_refund(
                connection, attempt.id, minor, "a test", bank=BANK, by="li", now=at
            )
            await refund_approval.decide_refund(connection, asked.id, approve=True, note="", by="chen", now=at)
        async with self.database.write() as connection:
            statement = await refunds.get(connection, asked.id)
            assert statement is not None
            await refunds.begin_sending(connection, statement, at, at)
            if done:
                assert await refund_outcome.complete_refund(
                    connection, asked.id, f"R{asked.id[-12:]}", at, cause="test"
                )
        return await self.refund(asked.id)

    async def declined(self, attempt: Attempt, minor: int) -> StoredRefund:
        async with self.database.write() as connection:
            asked = await refund_approval.request_refund(
                connection, attempt.id, minor, "a test", bank=BANK, by="li", now=NOW
            )
            await refund_approval.decide_refund(connection, asked.id, approve=False, note="no", by="chen", now=NOW)
        return await self.refund(asked.id)

    async def now(self, attempt: Attempt) -> Attempt:
        async with self.database.read() as connection:
            found = await attempts.get(connection, attempt.id)
        assert found is not None
        return found

    async def refund(self, id_: str) -> StoredRefund:
        async with self.database.read() as connection:
            found = await refunds.get(connection, id_)
        assert found is not None
        return found

    async def lines(self, attempt: Attempt) -> tuple[LedgerLine, ...]:
        async with self.database.read() as connection:
            return await ledger_lines.of_attempts(connection, [attempt.id])

    async def found(self, *, settled: bool | None = False) -> tuple[Difference, ...]:
        async with self.database.read() as connection:
            return await differences.every(connection, [TOP], "drill", settled=settled, limit=5000)

    async def kinds(self) -> Counter[str]:
        return Counter(each.kind for each in await self.found())

    async def take(self, *rows: StatementRow, day: date = DAY, edition: str = "", now: datetime = NOW) -> bool:
        """Return whether the file was new."""
        _, fresh = await self.work.import_statement(file(rows, day, edition), now, cause="test")
        return fresh


async def books(database: Database, community: str = "huada") -> Books:
    gateway = DeliveringGateway()
    await register(database, gateway.id, gateway.public, community, f"hall of {community}", NOW)
    async with database.read() as connection:
        assert await places.get(connection, community) is not None
        assert await gateways.get(connection, gateway.id) is not None
    return Books(database, gateway.id, community)


def number(attempt: Attempt) -> str:
    """Return the bank's name of the attempt's payment."""
    return f"Q{attempt.id[-20:]}"


def row(attempt: Attempt, line: int = 0, *, minor: int | None = None, fee: int = 0, evidence: str = "") -> StatementRow:
    """`line` 0: `file` sets the number."""
    amount = Money(attempt.amount_minor if minor is None else minor)
    return StatementRow(line, Movement.payment, attempt.id, amount, fee, evidence or number(attempt))


def back(order: str, minor: int, *, refers: str = "", evidence: str = "", fee: int = 0) -> StatementRow:
    return StatementRow(0, Movement.refund, order, Money(minor), fee, evidence or f"B{order[-12:]}", refers)


def strange(order: str, minor: int = 700, *, evidence: str = "") -> StatementRow:
    return StatementRow(0, Movement.payment, order, Money(minor), 0, evidence or f"S{order[-12:]}")


def file(rows: Iterable[StatementRow], day: date = DAY, edition: str = "") -> Statement:
    """`edition`: another content of the same day."""
    numbered = tuple(
        StatementRow(line, each.movement, each.order, each.amount, each.fee_minor, each.evidence, each.refers)
        for line, each in enumerate(rows, 1)
    )
    content = f"{day} {edition}\n" + "\n".join(map(repr, numbered))
    return Statement(BANK, day, f"ZM{day:%y%m%d}{edition}", content.encode(), numbered)


@pytest.fixture
async def world(database: Database) -> Books:
    return await books(database)


__all__ = ["RefundState"]
