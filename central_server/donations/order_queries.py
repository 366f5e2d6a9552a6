"""Query the bank about due orders: a lost notification loses no gift, and a notification is confirmed by a query."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from central_server.banks.port import Bank, BankUnavailable, OrderId, OrderReport, OrderState
from central_server.donations.query_schedule import QUERIES_END_AFTER, next_query
from central_server.donations.settlement import PaymentRefused, Settlement
from central_server.store.alerts.quarantine import RecordKey, process_due
from central_server.store.donations import attempts
from central_server.store.donations.attempts import Attempt
from central_server.store.engine.database import Database

_log = structlog.get_logger()
_NEVER_ARRIVED_AFTER = timedelta(minutes=30)
_ROUND = 50


@dataclass(frozen=True, slots=True)
class OrderQueries:
    database: Database
    bank: Bank
    settlement: Settlement

    async def query_due(self, now: datetime) -> int:
        """Query due attempts, as many as one round takes; return their number.

        Raises BankUnavailable at the first failed query.
        """
        read = partial(attempts.due, bank=self.bank.name, environment=self.bank.environment.value)
        return await process_due(self.database, read, _record_of, self._query, now, BankUnavailable, most=_ROUND)

    async def _query(self, attempt: Attempt, now: datetime) -> bool:
        # Reschedule before the query: an order about which the bank never answers must not block the others.
        async with self.database.write() as connection:
            following = next_query(attempt.opened_at, now, live=attempt.live)
            claimed = await attempts.schedule(connection, attempt, following)
        if not claimed:  # another process queries it
            return False
        report = await self.bank.query(OrderId(attempt.id, attempt.opened_at))
        age = now - attempt.opened_at
        if report.state is OrderState.unknown and age > _NEVER_ARRIVED_AFTER:
            report = OrderReport(attempt.id, OrderState.expired, None, "the bank does not know the order")
        elif report.state in (OrderState.open, OrderState.pending) and age > QUERIES_END_AFTER:
            report = OrderReport(attempt.id, OrderState.expired, None, "the bank reported no end in seven days")
        try:
            await self.settlement.record_report(report, now)
        except PaymentRefused as error:
            _log.warning("payment.refused", problem=error.problem.value, reason=str(error))
        if following is None:
            await self.settlement.close_intent(attempt, now)
        return True


def _record_of(attempt: Attempt) -> RecordKey:
    return RecordKey("bank", attempt.id, attempt.community, attempt.gateway)
