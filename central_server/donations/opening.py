"""From a donor's confirmation to the bank's page: one attempt, recorded before the bank hears of it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.banks.port import Bank, Handover, Order, OrderId, OrderState
from central_server.donations.settle import Settlement
from central_server.donations.tickets import Asked, check_agreement
from central_server.store import attempts, intents
from central_server.store.attempts import Attempt, AttemptState
from central_server.store.connection import Connection
from central_server.store.database import Database
from central_server.store.intents import Intent, StateChange
from sync_contract.identity import new_id
from sync_contract.money import Money
from sync_contract.project import Texts
from sync_contract.records import IntentState
from sync_contract.strict import Language

FIRST_QUERY = timedelta(minutes=1)


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
    """`return_url` makes the address to which the bank sends the donor back; `notify_url` the bank's way to us."""

    database: Database
    bank: Bank
    settlement: Settlement
    return_url: Callable[[str], str]
    notify_url: Callable[[], str]

    async def open(self, asked: Asked, title: Texts, language: Language, now: datetime) -> AtTheBank | Underway:
        """The previous attempt is asked about first; a new one is opened only when that one has ended unpaid.

        Raises BankUnavailable, BankRefused, PaymentRefused, TicketUnusable.
        """
        while True:
            attempt, fresh = await self._claim(asked, now)
            if attempt.state == AttemptState.paid:
                return Underway(attempt.return_nonce)
            if fresh:
                return await self._send(attempt, asked.ticket.project, title, language, now)
            report = await self.bank.query(OrderId(attempt.id, attempt.opened_at))
            await self.settlement.found(report, now)
            match report.state:
                case OrderState.paid | OrderState.pending:
                    return Underway(attempt.return_nonce)
                case OrderState.open | OrderState.unknown:  # the same order again is the same order at the bank
                    return await self._send(attempt, asked.ticket.project, title, language, now)
                case OrderState.failed | OrderState.expired:
                    continue

    async def _claim(self, asked: Asked, now: datetime) -> tuple[Attempt, bool]:
        """The paid or live attempt of the intent, or a fresh one."""
        told = asked.intent(now)

        async def claim(connection: Connection) -> tuple[Attempt, bool]:
            if await intents.add(connection, [told]):
                begun = StateChange(
                    told.community, told.gateway, told.id, None, "", told.state, now, "ticket", asked.key
                )
                await intents.record(connection, [begun])
            intent = await intents.hold(connection, told.gateway, told.id)  # whoever else presses the button waits
            check_agreement(asked, intent, now)
            before = await attempts.of_intent(connection, told.gateway, told.id)
            for attempt in before:
                if attempt.state == AttemptState.paid:
                    return attempt, False
            if before and before[-1].live:
                return before[-1], False
            attempt = self._new(told, len(before) + 1, now)
            await attempts.add(connection, attempt)
            return attempt, True

        return await self.database.written(claim)

    def _new(self, intent: Intent, number: int, now: datetime) -> Attempt:
        return Attempt(
            id=new_id(),
            gateway=intent.gateway,
            intent=intent.id,
            number=number,
            community=intent.community,
            environment=intent.environment,
            bank=self.bank.name,
            amount_minor=intent.amount_minor,
            currency=intent.currency,
            return_nonce=secrets.token_urlsafe(32),
            state=AttemptState.opened.value,
            opened_at=now,
            queries=0,
            next_query_at=now + FIRST_QUERY if self.bank.capabilities.queries else None,
        )

    async def _send(
        self, attempt: Attempt, project: str, title: Texts, language: Language, now: datetime
    ) -> AtTheBank:
        order = Order(
            id=attempt.id,
            at=attempt.opened_at,
            amount=Money(attempt.amount_minor, attempt.currency),
            subject=title[language][:60],
            language=language,
            return_url=self.return_url(attempt.return_nonce),
            notify_url=self.notify_url(),
            project=project,
        )
        handover = await self.bank.open(order)
        async with self.database.write() as connection:
            intent = await intents.hold(connection, attempt.gateway, attempt.intent)
            held = await attempts.get(connection, attempt.id)
            assert held is not None
            assert intent is not None  # both were committed before the bank was asked
            if held.state == AttemptState.opened:
                await attempts.move(connection, held, AttemptState.sent, at=now, cause="bank", evidence=held.id)
            if intent.state == IntentState.registered:
                await intents.move(
                    connection, intent, IntentState.handed_off, at=now, cause="attempt", evidence=held.id
                )
        self.settlement.changed()
        return AtTheBank(handover)
