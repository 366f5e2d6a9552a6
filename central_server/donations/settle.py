"""What the bank said becomes the truth: attempt, ledger, slip and intent, in one transaction."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from central_server.banks.port import Notification, OrderReport, OrderState
from central_server.errors import CentralError
from central_server.ledger.journal import post_received
from central_server.store import attempts, intents, notifications, projects
from central_server.store.attempts import Attempt, AttemptState
from central_server.store.connection import Connection
from central_server.store.database import Database
from central_server.store.notifications import KeptNotification
from sync_contract.money import Money
from sync_contract.permit import judge
from sync_contract.records import IntentState


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

    async def notified(self, notification: Notification, body: bytes, now: datetime) -> bool:
        """Post a verified notification; False when it was posted before. Raises PaymentRefused."""
        digest = hashlib.sha256(body).hexdigest()
        async with self.database.write() as connection:
            attempt = await self._attempt(connection, notification.order, notification.amount)
            kept = KeptNotification(
                self.bank, notification.id, attempt.id, attempt.community, digest, notification.content, now
            )
            if not await notifications.keep(connection, kept):
                if await notifications.fingerprint(connection, self.bank, notification.id) != digest:
                    raise PaymentRefused("id_reused", f"notification {notification.id} came before with other content")
                return False
            evidence = f"{notification.id} {notification.evidence}"
            posted = await self._post(connection, attempt, "notification", evidence, now)
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
                    attempt = await self._attempt(connection, report.order, report.amount)
                    posted = await self._post(connection, attempt, "query", report.evidence, now)
                if posted:
                    self.changed()
            case OrderState.pending | OrderState.failed | OrderState.expired:
                state = AttemptState(report.state.value)
                async with self.database.write() as connection:
                    held = await self._held(connection, report.order)
                    if held is not None and held.live and held.state != state:
                        await attempts.move(connection, held, state, at=now, cause="query", evidence=report.evidence)

    async def _attempt(self, connection: Connection, order: str, amount: Money) -> Attempt:
        attempt = await self._held(connection, order)
        if attempt is None or attempt.bank != self.bank:
            raise PaymentRefused("order_unknown", f"order {order} is not ours")
        if amount != Money(attempt.amount_minor, attempt.currency):
            raise PaymentRefused("amount_differs", f"order {order}: {amount} instead of {attempt.amount_minor}")
        return attempt

    async def _held(self, connection: Connection, order: str) -> Attempt | None:
        """The attempt, which nobody else changes until this write ends: whoever does holds its intent."""
        attempt = await attempts.get(connection, order)
        if attempt is None:
            return None
        await intents.hold(connection, attempt.gateway, attempt.intent)
        return await attempts.get(connection, order)

    async def _post(self, connection: Connection, attempt: Attempt, cause: str, evidence: str, now: datetime) -> bool:
        intent = await intents.get(connection, attempt.gateway, attempt.intent)
        assert intent is not None  # the foreign key says so
        project = await projects.known(connection, intent.community, intent.project)
        slip = await post_received(
            connection,
            intent,
            attempt,
            surplus=intent.state == IntentState.paid,
            late=not attempt.live,
            outside_permit=project is None or not judge(project.permit, now).open,
            flawed=False,
            evidence=evidence,
            at=now,
        )
        if slip is None:
            return False
        await attempts.move(connection, attempt, AttemptState.paid, at=now, cause=cause, evidence=evidence)
        if intent.state != IntentState.paid:
            await intents.move(
                connection, intent, IntentState.paid, at=now, cause=cause, evidence=attempt.id, slip=slip
            )
        return True
