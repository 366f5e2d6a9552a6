"""Store the order in which a purse's published money is spent, and which money each spending used.

`spending_queue` has one row for each published line that brought money; `money_uses` is only added to.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all
from central_server.store.engine.tables import heads, ledger_lines, money_uses, published_lines, spending_queue
from central_server.store.ledger.purses import Purse

_BATCH = 500


@dataclass(slots=True)
class Income:
    """Published money of a purse. `line`: the identity of its ledger line; `place`: in the queue, from 0; `left_minor`:
    not used yet.
    """

    line: str
    place: int
    left_minor: int


@dataclass(frozen=True, slots=True)
class Use:
    """Fen of the income that an outflow took, by the identities of both lines; negative: given back."""

    income: str
    outflow: str
    minor: int


@dataclass(frozen=True, slots=True)
class DatedUse:
    """A use of one gift, with the head that published it. `kind`: of the outflow's ledger line."""

    outflow: str
    kind: str
    minor: int
    step: int
    at: datetime

    @property
    def disbursement(self) -> str:
        """Return the id of the disbursement, "" where the money was not spent but moved, or paid a fee."""
        return self.outflow.removeprefix("disbursed:") if self.outflow.startswith("disbursed:") else ""


@dataclass(frozen=True, slots=True)
class GiftPath:
    """What became of the money of one ledger line, as published. `step`, `published_at`: of the head with the gift.

    `refunded_minor`, `fee_minor`: published and taken from the gift; amount = refunded + fee + uses + left.
    """

    step: int
    published_at: datetime
    amount_minor: int
    left_minor: int
    refunded_minor: int
    fee_minor: int
    uses: tuple[DatedUse, ...]

    @property
    def spent_minor(self) -> int:
        return sum(use.minor for use in self.uses if use.kind == "disbursed")


_income = ledger_lines.alias("income")
_outflow = ledger_lines.alias("outflow")
_QUEUED = (_income.c.identity.label("line"), spending_queue.c.place, spending_queue.c.left_minor)
_queue = spending_queue.join(_income, _income.c.seq == spending_queue.c.line)
_uses = money_uses.join(_income, _income.c.seq == money_uses.c.income).join(
    _outflow, _outflow.c.seq == money_uses.c.outflow
)


async def path(connection: Connection, identity: str) -> GiftPath | None:
    """Return the path of the line of this identity; None while it is not published."""
    statement = (
        select(heads.c.step, heads.c.published_at, _income.c.amount_minor, spending_queue.c.left_minor, _income.c.seq)
        .select_from(
            _queue.join(published_lines, published_lines.c.line == _income.c.seq).join(
                heads, heads.c.seq == published_lines.c.head
            )
        )
        .where(_income.c.identity == identity)
    )
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    used = (
        select(_outflow.c.identity.label("outflow"), _outflow.c.kind, money_uses.c.minor, heads.c.step,
               heads.c.published_at.label("at"))
        .select_from(_uses.join(heads, heads.c.seq == money_uses.c.head))
        .where(money_uses.c.income == row.seq)
        .order_by(money_uses.c.id)
    )  # fmt: skip
    uses = await fetch_all(connection, DatedUse, used)
    taken = row.amount_minor - row.left_minor - sum(use.minor for use in uses)
    refunded = min(taken, await _published_refunds(connection, identity))
    return GiftPath(
        step=row.step,
        published_at=row.published_at,
        amount_minor=row.amount_minor,
        left_minor=row.left_minor,
        refunded_minor=refunded,
        fee_minor=taken - refunded,
        uses=uses,
    )


async def _published_refunds(connection: Connection, identity: str) -> int:
    attempt = select(ledger_lines.c.attempt).where(ledger_lines.c.identity == identity).scalar_subquery()
    joined = ledger_lines.join(published_lines, published_lines.c.line == ledger_lines.c.seq)
    statement = select(func.coalesce(func.sum(ledger_lines.c.amount_minor), 0)).select_from(joined)
    refunds = (ledger_lines.c.attempt == attempt, ledger_lines.c.kind == "refund", ledger_lines.c.refers == identity)
    return int((await connection.execute(statement.where(*refunds))).scalar_one())


async def next_place(connection: Connection, purse: Purse) -> int:
    last = (await connection.execute(select(func.max(spending_queue.c.place)).where(_of(purse)))).scalar()
    return 0 if last is None else int(last) + 1


async def front(connection: Connection, purse: Purse, minor: int) -> list[Income]:
    """Return the first money of the queue that is left, until it is enough or there is no more."""
    found: list[Income] = []
    after = -1
    while minor > 0:
        columns = spending_queue.c
        statement = (
            select(*_QUEUED).select_from(_queue).where(_of(purse), columns.left_minor > 0, columns.place > after)
        )
        some = await fetch_all(connection, Income, statement.order_by(columns.place).limit(_BATCH))
        for each in some:
            if minor > 0:
                found.append(each)
                minor -= each.left_minor
        if len(some) < _BATCH:
            break
        after = some[-1].place
    return found


async def incomes(connection: Connection, identities: Collection[str]) -> list[Income]:
    found: list[Income] = []
    for some in _batches(identities):
        statement = select(*_QUEUED).select_from(_queue).where(_income.c.identity.in_(some))
        found += await fetch_all(connection, Income, statement)
    return found


async def uses_of(connection: Connection, identities: Collection[str]) -> list[Use]:
    """Return the uses of these incomes, and those by these outflows, in their order."""
    found: dict[int, Use] = {}
    columns = (money_uses.c.id, _income.c.identity, _outflow.c.identity, money_uses.c.minor)
    for some in _batches(identities):
        lines = select(ledger_lines.c.seq).where(ledger_lines.c.identity.in_(some))
        for side in (money_uses.c.income, money_uses.c.outflow):
            rows = await connection.execute(select(*columns).select_from(_uses).where(side.in_(lines)))
            found |= {row[0]: Use(*row[1:]) for row in rows}
    return [use for _, use in sorted(found.items())]


async def save(
    connection: Connection,
    purse: Purse,
    head: int,
    known: Collection[str],
    money: Iterable[Income],
    uses: Sequence[Use],
) -> None:
    """Store the queue's changed and new rows, and the uses of a step. `known`: incomes that are stored already."""
    community, environment, project = purse
    money = tuple(money)
    lines = await _numbers(
        connection, {each.line for each in money} | {line for use in uses for line in (use.income, use.outflow)}
    )
    new = [
        {"line": lines[each.line], "community": community, "environment": environment, "project": project,
         "place": each.place, "left_minor": each.left_minor}
        for each in money
        if each.line not in known
    ]  # fmt: skip
    if new:
        await connection.execute(spending_queue.insert(), new)
    changed = [{"of": lines[each.line], "left": each.left_minor} for each in money if each.line in known]
    if changed:
        statement = update(spending_queue).where(spending_queue.c.line == bindparam("of"))
        await connection.execute(statement.values(left_minor=bindparam("left")), changed)
    rows = [
        {"income": lines[use.income], "outflow": lines[use.outflow], "head": head, "minor": use.minor} for use in uses
    ]
    if rows:
        await connection.execute(money_uses.insert(), rows)


async def _numbers(connection: Connection, identities: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in _batches(identities):
        statement = select(ledger_lines.c.identity, ledger_lines.c.seq).where(ledger_lines.c.identity.in_(some))
        found |= {identity: seq for identity, seq in await connection.execute(statement)}
    return found


def _batches(identities: Collection[str]) -> Iterable[Sequence[str]]:
    ordered = sorted(identities)
    return (ordered[first : first + _BATCH] for first in range(0, len(ordered), _BATCH))


def _of(purse: Purse) -> ColumnElement[bool]:
    community, environment, project = purse
    columns = spending_queue.c
    return (columns.community == community) & (columns.environment == environment) & (columns.project == project)
