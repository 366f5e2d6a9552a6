"""From a donor's confirmation to the bank's page: one attempt, recorded before the bank hears of it."""

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from central_server.banks.port import Bank, BankRefused, Handover, Order, OrderId, OrderState
from central_server.donations.bank_routing import chosen, hears
from central_server.donations.query_schedule import next_query
from central_server.donations.settle import Settlement
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

MOST_ATTEMPTS = 30
"""Of one intent: whoever goes on trying is no donor."""


class Confirmed(Protocol):
    """What a donor said yes to. `cause`: ticket, page or code; `evidence`: what it rests on."""

    @property
    def cause(self) -> str: ...

    @property
    def evidence(self) -> str: ...

    def intent(self, now: datetime) -> Intent:
        """As it is told; it may be known already."""

    def check(self, known: Intent | None, now: datetime) -> None:
        """Raises CentralError when what is known of the intent says something else."""


@dataclass(frozen=True, slots=True)
class AtTheBank:
    """The donor goes on at the bank, this way."""

    handover: Handover


@dataclass(frozen=True, slots=True)
class Underway:
    """Nothing more to pay: it is paid, or the bank is at it. The page of this return nonce tells."""

    return_nonce: str


@dataclass(frozen=True, slots=True)
class Opening:
    """`return_url` makes the address to which the bank sends the donor back; `notify_url` the bank's way to us.

    `platforms`: hosts of designated platforms, to which gifts go whose organisation did not declare its own site.
    """

    database: Database
    bank: Bank
    settlement: Settlement
    return_url: Callable[[str], str]
    notify_url: Callable[[], str]
    platforms: Collection[str] = ()

    async def bank_of(self, community: str, project: str) -> Bank | None:
        """None: information only."""
        async with self.database.read() as connection:
            return await chosen(connection, community, project, self.bank, self.platforms)

    async def open(
        self, asked: Confirmed, title: Texts, language: Language, now: datetime, *, phone: bool = True
    ) -> AtTheBank | Underway:
        """The previous attempt is asked about first; a new one is opened only when that one has ended unpaid, or
        cannot be opened again. `phone`: the donor's browser is one of a phone.

        Raises BankUnavailable, BankRefused, PaymentRefused, and what `asked.check` raises.
        """
        told = asked.intent(now)
        bank = await self.bank_of(told.community, told.project)
        if bank is None:
            raise BankRefused(f"project {told.project}: its organisation takes no money here, and names no platform")
        passed_over = ""
        while True:
            attempt, fresh = await self._claim(asked, bank, passed_over, now)
            if attempt.paid:
                return Underway(attempt.return_nonce)
            if fresh or not hears(bank):
                return await self._send(attempt, bank, told.project, title, language, now, phone=phone)
            report = await bank.query(OrderId(attempt.id, attempt.opened_at))
            await self.settlement.found(report, now)
            match report.state:
                case OrderState.paid | OrderState.pending:
                    return Underway(attempt.return_nonce)
                case OrderState.open | OrderState.unknown if bank.capabilities.reopens:
                    return await self._send(attempt, bank, told.project, title, language, now, phone=phone)
                case OrderState.open | OrderState.unknown:
                    passed_over = attempt.id  # it stays live, and is asked about until it has ended
                case OrderState.failed | OrderState.expired:
                    continue

    async def _claim(self, asked: Confirmed, bank: Bank, passed_over: str, now: datetime) -> tuple[Attempt, bool]:
        """The paid or live attempt of the intent, or a fresh one."""
        told = asked.intent(now)

        async def claim(connection: Connection) -> tuple[Attempt, bool]:
            if await intents.add(connection, [told]):
                begun = StateChange(
                    told.community, told.gateway, told.id, None, "", told.state, now, asked.cause, asked.evidence
                )
                await intents.record(connection, [begun])
            intent = await intents.hold(connection, told.gateway, told.id)  # whoever else presses the button waits
            asked.check(intent, now)
            before = await attempts.of_intent(connection, told.gateway, told.id)
            for attempt in before:
                if attempt.paid:
                    return attempt, False
            if before and before[-1].id != passed_over and _goes_on(before[-1], bank):
                return before[-1], False
            if len(before) >= MOST_ATTEMPTS:
                raise BankRefused(f"intent {told.id} was tried {len(before)} times")
            asked_at = next_query(now, now) if bank.capabilities.queries else None
            attempt = new_attempt(told, bank.name, len(before) + 1, AttemptState.opened, now, asked_at)
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
    ) -> AtTheBank:
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
            intent = await intents.hold(connection, attempt.gateway, attempt.intent)
            held = await attempts.get(connection, attempt.id)
            assert held is not None
            assert intent is not None  # both were committed before the bank was asked
            if held.state == AttemptState.opened:
                after = AttemptState.sent if hears(bank) else AttemptState.unconfirmed
                await attempts.move(connection, held, after, at=now, cause=_cause(bank), evidence=held.id)
            if intent.state in (IntentState.registered, IntentState.closed):
                told = IntentState.handed_off if hears(bank) else IntentState.unconfirmed
                await intents.move(connection, intent, told, at=now, cause="attempt", evidence=held.id)
        self.settlement.changed()
        return AtTheBank(handover)


def _goes_on(attempt: Attempt, bank: Bank) -> bool:
    """The donor may be sent there once more, or the bank asked about it."""
    return attempt.bank == bank.name and (attempt.live or attempt.state == AttemptState.unconfirmed)


def _cause(bank: Bank) -> str:
    return "bank" if hears(bank) else "link"


def new_attempt(
    intent: Intent, bank: str, number: int, state: AttemptState, now: datetime, next_query_at: datetime | None = None
) -> Attempt:
    """`number`: which one of the intent's it is, from 1 on."""
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
