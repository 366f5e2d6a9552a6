"""Compute three equalities of each settlement day: the bank's file = our ledger + the differing rows."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.reconciliation import statement_sums


@dataclass(frozen=True, slots=True)
class SideTotals:
    """Fen. `net`: the bank's payout."""

    received: int = 0
    refunded: int = 0
    fees: int = 0

    @property
    def moved(self) -> int:
        return self.received - self.refunded

    @property
    def net(self) -> int:
        return self.moved - self.fees

    def __add__(self, other: "SideTotals") -> "SideTotals":
        return SideTotals(self.received + other.received, self.refunded + other.refunded, self.fees + other.fees)


@dataclass(frozen=True, slots=True)
class DayTotals:
    """Totals of a day's newest file. `theirs` = `ours` (the ledger) + `differing` (rows that fit nothing of ours).

    `open`: the day's unsettled differences. `unmatched`: rows that are not matched yet.
    """

    statement: int
    bank: str
    day: date
    name: str
    rows: int
    matched: int
    unmatched: int
    theirs: SideTotals
    ours: SideTotals
    differing: SideTotals
    open: int

    @property
    def balances(self) -> bool:
        return self.unmatched == 0 and self.theirs == self.ours + self.differing


async def load_day_totals(
    connection: Connection, tops: Collection[str], environment: str, *, limit: int = 62
) -> tuple[DayTotals, ...]:
    """Return the totals by day, newest first.

    Below the top of the tree they cover only its own gifts; rows of no community are visible at the top.
    """
    visible = await places.communities(connection, tops)
    days = await statement_sums.days(connection, environment, limit)
    ids = [day.id for day in days]
    theirs = await statement_sums.bank_sums(connection, ids, visible)
    ours = await statement_sums.ledger_sums(connection, ids, visible)
    waiting = await statement_sums.open_differences(connection, environment, [day.day for day in days], tops)
    return tuple(
        DayTotals(
            statement=day.id,
            bank=day.bank,
            day=day.day,
            name=day.name,
            rows=sum(each.rows for each in sums),
            matched=sum(each.rows for each in sums if each.fits),
            unmatched=sum(each.rows for each in sums if each.unmatched),
            theirs=_sum_side((each.movement, each.minor, each.fee_minor) for each in sums),
            ours=SideTotals(*ours.get(day.id, (0, 0, 0))),
            differing=_sum_side((each.movement, each.minor, each.fee_minor) for each in sums if not each.fits),
            open=waiting.get((day.bank, day.day), 0),
        )
        for day in days
        for sums in [theirs.get(day.id, [])]
        if sums or visible is None
    )


def _sum_side(rows: Iterable[tuple[str, int, int]]) -> SideTotals:
    found = SideTotals()
    for movement, minor, fee in rows:
        found += SideTotals(0, minor, fee) if movement == "refund" else SideTotals(minor, 0, fee)
    return found
