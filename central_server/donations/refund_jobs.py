"""Telling the bank of approved refunds, and asking what became of them: in one process at a time, and safe in two."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from central_server.banks.port import Bank, BankRefused, Movement, OrderId, OrderReport, OrderState, Refund
from central_server.donations import refund_process
from central_server.donations.query_schedule import next_back_query
from central_server.store.donations import attempts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import RefundState, StoredRefund
from central_server.store.engine.database import Database
from sync_contract.money import Money

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class GivingBack:
    """`notify_url`: the bank's way to us; `changed` is called after each commit that changed a state."""

    database: Database
    bank: Bank
    notify_url: Callable[[], str]
    changed: Callable[[], None]

    async def work_due(self, now: datetime) -> int:
        """Each that is due once; how many they were. Raises BankUnavailable at the first silence."""
        if not self.bank.capabilities.refunds:
            return 0
        worked = 0
        async with self.database.read() as connection:
            due = [
                (refund, attempt)
                for refund in await refunds.due(connection, self.bank.name, now)
                if (attempt := await attempts.get(connection, refund.attempt)) is not None
            ]
        for refund, attempt in due:
            worked += await (self._send if refund.state == RefundState.approved else self._ask)(refund, attempt, now)
        return worked

    async def _send(self, refund: StoredRefund, attempt: Attempt, now: datetime) -> bool:
        async with self.database.write() as connection:  # id and time are on disk before the bank hears of them
            await attempts.hold(connection, attempt.id)
            wanted = await refunds.begin_sending(connection, refund, now, next_back_query(now, 0, now) or now)
            held = await refunds.get(connection, refund.id)
        if wanted and held is not None:
            await self._tell(held, attempt, now)
        return wanted

    async def _ask(self, refund: StoredRefund, attempt: Attempt, now: datetime) -> bool:
        assert refund.sent_at is not None  # whatever is due and not approved was sent
        async with self.database.write() as connection:  # before asking: silence about one must not hold up the others
            following = next_back_query(refund.sent_at, refund.queries + 1, now)
            if not await refunds.begin_asking(connection, refund, following):
                return False
        report = await self.bank.query(OrderId(refund.id, refund.sent_at, Movement.refund))
        if report.state is OrderState.unknown:
            await self._tell(refund, attempt, now)
        else:
            await self._hear(refund, report, now)
        return True

    async def _hear(self, refund: StoredRefund, report: OrderReport, now: datetime) -> None:
        match report.state:
            case OrderState.paid if report.amount in (None, Money(refund.amount_minor, refund.currency)):
                async with self.database.write() as connection:
                    await refund_process.done(connection, refund.id, report.evidence, now, cause="query")
                self.changed()
            case OrderState.paid:
                _log.error("refund.amount_differs", refund=refund.id, reason=str(report.amount))
            case OrderState.failed | OrderState.expired:
                await self._refuse(refund, report.evidence, now)
            case OrderState.open | OrderState.pending | OrderState.unknown:
                pass

    async def _tell(self, refund: StoredRefund, attempt: Attempt, now: datetime) -> None:
        assert refund.sent_at is not None  # it was set before
        order = Refund(
            id=refund.id,
            at=refund.sent_at,
            paid=OrderId(attempt.id, attempt.opened_at),
            payment=attempt.evidence,
            amount=Money(refund.amount_minor, refund.currency),
            notify_url=self.notify_url(),
            whole=refund_process.is_cancellation(refund, attempt),
        )
        try:
            await self.bank.refund(order)
        except BankRefused as error:
            # It may refuse this telling (too old, more than is left) for having taken an earlier one of the same
            # refund, from a process that died or stood still: what it says of the number goes before that.
            report = await self.bank.query(OrderId(refund.id, refund.sent_at, Movement.refund))
            if report.state is OrderState.unknown:
                await self._refuse(refund, str(error), now)
            else:
                await self._hear(refund, report, now)

    async def _refuse(self, refund: StoredRefund, reason: str, now: datetime) -> None:
        _log.warning("refund.refused", refund=refund.id, reason=reason)
        async with self.database.write() as connection:
            await refund_process.refuse(connection, refund.id, reason, now)
        self.changed()
