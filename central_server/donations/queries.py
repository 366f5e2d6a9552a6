"""Asking the bank about attempts of which nothing was heard: a lost notification must not lose a gift."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from central_server.banks.port import Bank, OrderId, OrderReport, OrderState
from central_server.donations.settle import PaymentRefused, Settlement
from central_server.store import attempts
from central_server.store.database import Database

_log = structlog.get_logger()
NEVER_ARRIVED_AFTER = timedelta(minutes=30)


def next_query(age: timedelta) -> timedelta:
    """How long to wait for the next query of an attempt of that age: a gift is found within five minutes."""
    return timedelta(minutes=4) if age < timedelta(hours=1) else timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Queries:
    database: Database
    bank: Bank
    settlement: Settlement

    async def ask_due(self, now: datetime) -> int:
        """Ask about every attempt that is due; how many were asked. Raises BankUnavailable at the first silence."""
        asked = 0
        async with self.database.read() as connection:
            due = await attempts.due(connection, now)
        for attempt in due:
            # Before asking: a bank that never answers about one order must not keep it at the head for ever.
            async with self.database.write() as connection:
                wait = next_query(now - attempt.opened_at)
                wanted = await attempts.schedule(connection, attempt, now + wait)
            if not wanted:  # a notification came meanwhile
                continue
            report = await self.bank.query(OrderId(attempt.id, attempt.opened_at))
            if report.state is OrderState.unknown and now - attempt.opened_at > NEVER_ARRIVED_AFTER:
                report = OrderReport(attempt.id, OrderState.expired, None, "the bank does not know the order")
            try:
                await self.settlement.found(report, now)
            except PaymentRefused as error:
                _log.warning("payment.refused", word=error.word, reason=str(error))
            asked += 1
        return asked
