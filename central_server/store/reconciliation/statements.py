"""Files that a bank gives of its settlement days, their rows, and what each row was found to be."""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import statement_rows, statements
from central_server.store.engine.upsert import insert

NOTHING = "nothing"
"""The fingerprint of a day of which the bank had no file when it was asked."""


class RowResult(StrEnum):
    new = "new"
    """Nobody has looked at it yet."""
    matched = "matched"
    fee_only = "fee_only"
    """No gift moved: the bank corrected a fee."""
    replaced = "replaced"
    """A later edition of the day's file has it too, and says what it is."""
    theirs_only = "theirs_only"
    amount_differs = "amount_differs"
    duplicate_row = "duplicate_row"
    refund_unknown = "refund_unknown"


@dataclass(frozen=True, slots=True)
class NewRow:
    """As the bank's file has it; `movement`: payment or refund."""

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
        """32 hexadecimal digits of all that stands in the row but its place."""
        told = (
            self.movement, self.order_id, str(self.amount_minor), self.currency, str(self.fee_minor), self.evidence,
            self.refers,
        )  # fmt: skip
        return hashlib.sha256("\x1f".join(told).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class StoredRow(NewRow):
    """`identity`: its digest, and the how manyth row of that content in its file it is.

    `attempt`, `refund`: of ours, where it fits one; `result`: what it was found to be.
    """

    statement: int
    identity: str
    attempt: str | None
    refund: str | None
    result: str


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """`community`: at whose place it is seen whole; `cause`: the night's work, or who brought it."""

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
        """The bank had no file of that day."""
        return self.fingerprint == NOTHING


_HEAD = [statements.c[name] for name in StoredStatement.__dataclass_fields__]
_ROW = [statement_rows.c[name] for name in StoredRow.__dataclass_fields__]


async def keep(
    connection: Connection,
    bank: str,
    environment: str,
    place: str,
    day: date,
    name: str,
    content: bytes,
    rows: Sequence[NewRow],
    *,
    at: datetime,
    cause: str,
) -> tuple[StoredStatement, bool]:
    """The file as it is kept, and whether it is new: the same octets of the same day are the same file."""
    values = {
        "bank": bank,
        "day": day,
        "community": place,
        "environment": environment,
        "name": name[:120],
        "fingerprint": hashlib.sha256(content).hexdigest(),
        "content": content,
        "rows": len(rows),
        "fetched_at": at,
        "cause": cause[:64],
    }
    return await _keep(connection, values, rows)


async def keep_nothing(
    connection: Connection, bank: str, environment: str, place: str, day: date, *, at: datetime, cause: str
) -> None:
    """The bank had no file of that day; noted once, with the time of the last question, whoever tells of it late."""
    values = {
        "bank": bank,
        "day": day,
        "community": place,
        "environment": environment,
        "name": "",
        "fingerprint": NOTHING,
        "content": b"",
        "rows": 0,
        "fetched_at": at,
        "cause": cause[:64],
    }
    _, fresh = await _keep(connection, values, ())
    if not fresh:
        table = statements.c
        await connection.execute(
            update(statements)
            .where(
                table.bank == bank,
                table.environment == environment,
                table.day == day,
                table.fingerprint == NOTHING,
                table.fetched_at < at,
            )
            .values(fetched_at=at)
        )


async def _keep(
    connection: Connection, values: Mapping[str, Any], rows: Sequence[NewRow]
) -> tuple[StoredStatement, bool]:
    statement = insert(connection, statements).values(dict(values)).on_conflict_do_nothing()
    fresh = bool((await connection.execute(statement)).rowcount)
    named = ("bank", "environment", "day", "fingerprint")
    found = select(*_HEAD).where(*(statements.c[name] == values[name] for name in named))
    kept = StoredStatement(*(await connection.execute(found)).one())
    if fresh and rows:
        blank = {"statement": kept.id, "attempt": None, "refund": None, "result": RowResult.new.value}
        numbered = zip(rows, _identities(rows), strict=True)
        told = [asdict(row) | blank | {"identity": identity} for row, identity in numbered]
        await connection.execute(statement_rows.insert(), told)
    return kept, fresh


def _identities(rows: Sequence[NewRow]) -> list[str]:
    seen = Counter[str]()
    found = []
    for row in rows:
        seen[row.digest] += 1
        found.append(f"{row.digest}.{seen[row.digest]}")
    return found


async def get(connection: Connection, id_: int) -> StoredStatement | None:
    found = (await connection.execute(select(*_HEAD).where(statements.c.id == id_))).one_or_none()
    return None if found is None else StoredStatement(*found)


async def content(connection: Connection, id_: int) -> bytes:
    return bytes((await connection.execute(select(statements.c.content).where(statements.c.id == id_))).scalar_one())


async def every(
    connection: Connection, environment: str, *, bank: str | None = None, since: date | None = None, limit: int = 500
) -> tuple[StoredStatement, ...]:
    """The newest day first; of one day the newest edition first."""
    statement = select(*_HEAD).where(statements.c.environment == environment)
    if bank is not None:
        statement = statement.where(statements.c.bank == bank)
    if since is not None:
        statement = statement.where(statements.c.day >= since)
    ordered = statement.order_by(statements.c.day.desc(), statements.c.id.desc()).limit(limit)
    return tuple(StoredStatement(*row) for row in await connection.execute(ordered))


async def earlier(connection: Connection, kept: StoredStatement) -> StoredStatement | None:
    """The edition of the same day's file before this one, if there is any."""
    statement = (
        select(*_HEAD)
        .where(
            statements.c.bank == kept.bank,
            statements.c.environment == kept.environment,
            statements.c.day == kept.day,
            statements.c.id < kept.id,
            statements.c.fingerprint != NOTHING,
        )
        .order_by(statements.c.id.desc())
        .limit(1)
    )
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else StoredStatement(*found)


async def unread(connection: Connection, bank: str, environment: str) -> tuple[StoredStatement, ...]:
    """Those with a row that nobody has looked at, the oldest first."""
    waiting = select(statement_rows.c.statement).where(statement_rows.c.result == RowResult.new.value)
    statement = (
        select(*_HEAD)
        .where(statements.c.bank == bank, statements.c.environment == environment, statements.c.id.in_(waiting))
        .order_by(statements.c.id)
    )
    return tuple(StoredStatement(*row) for row in await connection.execute(statement))


async def rows(connection: Connection, id_: int) -> tuple[StoredRow, ...]:
    """In the order of the file."""
    statement = select(*_ROW).where(statement_rows.c.statement == id_).order_by(statement_rows.c.line)
    return tuple(StoredRow(*row) for row in await connection.execute(statement))


async def row(connection: Connection, id_: int, line: int) -> StoredRow | None:
    statement = select(*_ROW).where(statement_rows.c.statement == id_, statement_rows.c.line == line)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else StoredRow(*found)


async def same_row(connection: Connection, id_: int, identity: str) -> StoredRow | None:
    """The row of that content in another file."""
    statement = select(*_ROW).where(statement_rows.c.statement == id_, statement_rows.c.identity == identity)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else StoredRow(*found)


async def of_attempt(connection: Connection, attempt: str) -> tuple[StoredRow, ...]:
    """Every row of any file that was found to be of the attempt or of one of its refunds; the oldest first."""
    statement = select(*_ROW).where(statement_rows.c.attempt == attempt)
    ordered = statement.order_by(statement_rows.c.statement, statement_rows.c.line)
    return tuple(StoredRow(*row) for row in await connection.execute(ordered))


async def refund_stands(connection: Connection, refund: str) -> bool:
    """Whether a file has the refund already."""
    statement = select(statement_rows.c.line).where(
        statement_rows.c.refund == refund, statement_rows.c.result == RowResult.matched.value
    )
    return (await connection.execute(statement.limit(1))).first() is not None


async def found_to_be(
    connection: Connection, kept: StoredRow, result: str, attempt: str | None, refund: str | None
) -> None:
    await connection.execute(
        update(statement_rows)
        .where(statement_rows.c.statement == kept.statement, statement_rows.c.line == kept.line)
        .values(result=result, attempt=attempt, refund=refund)
    )


async def counts(connection: Connection, ids: Collection[int]) -> dict[int, dict[str, int]]:
    """By statement: how many rows were found to be what."""
    statement = (
        select(statement_rows.c.statement, statement_rows.c.result, func.count())
        .where(statement_rows.c.statement.in_(ids))
        .group_by(statement_rows.c.statement, statement_rows.c.result)
    )
    found: dict[int, dict[str, int]] = {}
    for id_, result, count in await connection.execute(statement):
        found.setdefault(id_, {})[result] = count
    return found
