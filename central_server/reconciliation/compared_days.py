"""Up to which day a community's payments are compared with the bank's files, for its public board."""

from dataclasses import dataclass
from datetime import date, datetime

from central_server.banks.settlement_day import day_end, settlement_day
from central_server.reconciliation.settlement_days import ONE, newest_day
from central_server.store.engine.connection import Connection
from central_server.store.reconciliation import differences, reconciled_attempts, statements


@dataclass(frozen=True, slots=True)
class Compared:
    """`until`: None before the first file. `open_differences`: of the community, which staff have not settled."""

    until: date | None
    open_differences: int


async def load_compared(connection: Connection, community: str, environment: str, now: datetime) -> Compared:
    until = await _compared_until(connection, community, environment, now)
    return Compared(until, await differences.count_open(connection, community, environment))


async def _compared_until(connection: Connection, community: str, environment: str, now: datetime) -> date | None:
    """Return the last due day up to which each day has a file or no waiting payments of the community.

    A day is not compared while its file is missing or refused, unless the file of another day contains its payments.
    A payment that has become a difference of its own waits no more.
    """
    files = await statements.accepted_days(connection, community, environment)
    if not files:
        return None
    newest = newest_day(now)
    banks = {bank for bank, _ in files}
    for bank, paid_at in await reconciled_attempts.waiting_payments(
        connection, community, environment, banks, day_end(newest)
    ):
        day = settlement_day(paid_at)
        if (bank, day) not in files:
            return day - ONE if day > min(file for _, file in files) else None
    return newest
