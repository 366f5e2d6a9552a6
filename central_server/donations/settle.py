"""What the bank said becomes the truth: attempt, ledger, slip and intent, in one transaction."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from central_server.banks.port import Movement, Notification, OrderReport, OrderState
from central_server.donations import refund_process
from central_server.donations.query_schedule import confirming_query
from central_server.errors import CentralError
from central_server.ledger.journal import post_received
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, bank_notifications, intents, refunds
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.bank_notifications import StoredNotification
from central_server.store.donations.refunds import StoredRefund
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.money import Money
from sync_contract.permit import judge
from sync_contract.records import IntentState

_log = structlog.get_logger()
HELD_FOR = timedelta(days=16)
"""In which the bank may give back by itself what came after its time: five working days over the longest holiday."""


class PaymentRefused(CentralError):
    """The bank's word fits no attempt of ours: nothing was changed. `word` is for counting."""

    def __init__(self, word: str, reason: str) -> None:
        super().__init__(reason)
        self.word = word


@dataclass(frozen=True, slots=True)
class Settlement:
    """`changed` is called after each commit that changed a state."""

    database: Database
    bank: str
    changed: Callable[[], None]

    async def notified(self, notification: Notification, now: datetime) -> bool:
        """Post a verified notification; False when it was posted before. Raises PaymentRefused."""
        # Of what may be kept: the signature is not in it, and a card that is not there cannot be guessed from a digest.
        digest = hashlib.sha256(notification.content.encode()).hexdigest()
        async with self.database.write() as connection:
            refund = None
            if notification.movement is Movement.refund:
                refund = await self._refund(connection, notification)
                attempt = await attempts.hold(connection, refund.attempt)
                assert attempt is not None  # the foreign key says so
            else:
                attempt = await self._attempt(connection, notification.order, notification.amount, notification.at)
            kept = StoredNotification(
                self.bank, notification.id, attempt.id, attempt.community, digest, notification.content, now
            )
            if not await bank_notifications.keep(connection, kept):
                if await bank_notifications.fingerprint(connection, self.bank, notification.id) != digest:
                    raise PaymentRefused("id_reused", f"notification {notification.id} came before with other content")
                return False
            if refund is not None:
                posted = await refund_process.done(
                    connection, refund.id, notification.evidence, now, cause="notification"
                )
            else:
                posted = await receive(
                    connection,
                    attempt,
                    payment=notification.evidence,
                    flawed=notification.flawed,
                    cause="notification",
                    evidence=f"{notification.id} {notification.evidence}",
                    next_query_at=confirming_query(attempt.opened_at, now),
                    at=now,
                )
        if posted:
            self.changed()
        return posted

    async def found(self, report: OrderReport, now: datetime) -> None:
        """Record what a query told; what is settled stays as it is. Raises PaymentRefused."""
        match report.state:
            case OrderState.open | OrderState.unknown:
                return
            case OrderState.paid:
                if report.amount is None:
                    raise PaymentRefused("amount_missing", f"order {report.order} is paid, but no amount is named")
                async with self.database.write() as connection:
                    attempt = await self._attempt(connection, report.order, report.amount, None)
                    posted = await receive(
                        connection,
                        attempt,
                        payment=report.evidence,
                        flawed=report.flawed,
                        cause="query",
                        evidence=report.evidence,
                        next_query_at=None,
                        at=now,
                    )
                if posted:
                    self.changed()
            case OrderState.pending | OrderState.failed | OrderState.expired:
                await self._ended(report, now)

    async def close(self, attempt: Attempt, now: datetime) -> None:
        """The bank is asked no more: an intent with nothing but attempts that ended unpaid has ended too."""
        async with self.database.write() as connection:
            intent = await intents.hold(connection, attempt.gateway, attempt.intent)
            tried = await attempts.of_intent(connection, attempt.gateway, attempt.intent)
            ended = all(each.state in (AttemptState.failed, AttemptState.expired) for each in tried)
            if intent is None or not ended or intent.state != IntentState.handed_off:
                return
            await intents.move(connection, intent, IntentState.closed, at=now, cause="query", evidence=attempt.id)
        self.changed()

    async def _ended(self, report: OrderReport, now: datetime) -> None:
        state = AttemptState(report.state.value)
        async with self.database.write() as connection:
            held = await attempts.hold(connection, report.order)
            if held is not None and held.live and held.state != state:
                await attempts.move(connection, held, state, at=now, cause="query", evidence=report.evidence)
            elif held is not None and held.paid:
                _log.warning("payment.contradicted", attempt=held.id, said=report.state.value)

    async def _attempt(self, connection: Connection, order: str, amount: Money, made: datetime | None) -> Attempt:
        attempt = await attempts.hold(connection, order)
        if attempt is None or attempt.bank != self.bank:
            raise PaymentRefused("order_unknown", f"order {order} is not ours")
        if amount != Money(attempt.amount_minor, attempt.currency):
            raise PaymentRefused("amount_differs", f"order {order}: {amount} instead of {attempt.amount_minor}")
        if made is not None and int(made.timestamp()) != int(attempt.opened_at.timestamp()):
            raise PaymentRefused("time_differs", f"order {order}: made at {made} instead of {attempt.opened_at}")
        return attempt

    async def _refund(self, connection: Connection, told: Notification) -> StoredRefund:
        refund = await refunds.get(connection, told.order)
        if refund is None or refund.sent_at is None:
            raise PaymentRefused("refund_unknown", f"refund {told.order} is not ours")
        if told.amount != Money(refund.amount_minor, refund.currency):
            raise PaymentRefused("amount_differs", f"refund {told.order}: {told.amount}, not {refund.amount_minor}")
        if told.at is not None and int(told.at.timestamp()) != int(refund.sent_at.timestamp()):
            raise PaymentRefused("time_differs", f"refund {told.order}: made at {told.at} instead of {refund.sent_at}")
        return refund


async def receive(
    connection: Connection,
    attempt: Attempt,
    *,
    payment: str,
    flawed: bool,
    cause: str,
    evidence: str,
    next_query_at: datetime | None,
    at: datetime,
    in_time: bool = True,
) -> bool:
    """Post an attempt's money, held by `attempts.hold`; False when it was posted before.

    `payment`: the bank's number of it; `cause`: notification, query, statement or import; `next_query_at`: when the
    bank is asked once more whether it is so. `in_time`: not where nobody knows that it came before its time was over,
    though nothing had said that the attempt has ended.
    """
    if attempt.paid:
        if next_query_at is None:
            await attempts.ask_again(connection, attempt, None)
        return False
    intent = await intents.get(connection, attempt.gateway, attempt.intent)
    assert intent is not None  # the foreign key says so
    project = await projects.known(connection, intent.community, intent.project)
    late = attempt.state in (AttemptState.failed, AttemptState.expired)
    slip = await post_received(
        connection,
        intent,
        attempt,
        surplus=intent.state == IntentState.paid,
        late=late,
        outside_permit=project is None or not judge(project.permit, at).open,
        flawed=flawed,
        evidence=evidence,
        at=at,
    )
    if slip is None:
        return False
    await attempts.pay(
        connection,
        attempt,
        payment=payment,
        flawed=flawed,
        held_until=at + HELD_FOR if late or not in_time else None,
        next_query_at=next_query_at,
        at=at,
        cause=cause,
        evidence=evidence,
    )
    if intent.state != IntentState.paid:
        await intents.move(connection, intent, IntentState.paid, at=at, cause=cause, evidence=attempt.id, slip=slip)
    return True
