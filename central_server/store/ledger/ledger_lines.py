"""Lines of the ledger. They are added, never changed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import Column, ColumnElement, func, select

from central_server.errors import CentralError
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import ledger_lines
from central_server.store.engine.upsert import insert
from central_server.store.ledger import locked_months


class LineKind(StrEnum):
    """What moved the money. `INCOMING` add to what a project holds, the others take from it."""

    paid = "paid"
    surplus = "surplus"
    """A further payment of an intent that was paid before."""
    fee = "fee"
    """What the bank kept of a gift."""
    refund = "refund"
    disbursed = "disbursed"
    moved_in = "moved_in"
    """From another project, at its end."""
    moved_out = "moved_out"


Purse: TypeAlias = tuple[str, str, str]
"""Community, environment, project: each has a ledger of its own."""


class MonthLocked(CentralError):
    """The line is dated in a month whose books are closed: date it in an open one."""


INCOMING = frozenset({LineKind.paid, LineKind.surplus, LineKind.moved_in})


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """`identity`: what this line may stand in the ledger for only once. `n`: counted from 1 within its purse
    (community, environment, project), without gaps; 0 before it is added. `secret`: 32 hexadecimal digits that open
    its proof. `late`: paid after the attempt had ended. `refers`: the identity of the line that it takes back or mends.
    """

    identity: str
    kind: str
    community: str
    environment: str
    project: str
    amount_minor: int
    currency: str
    secret: str
    evidence: str
    at: datetime
    gateway: str | None = None
    intent: str | None = None
    attempt: str | None = None
    slip: str | None = None
    refers: str = ""
    purpose: str = ""
    people: int | None = None
    late: bool = False
    outside_permit: bool = False
    flawed: bool = False
    n: int = 0

    @property
    def purse(self) -> Purse:
        return self.community, self.environment, self.project

    @property
    def signed_minor(self) -> int:
        """What it adds to the balance of its purse; negative when it takes from it."""
        return self.amount_minor if self.kind in INCOMING else -self.amount_minor


_COLUMNS = [ledger_lines.c[name] for name in LedgerLine.__dataclass_fields__]


async def add(connection: Connection, line: LedgerLine) -> bool:
    """Number it and add it; False when its identity or its slip number stands there already.

    Whoever writes lines of a community is alone until the write ends, in every process: `n` and balances are certain.
    Raises MonthLocked.
    """
    await alone(connection, line.community)
    table = ledger_lines.c
    held = select(func.coalesce(func.max(table.n), 0)).where(in_purse(line.purse))
    highest = (await connection.execute(held)).scalar_one()
    # Looked up first, so that nothing but these two is taken for "stands there already".
    same = table.identity == line.identity
    taken = select(table.seq).where(same if line.slip is None else same | (table.slip == line.slip))
    if (await connection.execute(taken)).first() is not None:
        return False
    month = locked_months.month_of(line.at)
    if await locked_months.is_locked(connection, line.community, line.environment, month):
        raise MonthLocked(f"{line.identity}: {month} is locked in {line.community}")
    statement = insert(connection, ledger_lines).values(asdict(line) | {"n": highest + 1}).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def alone(connection: Connection, community: str) -> None:
    """Nobody else adds lines of the community until this write ends."""
    await connection.alone(f"ledger {community}")


async def balances(connection: Connection, community: str, environment: str) -> dict[str, int]:
    """Fen that each project of the community holds. Certain only after `alone`."""
    table = ledger_lines.c
    sums = select(table.project, table.kind, func.sum(table.amount_minor)).where(
        table.community == community, table.environment == environment
    )
    found: dict[str, int] = {}
    for project, kind, total in await connection.execute(sums.group_by(table.project, table.kind)):
        found[project] = found.get(project, 0) + (int(total) if kind in INCOMING else -int(total))
    return found


async def get(connection: Connection, identity: str) -> LedgerLine | None:
    row = (await connection.execute(select(*_COLUMNS).where(ledger_lines.c.identity == identity))).one_or_none()
    return None if row is None else LedgerLine(*row)


async def of_intent(connection: Connection, gateway: str, intent: str) -> tuple[LedgerLine, ...]:
    statement = select(*_COLUMNS).where(ledger_lines.c.gateway == gateway, ledger_lines.c.intent == intent)
    return tuple(LedgerLine(*row) for row in await connection.execute(statement.order_by(ledger_lines.c.seq)))


async def of_attempts(connection: Connection, attempts: Collection[str]) -> tuple[LedgerLine, ...]:
    statement = select(*_COLUMNS).where(ledger_lines.c.attempt.in_(attempts))
    return tuple(LedgerLine(*row) for row in await connection.execute(statement.order_by(ledger_lines.c.seq)))


async def by_secret(connection: Connection, secret: str) -> LedgerLine | None:
    row = (await connection.execute(select(*_COLUMNS).where(ledger_lines.c.secret == secret))).first()
    return None if row is None else LedgerLine(*row)


async def by_slip(connection: Connection, slip: str) -> LedgerLine | None:
    row = (await connection.execute(select(*_COLUMNS).where(ledger_lines.c.slip == slip))).one_or_none()
    return None if row is None else LedgerLine(*row)


async def given_back(connection: Connection, attempt: str) -> int:
    """Fen that went back of the attempt."""
    table = ledger_lines.c
    statement = select(func.coalesce(func.sum(table.amount_minor), 0)).where(
        table.attempt == attempt, table.kind == LineKind.refund.value
    )
    return int((await connection.execute(statement)).scalar_one())


async def of_purse(
    connection: Connection, community: str, environment: str, project: str, after: int = 0
) -> tuple[LedgerLine, ...]:
    """Those with a number above `after`, in their order."""
    table = ledger_lines.c
    statement = select(*_COLUMNS).where(in_purse((community, environment, project)), table.n > after)
    return tuple(LedgerLine(*row) for row in await connection.execute(statement.order_by(table.n)))


async def of_month(
    connection: Connection, community: str, environment: str, month: str, project: str = ""
) -> tuple[LedgerLine, ...]:
    """Those dated in the month ("2026-11"), in the order in which they were written; only the project's if named."""
    table = ledger_lines.c
    begin, end = locked_months.first_moment(month), locked_months.first_moment(locked_months.month_after(month))
    statement = select(*_COLUMNS).where(
        table.community == community, table.environment == environment, table.at >= begin, table.at < end
    )
    if project:
        statement = statement.where(table.project == project)
    return tuple(LedgerLine(*row) for row in await connection.execute(statement.order_by(table.seq)))


async def newest(connection: Connection) -> int:
    """The greatest `seq` of all lines; 0 before the first."""
    return int((await connection.execute(select(func.max(ledger_lines.c.seq)))).scalar() or 0)


async def span(connection: Connection, community: str, environment: str) -> tuple[datetime, datetime] | None:
    """Dates of its earliest and its latest line."""
    table = ledger_lines.c
    statement = select(func.min(table.at), func.max(table.at))
    found = (
        await connection.execute(statement.where(table.community == community, table.environment == environment))
    ).one()
    return None if found[0] is None else (found[0], found[1])


def columns() -> list[Column[Any]]:
    """What `line_of` reads, for statements that join the table."""
    return list(_COLUMNS)


def line_of(row: Any) -> LedgerLine:  # noqa: ANN401  (a row, or a part of one)
    return LedgerLine(*row)


def in_purse(purse: Purse) -> ColumnElement[bool]:
    """For `where`."""
    community, environment, project = purse
    table = ledger_lines.c
    return (table.community == community) & (table.environment == environment) & (table.project == project)
