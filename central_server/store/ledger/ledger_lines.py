"""Store ledger lines. They are only added, never changed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, ColumnElement, func, select

from central_server.errors import CentralError
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.engine.tables import ledger_lines
from central_server.store.engine.upsert import insert
from central_server.store.ledger import locked_months, purses
from central_server.store.ledger.purses import Purse


class LineKind(StrEnum):
    """What moved the money. `INCOMING` kinds add to a project's balance, the others reduce it."""

    paid = "paid"
    surplus = "surplus"
    """A further payment of an intent that was already paid."""
    transfer = "transfer"
    """A gift by bank transfer, entered by staff."""
    cheque = "cheque"
    fee = "fee"
    """The bank's fee for a gift."""
    refund = "refund"
    disbursed = "disbursed"
    moved_in = "moved_in"
    """From another project, or from the organisation's own means."""
    moved_out = "moved_out"
    shortfall = "shortfall"
    """The organisation owes it, because the bank took more than the balance; negative when the organisation pays."""


class MonthLocked(CentralError):
    """The line is dated in a month whose books are closed: date it in an open month."""


REMITTED = frozenset({LineKind.transfer, LineKind.cheque})
"""Kinds of gifts that staff enter; also the names of their banks."""
LINK = "link"
"""The bank of gifts that went over a public page: their fee is not charged to us."""
IN_NO_FILE = REMITTED | {LINK, "sandbox"}
"""The banks whose payments no file contains: also the sandbox of a drill."""
FIRST_PAYMENTS = REMITTED | {LineKind.paid}
"""One line of these kinds for each gift."""
GIFTS = FIRST_PAYMENTS | {LineKind.surplus}
INCOMING = GIFTS | {LineKind.moved_in, LineKind.shortfall}


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """`identity`: unique for what the line posts. `n`: numbers the lines of a purse (community, environment, project)
    from 1
    without gaps; 0 before it is added. `secret`: 32 hexadecimal digits that open its proof. `late`: paid after the
    attempt
    had ended. `refers`: the identity of the line that it reverses or corrects. `terms`: the digest of the project's
    terms
    at that time (project_terms.py), None for an unknown project.
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
    terms: str | None = None

    @property
    def purse(self) -> Purse:
        return self.community, self.environment, self.project

    @property
    def signed_minor(self) -> int:
        """Return the change of the purse's balance."""
        return self.amount_minor if self.kind in INCOMING else -self.amount_minor


_COLUMNS = columns_of(ledger_lines, LedgerLine)


async def add(connection: Connection, line: LedgerLine) -> bool:
    """Number and insert a line, and change its purse; False if its identity or slip number exists. Raises MonthLocked.

    It locks the community's ledger until the write ends, in every process, so `n` and balances are certain.
    """
    await lock_ledger(connection, line.community)
    table = ledger_lines.c
    purse = await purses.get(connection, line.purse)
    # Queried first: an insert conflict alone would not show that one of these two is the reason.
    same = table.identity == line.identity
    taken = select(table.seq).where(same if line.slip is None else same | (table.slip == line.slip))
    if (await connection.execute(taken)).first() is not None:
        return False
    month = locked_months.month_of(line.at)
    if await locked_months.is_locked(connection, line.community, line.environment, month):
        raise MonthLocked(f"{line.identity}: {month} is locked in {line.community}")
    statement = insert(connection, ledger_lines).values(asdict(line) | {"n": purse.lines + 1}).on_conflict_do_nothing()
    if not (await connection.execute(statement)).rowcount:
        return False
    owed = line.amount_minor if line.kind == LineKind.shortfall else 0
    await purses.add_line(connection, purse, line.signed_minor, owed)
    return True


async def lock_ledger(connection: Connection, community: str) -> None:
    """Lock the community's ledger until the write ends."""
    await connection.alone(f"ledger {community}")


async def get(connection: Connection, identity: str) -> LedgerLine | None:
    return await fetch_one(connection, LedgerLine, select(*_COLUMNS).where(ledger_lines.c.identity == identity))


async def of_intent(connection: Connection, gateway: str, intent: str) -> tuple[LedgerLine, ...]:
    statement = select(*_COLUMNS).where(ledger_lines.c.gateway == gateway, ledger_lines.c.intent == intent)
    return await fetch_all(connection, LedgerLine, statement.order_by(ledger_lines.c.seq))


async def of_attempts(connection: Connection, attempts: Collection[str]) -> tuple[LedgerLine, ...]:
    statement = select(*_COLUMNS).where(ledger_lines.c.attempt.in_(attempts))
    return await fetch_all(connection, LedgerLine, statement.order_by(ledger_lines.c.seq))


async def by_secret(connection: Connection, secret: str) -> LedgerLine | None:
    row = (await connection.execute(select(*_COLUMNS).where(ledger_lines.c.secret == secret))).first()
    return None if row is None else LedgerLine(*row)


async def by_slip(connection: Connection, slip: str) -> LedgerLine | None:
    return await fetch_one(connection, LedgerLine, select(*_COLUMNS).where(ledger_lines.c.slip == slip))


async def refunded_minor(connection: Connection, attempt: str) -> int:
    """Return fen refunded of the attempt."""
    table = ledger_lines.c
    statement = select(func.coalesce(func.sum(table.amount_minor), 0)).where(
        table.attempt == attempt, table.kind == LineKind.refund.value
    )
    return int((await connection.execute(statement)).scalar_one())


async def of_purse(
    connection: Connection, community: str, environment: str, project: str, after: int = 0
) -> tuple[LedgerLine, ...]:
    """Return lines with a number above `after`, in order."""
    table = ledger_lines.c
    statement = select(*_COLUMNS).where(in_purse((community, environment, project)), table.n > after)
    return await fetch_all(connection, LedgerLine, statement.order_by(table.n))


async def of_month(
    connection: Connection, community: str, environment: str, month: str, project: str = ""
) -> tuple[LedgerLine, ...]:
    """Return lines dated in the month ("2026-11"), in the order in which they were written.

    `project`: only its lines, if given.
    """
    table = ledger_lines.c
    begin, end = locked_months.first_moment(month), locked_months.first_moment(locked_months.month_after(month))
    statement = select(*_COLUMNS).where(
        table.community == community, table.environment == environment, table.at >= begin, table.at < end
    )
    if project:
        statement = statement.where(table.project == project)
    return await fetch_all(connection, LedgerLine, statement.order_by(table.seq))


async def newest(connection: Connection) -> int:
    """Return the greatest `seq` of all lines, 0 before the first."""
    return int((await connection.execute(select(func.max(ledger_lines.c.seq)))).scalar() or 0)


async def span(connection: Connection, community: str, environment: str) -> tuple[datetime, datetime] | None:
    """Return the dates of the community's earliest and latest line."""
    table = ledger_lines.c
    statement = select(func.min(table.at), func.max(table.at))
    found = (
        await connection.execute(statement.where(table.community == community, table.environment == environment))
    ).one()
    return None if found[0] is None else (found[0], found[1])


def line_columns() -> list[Column[Any]]:
    """Return the columns that `line_of` reads, for statements that join the table."""
    return list(_COLUMNS)


def line_of(row: Any) -> LedgerLine:  # noqa: ANN401  (a row, or a part of one)
    return LedgerLine(*row)


def in_purse(purse: Purse) -> ColumnElement[bool]:
    """Return the condition for the purse's lines."""
    community, environment, project = purse
    table = ledger_lines.c
    return (table.community == community) & (table.environment == environment) & (table.project == project)
