"""Open a payment attempt after the donor's confirmation; it is recorded before the bank receives the order."""

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from central_server.banks.port import Bank, BankRefused, Handover, Order, OrderId, OrderState
from central_server.donations.bank_routing import choose_bank, reports_outcomes
from central_server.donations.query_schedule import next_query
from central_server.donations.settlement import Settlement
from central_server.store.donations import attempts, intents
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.intents import Intent, StateChange
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.money import Money
from sync_contract.project import Texts
from sync_contract.records import IntentState
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id

MAX_ATTEMPTS = 30
"""Payment attempts per intent; opening another raises BankRefused."""


class ConfirmedGift(Protocol):
    """A gift that a donor confirmed. `cause`: ticket, page or code; `evidence`: the key or code behind it."""

    @property
    def cause(self) -> str: ...

    @property
    def evidence(self) -> str: ...

    def intent(self, now: datetime) -> Intent:
        """Return the intent as confirmed; the store may know it already."""

    def check(self, known: Intent | None, now: datetime) -> None:
        """Raise CentralError if the known intent differs from the confirmed one."""


@dataclass(frozen=True, slots=True)
class SentToBank:
    """The donor continues at the bank."""

    handover: Handover


@dataclass(frozen=True, slots=True)
class AlreadyUnderway:
    """The gift is paid or the bank is processing it: the page of this return nonce shows which."""

    return_nonce: str


@dataclass(frozen=True, slots=True)
class AttemptOpener:
    """`return_url`: makes the address to which the bank sends the donor back. `notify_url`: our address for the bank.

    `platforms`: hosts of the designated platforms, for organisations that did not declare their own site.
    """

    database: Database
    bank: Bank
    settlement: Settlement
    return_url: Callable[[str], str]
    notify_url: Callable[[], str]
    platforms: Collection[str] = ()

    async def bank_of(self, community: str, project: str) -> Bank | None:
        """Return the bank for gifts to the project, None if it is information only."""
        async with self.database.read() as connection:
            return await choose_bank(connection, community, project, self.bank, self.platforms)

    async def open(
        self, confirmed: ConfirmedGift, title: Texts, language: Language, now: datetime, *, phone: bool = True
    ) -> SentToBank | AlreadyUnderway:
        """Query the previous attempt, then open a new one if that ended unpaid or cannot be opened again.

        `phone`: the donor's browser is on a phone. Raises BankUnavailable, BankRefused, PaymentRefused, and what
        `confirmed.check` raises.
        """
        intent = confirmed.intent(now)
        if intent.environment != self.bank.environment.value:
            raise BankRefused(f"intent {intent.id} is {intent.environment}, this server {self.bank.environment}")
        bank = await self.bank_of(intent.community, intent.project)
        if bank is None:
            raise BankRefused(f"project {intent.project}: its organisation accepts no money here and names no platform")
        skipped = ""
        while True:
            attempt, fresh = await self._claim(confirmed, bank, skipped, now)
            if attempt.paid:
                return AlreadyUnderway(attempt.return_nonce)
            if fresh or not reports_outcomes(bank):
                return await self._send(attempt, bank, intent.project, title, language, now, phone=phone)
            report = await bank.query(OrderId(attempt.id, attempt.opened_at))
            await self.settlement.record_report(report, now)
            match report.state:
                case OrderState.paid | OrderState.pending:
                    return AlreadyUnderway(attempt.return_nonce)
                case OrderState.open | OrderState.unknown if bank.capabilities.reopens:
                    return await self._send(attempt, bank, intent.project, title, language, now, phone=phone)
                case OrderState.open | OrderState.unknown:
                    skipped = attempt.id  # it stays live and is queried until it ends
                case OrderState.failed | OrderState.expired:
                    continue

    async def _claim(self, confirmed: ConfirmedGift, bank: Bank, skipped: str, now: datetime) -> tuple[Attempt, bool]:
        """Return the paid or live attempt of the intent, or a new one; the flag marks a new one."""
        new = confirmed.intent(now)

        async def claim(connection: Connection) -> tuple[Attempt, bool]:
            if await intents.add(connection, [new]):
                registered = StateChange(
                    new.community, new.gateway, new.id, None, "", new.state, now, confirmed.cause, confirmed.evidence
                )
                await intents.record(connection, [registered])
            intent = await intents.lock(connection, new.gateway, new.id)  # concurrent confirmations wait
            confirmed.check(intent, now)
            before = await attempts.of_intent(connection, new.gateway, new.id)
            for attempt in before:
                if attempt.paid:
                    return attempt, False
            if before and before[-1].id != skipped and _is_reusable(before[-1], bank):
                return before[-1], False
            if len(before) >= MAX_ATTEMPTS:
                raise BankRefused(f"intent {new.id} has {len(before)} attempts")
            query_at = next_query(now, now) if bank.capabilities.queries else None
            attempt = new_attempt(new, bank.name, len(before) + 1, AttemptState.opened, now, query_at)
            await attempts.add(connection, attempt)
            return attempt, True

        return await self.database.written(claim)

    async def _send(
        self,
        attempt: Attempt,
        bank: Bank,
        project: str,
        title: Texts,
        language: Language,
        now: datetime,
        *,
        phone: bool,
    ) -> SentToBank:
        order = Order(
            id=attempt.id,
            at=attempt.opened_at,
            amount=Money(attempt.amount_minor, attempt.currency),
            subject=title[language][:60],
            language=language,
            return_url=self.return_url(attempt.return_nonce),
            notify_url=self.notify_url(),
            phone=phone,
            project=project,
        )
        handover = await bank.open(order)
        async with self.database.write() as connection:
            intent = await intents.lock(connection, attempt.gateway, attempt.intent)
            current = await attempts.get(connection, attempt.id)
            assert current is not None
            assert intent is not None  # both were committed before the order was sent
            if current.state == AttemptState.opened:
                after, cause = (
                    (AttemptState.sent, "bank") if reports_outcomes(bank) else (AttemptState.unconfirmed, "link")
                )
                await attempts.move(connection, current, after, at=now, cause=cause, evidence=current.id)
            if intent.state in (IntentState.registered, IntentState.closed):
                state = IntentState.handed_off if reports_outcomes(bank) else IntentState.unconfirmed
                await intents.move(connection, intent, state, at=now, cause="attempt", evidence=current.id)
        self.settlement.changed()
        return SentToBank(handover)


def _is_reusable(attempt: Attempt, bank: Bank) -> bool:
    """Return whether the donor may be sent to the bank again, or the bank be queried about the attempt."""
    return attempt.bank == bank.name and (attempt.live or attempt.state == AttemptState.unconfirmed)


def new_attempt(
    intent: Intent, bank: str, number: int, state: AttemptState, now: datetime, next_query_at: datetime | None = None
) -> Attempt:
    """`number`: of the attempt within its intent, from 1."""
    return Attempt(
        id=new_id(),
        gateway=intent.gateway,
        intent=intent.id,
        number=number,
        community=intent.community,
        environment=intent.environment,
        bank=bank,
        amount_minor=intent.amount_minor,
        currency=intent.currency,
        return_nonce=secrets.token_urlsafe(32),
        state=state.value,
        opened_at=now,
        queries=0,
        next_query_at=next_query_at,
    )
