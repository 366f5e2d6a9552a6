"""Store published heads of the ledger's chains, and which line each head published. Rows are only added."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, text

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_one
from central_server.store.engine.tables import heads, ledger_lines, published_lines
from central_server.store.ledger.ledger_lines import LedgerLine, in_purse, line_columns, line_of
from central_server.store.ledger.purses import Purse
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class StoredHead:
    """`content`: the signed payload. `up_to`: no line with a number up to it is unpublished. `given_minor`: published
    receipts less refunds. `helped`: published number of people. `seq`: 0 before it is stored.
    """

    community: str
    environment: str
    project: str
    step: int
    up_to: int
    digest: str
    content: str
    signature: str
    key: str
    given_minor: int
    helped: int
    published_at: datetime
    seq: int = 0

    @property
    def purse(self) -> Purse:
        return self.community, self.environment, self.project


_COLUMNS = columns_of(heads, StoredHead)


async def add(connection: Connection, head: StoredHead, lines: Collection[LedgerLine]) -> int:
    """Insert a head, mark its lines as published, and return its `seq`. Call `ledger_lines.lock_ledger` before."""
    values = {name: getattr(head, name) for name in StoredHead.__dataclass_fields__ if name != "seq"}
    seq = int((await connection.execute(heads.insert().values(values).returning(heads.c.seq))).scalar_one())
    numbers = select(ledger_lines.c.seq, ledger_lines.c.n).where(in_purse(head.purse))
    wanted = sorted(line.n for line in lines)
    found: list[int] = []
    for first in range(0, len(wanted), 500):
        some = numbers.where(ledger_lines.c.n.in_(wanted[first : first + 500]))
        found += [row.seq for row in await connection.execute(some)]
    await connection.execute(published_lines.insert(), [{"line": line, "head": seq} for line in sorted(found)])
    return seq


async def newest(connection: Connection, purse: Purse) -> StoredHead | None:
    statement = select(*_COLUMNS).where(_of(purse)).order_by(heads.c.step.desc()).limit(1)
    return await fetch_one(connection, StoredHead, statement)


async def get(connection: Connection, purse: Purse, step: int) -> StoredHead | None:
    return await fetch_one(connection, StoredHead, select(*_COLUMNS).where(_of(purse), heads.c.step == step))


async def of_purse(connection: Connection, purse: Purse, after: int = 0, limit: int | None = None) -> list[StoredHead]:
    """Return heads with a step above `after`, in order."""
    statement = select(*_COLUMNS).where(_of(purse), heads.c.step > after).order_by(heads.c.step)
    return [StoredHead(*row) for row in await connection.execute(statement.limit(limit))]


async def since(connection: Connection, purse: Purse, at: datetime) -> list[StoredHead]:
    """Return heads published from that time on, in order."""
    statement = select(*_COLUMNS).where(_of(purse), heads.c.published_at >= at).order_by(heads.c.step)
    return [StoredHead(*row) for row in await connection.execute(statement)]


async def of_community(connection: Connection, community: str, environment: str) -> list[StoredHead]:
    """Return the newest head of each of the community's projects, by project."""
    table = heads.c
    own = (table.community == community, table.environment == environment)
    last = select(table.project, func.max(table.step).label("step")).where(*own).group_by(table.project).subquery()
    joined = heads.join(last, (table.project == last.c.project) & (table.step == last.c.step))
    statement = select(*_COLUMNS).select_from(joined).where(*own).order_by(table.project)
    return [StoredHead(*row) for row in await connection.execute(statement)]


async def pending(connection: Connection, purse: Purse, up_to: int, limit: int) -> tuple[LedgerLine, ...]:
    """Return unpublished lines with a number above `up_to`, oldest first."""
    joined = ledger_lines.outerjoin(published_lines, published_lines.c.line == ledger_lines.c.seq)
    statement = select(*line_columns()).select_from(joined)
    statement = statement.where(in_purse(purse), ledger_lines.c.n > up_to, published_lines.c.line.is_(None))
    rows = await connection.execute(statement.order_by(ledger_lines.c.n).limit(limit))
    return tuple(line_of(row) for row in rows)


async def published(connection: Connection, head: int) -> tuple[LedgerLine, ...]:
    """Return the lines that the head with this `seq` published."""
    joined = ledger_lines.join(published_lines, published_lines.c.line == ledger_lines.c.seq)
    statement = select(*line_columns()).select_from(joined).where(published_lines.c.head == head)
    return tuple(line_of(row) for row in await connection.execute(statement.order_by(ledger_lines.c.n)))


async def remitted(connection: Connection, community: str, environment: str) -> list[tuple[str, str, int, int]]:
    """Return for each head with gifts by transfer or cheque, oldest first: project, content, their number and fen."""
    line = ledger_lines.c
    joined = ledger_lines.join(published_lines, published_lines.c.line == line.seq).join(
        heads, heads.c.seq == published_lines.c.head
    )
    statement = (
        select(heads.c.project, heads.c.content, func.count(), func.sum(line.amount_minor))
        .select_from(joined)
        .where(line.community == community, line.environment == environment)
        # as in the condition of the index
        .where(text("(ledger_lines.kind = 'transfer' OR ledger_lines.kind = 'cheque')"))
        .group_by(heads.c.project, heads.c.step, heads.c.content)
        .order_by(heads.c.project, heads.c.step)
    )
    return [(project, content, count, int(fen)) for project, content, count, fen in await connection.execute(statement)]


async def steps(connection: Connection, purse: Purse) -> list[tuple[LedgerLine, ...]]:
    """Return all published lines of the purse, by the step that published them."""
    joined = ledger_lines.join(published_lines, published_lines.c.line == ledger_lines.c.seq).join(
        heads, heads.c.seq == published_lines.c.head
    )
    statement = select(heads.c.step, *line_columns()).select_from(joined).where(in_purse(purse))
    found: dict[int, list[LedgerLine]] = {}
    for row in await connection.execute(statement.order_by(heads.c.step, ledger_lines.c.n)):
        found.setdefault(row[0], []).append(line_of(row[1:]))
    return [tuple(lines) for _, lines in sorted(found.items())]


async def publishing(connection: Connection, identity: str) -> StoredHead | None:
    """Return the head that published the line of this identity."""
    joined = heads.join(published_lines, published_lines.c.head == heads.c.seq).join(
        ledger_lines, ledger_lines.c.seq == published_lines.c.line
    )
    statement = select(*_COLUMNS).select_from(joined).where(ledger_lines.c.identity == identity)
    return await fetch_one(connection, StoredHead, statement)


async def published_of(connection: Connection, identities: Sequence[str]) -> frozenset[str]:
    """Return those of the identities whose lines are published."""
    found: set[str] = set()
    joined = ledger_lines.join(published_lines, published_lines.c.line == ledger_lines.c.seq)
    for first in range(0, len(identities), 500):
        some = ledger_lines.c.identity.in_(identities[first : first + 500])
        found.update(
            (await connection.execute(select(ledger_lines.c.identity).select_from(joined).where(some))).scalars()
        )
    return frozenset(found)


async def waiting_purses(connection: Connection, environment: str, after: int = 0) -> list[Purse]:
    """Return purses with unpublished lines. `after`: consider only lines with a greater `seq`."""
    table = ledger_lines.c
    joined = ledger_lines.outerjoin(published_lines, published_lines.c.line == table.seq)
    statement = select(table.community, table.environment, table.project).distinct().select_from(joined)
    statement = statement.where(table.environment == environment, table.seq > after, published_lines.c.line.is_(None))
    return [(row[0], row[1], row[2]) for row in await connection.execute(statement)]


@dataclass(frozen=True, slots=True)
class PublishedTotals:
    """`fen`: received less refunded. `helped`: people."""

    fen: int
    helped: int


async def published_totals(
    connection: Connection, environment: str, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], PublishedTotals]:
    """Return totals by (place, project), at and below the place; two results never reveal a single gift."""
    below = {place: await published_below(connection, environment, place) for place, _ in sorted(wanted)}
    found: dict[tuple[str, str], PublishedTotals] = {}
    for place, project in wanted:
        fen, helped = below[place].get(project, (0, 0))
        found[place, project] = PublishedTotals(max(0, fen), max(0, helped))
    return found


async def published_below(connection: Connection, environment: str, place: str) -> dict[str, tuple[int, int]]:
    """Return by project the published fen given and people helped, at and below the place."""
    table = heads.c
    own = (table.environment == environment, within(table.community, [place]))
    last = select(table.community, table.project, func.max(table.step).label("step")).where(*own)
    newest = last.group_by(table.community, table.project).subquery()
    same = (table.community == newest.c.community) & (table.project == newest.c.project) & (table.step == newest.c.step)
    sums = select(table.project, func.sum(table.given_minor), func.sum(table.helped)).select_from(
        heads.join(newest, same)
    )
    rows = await connection.execute(sums.where(*own).group_by(table.project))
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def _of(purse: Purse) -> ColumnElement[bool]:
    community, environment, project = purse
    table = heads.c
    return (table.community == community) & (table.environment == environment) & (table.project == project)
