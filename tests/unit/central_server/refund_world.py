"""Gifts that were paid at a bank in memory and their refunds, shared by the tests of payments and refunds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from central_server.donations import refund_approval
from central_server.store.donations import attempts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import StoredRefund
from central_server.store.engine.database import Database
from central_server.store.ledger import purses
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donation_services import MemoryBankServices, furnish
from tests.fakes.money_bank import MoneyBank

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)


@dataclass
class RefundWorld:
    house: MemoryBankServices
    bank: MoneyBank
    gateway: DeliveringGateway

    @property
    def database(self) -> Database:
        return self.house.database

    async def gift(self, **changes: int) -> Attempt:
        return await self.house.paid_gift(self.gateway, NOW, **changes)

    async def ask(self, attempt: Attempt, minor: int, by: str = "ming", now: datetime = NOW) -> StoredRefund:
        async with self.database.write() as connection:
            return await refund_approval.request_refund(
                connection, attempt.id, minor, "wrong project", bank=self.bank.name, by=by, now=now
            )

    async def decide(self, refund: StoredRefund, *, approve: bool = True, by: str = "hua") -> StoredRefund:
        async with self.database.write() as connection:
            return await refund_approval.decide_refund(connection, refund.id, approve=approve, note="", by=by, now=NOW)

    async def approved(self, attempt: Attempt, minor: int) -> StoredRefund:
        return await self.decide(await self.ask(attempt, minor))

    async def refund(self, refund: StoredRefund) -> StoredRefund:
        async with self.database.read() as connection:
            found = await refunds.get(connection, refund.id)
        assert found is not None
        return found

    async def attempt(self, attempt: Attempt) -> Attempt:
        async with self.database.read() as connection:
            found = await attempts.get(connection, attempt.id)
        assert found is not None
        return found

    async def balance(self) -> int:
        async with self.database.read() as connection:
            return (await purses.get(connection, ("huada", "drill", "lunch"))).balance_minor


@pytest.fixture
async def world(tmp_path: Path, database: Database) -> RefundWorld:
    bank, gateway = MoneyBank(), DeliveringGateway()
    await furnish(database, tmp_path, gateway, NOW)
    return RefundWorld(MemoryBankServices(database, bank), bank, gateway)
