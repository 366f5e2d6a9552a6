"""The donation services of the central server on a database, without HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from central_server.banks.port import Bank
from central_server.catalogue.settings_seed import seed_catalogue
from central_server.donations.open_attempt import AlreadyUnderway, AttemptOpener, SentToBank
from central_server.donations.order_queries import OrderQueries
from central_server.donations.refund_sending import RefundSender
from central_server.donations.settlement import Settlement
from central_server.donations.tickets import read_ticket
from central_server.enrolment.gateways import register
from central_server.settings import Settings
from central_server.store.donations import attempts
from central_server.store.donations.attempts import Attempt
from central_server.store.engine.database import Database
from daemonkit.toml import load
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language
from tests.fakes.central_process import CONFIG
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.money_bank import MoneyBank

LUNCH = Texts.model_validate({"zh-Hans": "午餐", "zh-Hant": "午餐", "en": "lunch"})


def _nobody() -> None:
    """Notify nobody."""


BankOf = TypeVar("BankOf", bound=Bank)


@dataclass
class DonationServices(Generic[BankOf]):
    database: Database
    bank: BankOf
    changed: Callable[[], None] = _nobody
    notify_url: str = "http://us/notify"

    def __post_init__(self) -> None:
        environment, payment_time = self.bank.environment.value, self.bank.capabilities.payment_time
        self.settlement = Settlement(self.database, self.bank.name, environment, self.changed, payment_time)
        self.opening = AttemptOpener(
            self.database,
            self.bank,
            self.settlement,
            lambda nonce: f"{self.notify_url}/{nonce}",
            lambda: self.notify_url,
        )
        self.queries = OrderQueries(self.database, self.bank, self.settlement)
        self.refund_sender = RefundSender(self.database, self.bank, lambda: self.notify_url, self.changed)

    async def press(self, ticket: str, now: datetime) -> SentToBank | AlreadyUnderway:
        asked = await read_ticket(self.database, ticket, Environment.drill, now)
        return await self.opening.open(asked, LUNCH, Language.en, now)

    async def tried(self, gateway: str, intent: str) -> tuple[Attempt, ...]:
        async with self.database.read() as connection:
            return await attempts.of_intent(connection, gateway, intent)


class MemoryBankServices(DonationServices[MoneyBank]):
    async def paid_gift(self, gateway: DeliveringGateway, now: datetime, **changes: int) -> Attempt:
        """Create a gift that the bank has confirmed."""
        parcel = gateway.intent(**changes)
        await self.press(gateway.ticket(parcel, issued_at=now), now)
        (attempt,) = await self.tried(gateway.id, parcel.id)
        await self.settlement.record_notification(self.bank.pay(attempt.id), now)
        (attempt,) = await self.tried(gateway.id, parcel.id)
        return attempt


async def furnish(database: Database, folder: Path, gateway: DeliveringGateway, now: datetime) -> None:
    """Store the test projects and a gateway."""
    file = folder / "central.toml"
    file.write_text(CONFIG, encoding="utf-8")
    await seed_catalogue(database, load(file, Settings).projects, {}, now)
    await register(database, gateway.id, gateway.public, "huada", "hall", now)
