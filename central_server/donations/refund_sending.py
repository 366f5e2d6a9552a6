"""Send approved refunds to the bank and query their outcome, in one process at a time; two at once do no harm.

The refund's id and time are on disk before the bank receives them. When the answer is lost, the bank is queried about
that id; the refund is sent again only if the bank does not know it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from central_server.banks.port import (
    Bank,
    BankRefused,
    BankUnavailable,
    Movement,
    OrderId,
    OrderReport,
    OrderState,
    Refund,
)
from central_server.banks.settlement_day import settlement_day
from central_server.donations.query_schedule import next_refund_query
from central_server.donations.refund_outcome import complete_refund, record_refusal
from central_server.store.alerts.quarantine import RecordKey, process_due
from central_server.store.donations import attempts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import RefundState, StoredRefund
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.money import Money

_log = structlog.get_logger()
_Due = tuple[StoredRefund, Attempt]
_ROUND = 20
_CANCELLATIONS_END_BEFORE = timedelta(minutes=10)
"""Before the end of the settlement day. The bank's clock may be ahead; a refund is safer than a cancellation."""


@dataclass(frozen=True, slots=True)
class RefundSender:
    """`notify_url`: our address for the bank's notifications. `changed`: called after each commit of a new state."""

    database: Database
    bank: Bank
    notify_url: Callable[[], str]
    changed: Callable[[], None]

    async def process_due(self, now: datetime) -> int:
        """Send or query due refunds, as many as one round takes; return their number.

        Raises BankUnavailable at the first failure.
        """
        if not self.bank.capabilities.refunds:
            return 0
        return await process_due(self.database, self._due, _record_of, self._process, now, BankUnavailable, most=_ROUND)

    async def _due(self, connection: Connection, now: datetime, skip: int) -> Sequence[_Due]:
        of_bank = (self.bank.name, self.bank.environment.value)
        return [
            (refund, attempt)
            for refund in await refunds.due(connection, *of_bank, now, skip)
            if (attempt := await attempts.get(connection, refund.attempt)) is not None
        ]

    async def _process(self, due: _Due, now: datetime) -> bool:
        process = self._begin_sending if due[0].state == RefundState.approved else self._query
        return await process(*due, now)

    async def _begin_sending(self, refund: StoredRefund, attempt: Attempt, now: datetime) -> bool:
        async with self.database.write() as connection:  # id and time are on disk before the bank receives them
            await attempts.lock(connection, attempt.id)
            claimed = await refunds.begin_sending(connection, refund, now, next_refund_query(now, 0, now) or now)
            current = await refunds.get(connection, refund.id)
        if claimed and current is not None:
            await self._send(current, attempt, now)
        return claimed

    async def _query(self, refund: StoredRefund, attempt: Attempt, now: datetime) -> bool:
        assert refund.sent_at is not None  # a due refund that is not approved was sent
        async with self.database.write() as connection:  # before the query: one silence must not block the others
            following = next_refund_query(refund.sent_at, refund.queries + 1, now)
            if not await refunds.begin_query(connection, refund, following):
                return False
        report = await self.bank.query(OrderId(refund.id, refund.sent_at, Movement.refund))
        if report.state is OrderState.unknown:
            await self._send(refund, attempt, now)
        else:
            await self._record(refund, report, now)
        return True

    async def _record(self, refund: StoredRefund, report: OrderReport, now: datetime) -> None:
        match report.state:
            case OrderState.paid if report.amount in (None, Money(refund.amount_minor, refund.currency)):
                async with self.database.write() as connection:
                    await complete_refund(connection, refund.id, report.evidence, now, cause="query")
                self.changed()
            case OrderState.paid:
                _log.error("refund.amount_differs", refund=refund.id, reason=str(report.amount))
            case OrderState.failed | OrderState.expired:
                await self._refuse(refund, report.evidence, report.evidence, now)
            case OrderState.open | OrderState.pending | OrderState.unknown:
                pass

    async def _send(self, refund: StoredRefund, attempt: Attempt, now: datetime) -> None:
        assert refund.sent_at is not None  # set by begin_sending
        order = Refund(
            id=refund.id,
            at=refund.sent_at,
            paid=OrderId(attempt.id, attempt.opened_at),
            payment=attempt.evidence,
            amount=Money(refund.amount_minor, refund.currency),
            notify_url=self.notify_url(),
            whole=_is_cancellation(refund, attempt),
        )
        try:
            await self.bank.refund(order)
        except BankRefused as error:
            # The bank may refuse this request (too old, more than is left) because it has accepted an earlier one for
            # the same refund, from a process that died or was suspended. What it reports about the id decides.
            report = await self.bank.query(OrderId(refund.id, refund.sent_at, Movement.refund))
            if report.state is OrderState.unknown:
                await self._refuse(refund, str(error), error.code, now)
            else:
                await self._record(refund, report, now)

    async def _refuse(self, refund: StoredRefund, reason: str, code: str, now: datetime) -> None:
        _log.warning("refund.refused", refund=refund.id, reason=reason)
        async with self.database.write() as connection:
            await record_refusal(connection, refund.id, code, now)
        self.changed()


def _is_cancellation(refund: StoredRefund, attempt: Attempt) -> bool:
    """Return whether it returns the whole payment on the payment's own settlement day.

    The result is the same each time the refund is sent.
    """
    if refund.sent_at is None or attempt.paid_at is None or refund.amount_minor != attempt.amount_minor:
        return False
    moments = (attempt.opened_at, attempt.paid_at, refund.sent_at, refund.sent_at + _CANCELLATIONS_END_BEFORE)
    return len({settlement_day(moment) for moment in moments}) == 1


def _record_of(due: _Due) -> RecordKey:
    refund, attempt = due
    return RecordKey("refunds", refund.id, refund.community, attempt.gateway)
