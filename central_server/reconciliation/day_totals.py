"""Three equalities of each settlement day: the bank's file = our ledger + the rows that differ."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.reconciliation import statement_sums


@dataclass(frozen=True, slots=True)
class Side:
    """Fen. `net`: what the bank pays out."""

    received: int = 0
    back: int = 0
    fees: int = 0

    @property
    def moved(self) -> int:
        return self.received - self.back

    @property
    def net(self) -> int:
        return self.moved - self.fees

    def __add__(self, other: "Side") -> "Side":
        return Side(self.received + other.received, self.back + other.back, self.fees + other.fees)


@dataclass(frozen=True, slots=True)
class Totals:
    """Of one day's newest file. `theirs` = `ours` (the ledger) + `differing` (its rows that fit nothing of ours).

    `open`: differences of the day that wait for somebody; `unread`: rows that nobody looked at yet.
    """

    statement: int
    bank: str
    day: date
    name: str
    rows: int
    matched: int
    unread: int
    theirs: Side
    ours: Side
    differing: Side
    open: int

    @property
    def balances(self) -> bool:
        return self.unread == 0 and self.theirs == self.ours + self.differing


async def totals(
    connection: Connection, tops: Collection[str], environment: str, *, limit: int = 62
) -> tuple[Totals, ...]:
    """The newest day first. At a part of the tree: of its gifts alone; rows that are no community's are the top's."""
    inside = await places.communities(connection, tops)
    days = await statement_sums.days(connection, environment, limit)
    ids = [day.id for day in days]
    theirs = await statement_sums.theirs(connection, ids, inside)
    ours = await statement_sums.ours(connection, ids, inside)
    waiting = await statement_sums.waiting(connection, environment, [day.day for day in days], tops)
    return tuple(
        Totals(
            statement=day.id,
            bank=day.bank,
            day=day.day,
            name=day.name,
            rows=sum(each.rows for each in told),
            matched=sum(each.rows for each in told if each.fits),
            unread=sum(each.rows for each in told if each.unread),
            theirs=_side((each.movement, each.minor, each.fee_minor) for each in told),
            ours=Side(*ours.get(day.id, (0, 0, 0))),
            differing=_side((each.movement, each.minor, each.fee_minor) for each in told if not each.fits),
            open=waiting.get((day.bank, day.day), 0),
        )
        for day in days
        for told in [theirs.get(day.id, [])]
        if told or inside is None
    )


def _side(rows: Iterable[tuple[str, int, int]]) -> Side:
    found = Side()
    for movement, minor, fee in rows:
        found += Side(0, minor, fee) if movement == "refund" else Side(minor, 0, fee)
    return found
