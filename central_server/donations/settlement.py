"""Record what the bank reports about orders: attempt, ledger, slip and intent change in one transaction."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import structlog

from central_server.banks.port import Movement, Notification, OrderReport, OrderState
from central_server.donations.late_payment import HOLD_PERIOD, is_late
from central_server.donations.query_schedule import confirming_query
from central_server.donations.refund_outcome import complete_refund
from central_server.errors import CentralError
from central_server.ledger.journal import post_received
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, bank_notifications, intents, refunds
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.bank_notifications import StoredNotification
from central_server.store.donations.intents import Intent
from central_server.store.donations.refunds import StoredRefund
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.ledger import project_terms
from central_server.store.ledger.ledger_lines import REMITTED, LineKind
from sync_contract.money import Money
from sync_contract.permit import judge
from sync_contract.records import IntentState

_log = structlog.get_logger()


class PaymentProblem(StrEnum):
    """Why a report of the bank is refused."""

    order_unknown = "order_unknown"
    refund_unknown = "refund_unknown"
    amount_missing = "amount_missing"
    amount_differs = "amount_differs"
    time_differs = "time_differs"
    id_reused = "id_reused"


class PaymentRefused(CentralError):
    """The bank's report fits no order of ours; nothing was changed."""

    def __init__(self, problem: PaymentProblem, reason: str) -> None:
        super().__init__(reason)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Settlement:
    """`changed` is called after each commit that changed a state. `payment_time`: as in the bank's `Capabilities`."""

    database: Database
    bank: str
    environment: str
    changed: Callable[[], None]
    payment_time: timedelta | None = None

    async def record_notification(self, notification: Notification, now: datetime) -> bool:
        """Post a verified notification; False if it was posted before. Raises PaymentRefused."""
        digest = _digest(notification)
        async with self.database.write() as connection:
            refund = None
            if notification.movement is Movement.refund:
                refund = await self._refund(connection, notification)
                attempt = await attempts.lock(connection, refund.attempt)
                assert attempt is not None  # foreign key
            else:
                attempt = await self._attempt(connection, notification.order, notification.amount, notification.at)
            stored = StoredNotification(
                self.bank, notification.id, attempt.id, attempt.community, digest, notification.content, now
            )
            if not await bank_notifications.add(connection, stored):
                if await bank_notifications.fingerprint(connection, self.bank, notification.id) != digest:
                    raise PaymentRefused(
                        PaymentProblem.id_reused, f"notification {notification.id} came before with other content"
                    )
                return False
            if refund is not None:
                posted = await complete_refund(connection, refund.id, notification.evidence, now, cause="notification")
            else:
                posted = await post_payment(
                    connection,
                    attempt,
                    payment=notification.evidence,
                    flawed=notification.flawed,
                    cause="notification",
                    evidence=f"{notification.id} {notification.evidence}",
                    next_query_at=confirming_query(attempt.opened_at, now),
                    at=now,
                    late=is_late(attempt, notification.paid_at or now, self.payment_time),
                )
        if posted:
            self.changed()
        return posted

    async def record_report(self, report: OrderReport, now: datetime) -> None:
        """Record the result of a query; a settled attempt stays as it is. Raises PaymentRefused."""
        match report.state:
            case OrderState.open | OrderState.unknown:
                return
            case OrderState.paid:
                if report.amount is None:
                    raise PaymentRefused(
                        PaymentProblem.amount_missing, f"order {report.order} is paid, but no amount is named"
                    )
                async with self.database.write() as connection:
                    attempt = await self._attempt(connection, report.order, report.amount, None)
                    posted = await post_payment(
                        connection,
                        attempt,
                        payment=report.evidence,
                        flawed=report.flawed,
                        cause="query",
                        evidence=report.evidence,
                        next_query_at=None,
                        at=now,
                        late=is_late(attempt, report.paid_at or now, self.payment_time),
                    )
                if posted:
                    self.changed()
            case OrderState.pending | OrderState.failed | OrderState.expired:
                await self._record_unpaid(report, now)

    async def close_intent(self, attempt: Attempt, now: datetime) -> None:
        """Close the attempt's intent if all its attempts ended unpaid; call this after the last query."""
        async with self.database.write() as connection:
            intent = await intents.lock(connection, attempt.gateway, attempt.intent)
            tried = await attempts.of_intent(connection, attempt.gateway, attempt.intent)
            ended = all(each.state in (AttemptState.failed, AttemptState.expired) for each in tried)
            if intent is None or not ended or intent.state != IntentState.handed_off:
                return
            await intents.move(connection, intent, IntentState.closed, at=now, cause="query", evidence=attempt.id)
        self.changed()

    async def _record_unpaid(self, report: OrderReport, now: datetime) -> None:
        state = AttemptState(report.state.value)
        async with self.database.write() as connection:
            attempt = await attempts.lock(connection, report.order)
            if attempt is not None and attempt.live and attempt.state != state:
                await attempts.move(connection, attempt, state, at=now, cause="query", evidence=report.evidence)
            elif attempt is not None and attempt.paid:
                _log.warning("payment.contradicted", attempt=attempt.id, reported=report.state.value)

    async def _attempt(self, connection: Connection, order: str, amount: Money, at: datetime | None) -> Attempt:
        attempt = await attempts.lock(connection, order)
        if attempt is None or (attempt.bank, attempt.environment) != (self.bank, self.environment):
            raise PaymentRefused(PaymentProblem.order_unknown, f"order {order} is not ours")
        _check(f"order {order}", amount, at, Money(attempt.amount_minor, attempt.currency), attempt.opened_at)
        return attempt

    async def _refund(self, connection: Connection, notification: Notification) -> StoredRefund:
        refund = await refunds.get(connection, notification.order)
        if refund is None or refund.sent_at is None or refund.environment != self.environment:
            raise PaymentRefused(PaymentProblem.refund_unknown, f"refund {notification.order} is not ours")
        own = Money(refund.amount_minor, refund.currency)
        _check(f"refund {refund.id}", notification.amount, notification.at, own, refund.sent_at)
        return refund


def _digest(notification: Notification) -> str:
    """Identify what a notification says: the bank may write the same in other words or another encoding."""
    facts = (
        notification.movement.value, notification.order, notification.at, notification.amount, notification.evidence,
        notification.flawed,
    )  # fmt: skip
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _check(what: str, amount: Money, at: datetime | None, own_amount: Money, own_at: datetime) -> None:
    """Raise PaymentRefused unless the bank's amount and, where it names one, its time are our own."""
    if amount != own_amount:
        raise PaymentRefused(PaymentProblem.amount_differs, f"{what}: {amount} instead of {own_amount}")
    if at is not None and int(at.timestamp()) != int(own_at.timestamp()):
        raise PaymentRefused(PaymentProblem.time_differs, f"{what}: made at {at} instead of {own_at}")


async def post_payment(
    connection: Connection,
    attempt: Attempt,
    *,
    payment: str,
    flawed: bool,
    cause: str,
    evidence: str,
    next_query_at: datetime | None,
    at: datetime,
    late: bool,
    on_hold: bool = False,
    given_at: datetime | None = None,
) -> bool:
    """Post the money of an attempt locked by `attempts.lock`; False if it was posted before.

    `payment`: the bank's number of it. `cause`: notification, query, statement or import. `next_query_at`: when a
    query confirms it. `late`: as in `late_payment.is_late`. `on_hold`: it may be late, so it is not refunded
    yet either. `given_at`: when the money was given, if that was another day; the permit of that day counts.
    """
    if attempt.paid:
        if next_query_at is None:
            await attempts.ask_again(connection, attempt, None)
        return False
    intent = await intents.get(connection, attempt.gateway, attempt.intent)
    assert intent is not None  # foreign key
    project = await projects.known(connection, intent.community, intent.project)
    slip = await post_received(
        connection,
        intent,
        attempt,
        kind=_line_kind(intent, attempt),
        late=late,
        outside_permit=project is None or not judge(project.permit, given_at or at).open,
        flawed=flawed,
        evidence=evidence,
        terms=await project_terms.add(connection, project),
        at=at,
    )
    if slip is None:
        return False
    await attempts.pay(
        connection,
        attempt,
        payment=payment,
        flawed=flawed,
        refundable_from=at + HOLD_PERIOD if late or on_hold else None,
        next_query_at=next_query_at,
        at=at,
        cause=cause,
        evidence=evidence,
    )
    if intent.state != IntentState.paid:
        await intents.move(connection, intent, IntentState.paid, at=at, cause=cause, evidence=attempt.id, slip=slip)
    return True


def _line_kind(intent: Intent, attempt: Attempt) -> LineKind:
    if attempt.bank in REMITTED:
        return LineKind(attempt.bank)
    return LineKind.surplus if intent.state == IntentState.paid else LineKind.paid
