"""Asking the bank about orders: a lost notification must not lose a gift, and a notification is asked about too."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from central_server.banks.port import Bank, OrderId, OrderReport, OrderState
from central_server.donations.query_schedule import GIVEN_UP, next_query
from central_server.donations.settle import PaymentRefused, Settlement
from central_server.store.donations import attempts
from central_server.store.engine.database import Database

_log = structlog.get_logger()
NEVER_ARRIVED_AFTER = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Queries:
    database: Database
    bank: Bank
    settlement: Settlement

    async def ask_due(self, now: datetime) -> int:
        """Ask about every attempt that is due; how many were asked. Raises BankUnavailable at the first silence."""
        asked = 0
        async with self.database.read() as connection:
            due = await attempts.due(connection, self.bank.name, now)
        for attempt in due:
            # Before asking: a bank that never answers about one order must not keep it at the head for ever.
            async with self.database.write() as connection:
                following = next_query(attempt.opened_at, now, live=attempt.live)
                wanted = await attempts.schedule(connection, attempt, following)
            if not wanted:  # another process was first
                continue
            report = await self.bank.query(OrderId(attempt.id, attempt.opened_at))
            if report.state is OrderState.unknown and now - attempt.opened_at > NEVER_ARRIVED_AFTER:
                report = OrderReport(attempt.id, OrderState.expired, None, "the bank does not know the order")
            elif report.state in (OrderState.open, OrderState.pending) and now - attempt.opened_at > GIVEN_UP:
                report = OrderReport(attempt.id, OrderState.expired, None, "the bank named no end in seven days")
            try:
                await self.settlement.found(report, now)
            except PaymentRefused as error:
                _log.warning("payment.refused", word=error.word, reason=str(error))
            if following is None:
                await self.settlement.close(attempt, now)
            asked += 1
        return asked
