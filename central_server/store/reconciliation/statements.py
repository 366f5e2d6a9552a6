"""Store the bank's files of settlement days, their rows, and the match result of each row."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from operator import attrgetter
from typing import Any

from sqlalchemy import func, literal_column, select, update

from central_server.store.engine import bulk_insert
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.engine.tables import place_ancestors, statement_rows, statements
from central_server.store.engine.upsert import insert

NO_FILE = "nothing"
"""The fingerprint of a day for which the bank had no file when requested."""


class RowResult(StrEnum):
    new = "new"
    """Not matched yet."""
    matched = "matched"
    fee_only = "fee_only"
    """Only a fee moved: the bank corrected it."""
    replaced = "replaced"
    """A later edition of the day's file contains the row too and holds the result."""
    theirs_only = "theirs_only"
    amount_differs = "amount_differs"
    duplicate_row = "duplicate_row"
    refund_unknown = "refund_unknown"


@dataclass(frozen=True, slots=True)
class NewRow:
    """A row of the bank's file. `movement`: payment or refund."""

    line: int
    movement: str
    order_id: str
    amount_minor: int
    currency: str
    fee_minor: int
    evidence: str
    refers: str

    @property
    def digest(self) -> str:
        """Return 32 hexadecimal digits of the row's content, without its line number."""
        content_ = (
            self.movement, self.order_id, str(self.amount_minor), self.currency, str(self.fee_minor), self.evidence,
            self.refers,
        )  # fmt: skip
        return hashlib.sha256("\x1f".join(content_).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class StoredRow(NewRow):
    """`identity`: its digest and the count of equal rows before it in the file. `attempt`, `refund`: ours, if it fits
    one.
    """

    statement: int
    identity: str
    attempt: str | None
    refund: str | None
    result: str


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """`community`: the place at which the complete file is visible. `cause`: the nightly run, or who uploaded it."""

    id: int
    bank: str
    day: date
    community: str
    environment: str
    name: str
    fingerprint: str
    rows: int
    fetched_at: datetime
    cause: str

    @property
    def empty(self) -> bool:
        """Whether the bank had no file of that day."""
        return self.fingerprint == NO_FILE


_HEAD = columns_of(statements, StoredStatement)
_COMPLETE = select(*_HEAD).where(statements.c.complete)
_ROW = columns_of(statement_rows, StoredRow)
_content = attrgetter(*NewRow.__dataclass_fields__)
_UNMATCHED = select(statement_rows.c.statement).where(statement_rows.c.result == literal_column("'new'"))
"""The literal lets the databases use the partial index."""


async def begin(
    connection: Connection,
    bank: str,
    environment: str,
    place: str,
    day: date,
    name: str,
    content: bytes,
    rows: int,
    *,
    at: datetime,
    cause: str,
) -> tuple[StoredStatement, bool]:
    """Store a file without its rows; no other function returns it before `complete`.

    The flag: whether it is complete already. The same bytes of the same day are the same file.
    """
    values = {
        "bank": bank,
        "day": day,
        "community": place,
        "environment": environment,
        "name": name[:120],
        "fingerprint": hashlib.sha256(content).hexdigest(),
        "content": content,
        "rows": rows,
        "fetched_at": at,
        "cause": cause[:64],
        "complete": False,
    }
    await _insert(connection, values)
    named = ("bank", "environment", "day", "fingerprint")
    found = select(*_HEAD, statements.c.complete).where(*(statements.c[name] == values[name] for name in named))
    *head, is_complete = (await connection.execute(found)).one()
    return StoredStatement(*head), is_complete


async def add_rows(connection: Connection, id_: int, rows: Sequence[tuple[NewRow, str]]) -> None:
    """Store some rows with their identities; those that a crashed process has stored stay as they are."""
    names = (*NewRow.__dataclass_fields__, "statement", "identity", "result")
    new = [(*_content(row), id_, identity, RowResult.new.value) for row, identity in rows]
    await bulk_insert.add(connection, statement_rows, names, new, "DO NOTHING")


async def complete(connection: Connection, id_: int) -> bool:
    """Show the file, which has all its rows; False if it was complete before."""
    changed = update(statements).where(statements.c.id == id_, ~statements.c.complete).values(complete=True)
    return bool((await connection.execute(changed)).rowcount)


async def record_no_file(
    connection: Connection, bank: str, environment: str, place: str, day: date, *, at: datetime, cause: str
) -> None:
    """Record that the bank had no file of that day, with the time of the last request."""
    values = {
        "bank": bank,
        "day": day,
        "community": place,
        "environment": environment,
        "name": "",
        "fingerprint": NO_FILE,
        "content": b"",
        "rows": 0,
        "fetched_at": at,
        "cause": cause[:64],
        "complete": True,
    }
    if not await _insert(connection, values):
        table = statements.c
        await connection.execute(
            update(statements)
            .where(
                table.bank == bank,
                table.environment == environment,
                table.day == day,
                table.fingerprint == NO_FILE,
                table.fetched_at < at,
            )
            .values(fetched_at=at)
        )


async def _insert(connection: Connection, values: Mapping[str, Any]) -> bool:
    statement = insert(connection, statements).values(dict(values)).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


def identify(rows: Iterable[NewRow]) -> Iterator[tuple[NewRow, str]]:
    """Return the rows of one file with their identities."""
    seen = Counter[str]()
    for row in rows:
        digest = row.digest
        seen[digest] += 1
        yield row, f"{digest}.{seen[digest]}"


async def get(connection: Connection, id_: int) -> StoredStatement | None:
    return await fetch_one(connection, StoredStatement, _COMPLETE.where(statements.c.id == id_))


async def content(connection: Connection, id_: int) -> bytes:
    return bytes((await connection.execute(select(statements.c.content).where(statements.c.id == id_))).scalar_one())


async def every(
    connection: Connection, environment: str, *, bank: str | None = None, since: date | None = None, limit: int = 500
) -> tuple[StoredStatement, ...]:
    """Return files, newest day first, and newest edition first within a day."""
    statement = _COMPLETE.where(statements.c.environment == environment)
    if bank is not None:
        statement = statement.where(statements.c.bank == bank)
    if since is not None:
        statement = statement.where(statements.c.day >= since)
    ordered = statement.order_by(statements.c.day.desc(), statements.c.id.desc()).limit(limit)
    return await fetch_all(connection, StoredStatement, ordered)


async def earlier_edition(connection: Connection, stored: StoredStatement) -> StoredStatement | None:
    """Return the previous edition of the same day's file."""
    statement = (
        _COMPLETE.where(
            statements.c.bank == stored.bank,
            statements.c.environment == stored.environment,
            statements.c.day == stored.day,
            statements.c.id < stored.id,
            statements.c.fingerprint != NO_FILE,
        )
        .order_by(statements.c.id.desc())
        .limit(1)
    )
    return await fetch_one(connection, StoredStatement, statement)


async def unmatched(connection: Connection, bank: str, environment: str) -> tuple[StoredStatement, ...]:
    """Return files with rows that are not matched yet, oldest first."""
    statement = (
        _COMPLETE.where(statements.c.bank == bank, statements.c.environment == environment)
        .where(statements.c.id.in_(_UNMATCHED))
        .order_by(statements.c.id)
    )
    return await fetch_all(connection, StoredStatement, statement)


async def unmatched_lines(connection: Connection, id_: int) -> Sequence[int]:
    """Return the lines of the rows that are not matched yet, payments first."""
    columns = statement_rows.c
    statement = select(columns.line).where(columns.statement == id_, columns.result == literal_column("'new'"))
    ordered = statement.order_by(columns.movement == "refund", columns.line)
    return (await connection.execute(ordered)).scalars().all()


async def rows_gone(connection: Connection, id_: int, later: int) -> tuple[StoredRow, ...]:
    """Return the rows that a later edition of the file lacks."""
    present = select(statement_rows.c.identity).where(statement_rows.c.statement == later)
    gone = select(*_ROW).where(statement_rows.c.statement == id_, statement_rows.c.identity.not_in(present))
    return await fetch_all(connection, StoredRow, gone.order_by(statement_rows.c.line))


async def row(connection: Connection, id_: int, line: int) -> StoredRow | None:
    statement = select(*_ROW).where(statement_rows.c.statement == id_, statement_rows.c.line == line)
    return await fetch_one(connection, StoredRow, statement)


async def row_by_identity(connection: Connection, id_: int, identity: str) -> StoredRow | None:
    """Return the row with the same content in another file."""
    statement = select(*_ROW).where(statement_rows.c.statement == id_, statement_rows.c.identity == identity)
    return await fetch_one(connection, StoredRow, statement)


async def has_refund(connection: Connection, refund: str) -> bool:
    """Return whether a matched row of any file is of this refund."""
    statement = select(statement_rows.c.line).where(
        statement_rows.c.refund == refund, statement_rows.c.result == RowResult.matched.value
    )
    return (await connection.execute(statement.limit(1))).first() is not None


async def set_result(
    connection: Connection, stored: StoredRow, result: str, attempt: str | None, refund: str | None
) -> None:
    await connection.execute(
        update(statement_rows)
        .where(statement_rows.c.statement == stored.statement, statement_rows.c.line == stored.line)
        .values(result=result, attempt=attempt, refund=refund)
    )


async def counts(connection: Connection, ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return by file how many rows have each result."""
    statement = (
        select(statement_rows.c.statement, statement_rows.c.result, func.count())
        .where(statement_rows.c.statement.in_(ids))
        .group_by(statement_rows.c.statement, statement_rows.c.result)
    )
    found: dict[int, dict[str, int]] = {}
    for id_, result, count in await connection.execute(statement):
        found.setdefault(id_, {})[result] = count
    return found


async def accepted_days(connection: Connection, community: str, environment: str) -> frozenset[tuple[str, date]]:
    """Return bank and day of each file that is visible at the community or above it, and is matched to its last row."""
    above = select(place_ancestors.c.ancestor).where(place_ancestors.c.place == community)
    table = statements.c
    statement = (
        select(table.bank, table.day)
        .where(table.environment == environment, table.community.in_(above), table.fingerprint != NO_FILE)
        .where(table.complete, table.id.not_in(_UNMATCHED))
    )
    return frozenset((row.bank, row.day) for row in await connection.execute(statement))
