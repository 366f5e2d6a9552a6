"""Store differences between the bank's files and our books; each is a task until staff settle it with a reason."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select, update

from central_server.store.alerts.pending_counts import PendingCount
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all, fetch_one
from central_server.store.engine.tables import differences
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within


class DifferenceKind(StrEnum):
    """In display order."""

    theirs_only = "theirs_only"
    """The bank has a movement that we do not know."""
    ours_only = "ours_only"
    """We have posted a movement that no file of the bank has, days later."""
    amount_differs = "amount_differs"
    duplicate_row = "duplicate_row"
    """The files contain the same payment or refund twice."""
    fee_differs = "fee_differs"
    refund_unknown = "refund_unknown"
    """The bank returned money for which we know no refund."""
    row_gone = "row_gone"
    """A later edition of the day's file does not contain the row any more."""
    file_refused = "file_refused"
    """The bank's file of the day cannot be read or does not balance; nothing of it was compared."""
    file_missing = "file_missing"
    """The bank gave no file of the day, and our payments of it are in no other file."""


@dataclass(frozen=True, slots=True)
class NewDifference:
    """`identity`: the same for a difference that is found again. Amounts in fen, None if one side has none.

    `refusal`: why a file was refused (`banks.statement_refusal.read_stored`).
    """

    identity: str
    community: str
    environment: str
    kind: str
    bank: str
    day: date
    order_id: str
    currency: str
    found_at: datetime
    statement: int | None = None
    line: int | None = None
    attempt: str | None = None
    refund: str | None = None
    ours_minor: int | None = None
    theirs_minor: int | None = None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Difference(NewDifference):
    id: int = 0
    settled_at: datetime | None = None
    settled_by: str | None = None
    reason: str = ""

    @property
    def open(self) -> bool:
        return self.settled_at is None


_COLUMNS = [differences.c[assign] for assign in Difference.__dataclass_fields__]


async def add(connection: Connection, new: NewDifference) -> bool:
    """Insert a difference; False if it was found before: an existing one stays unchanged, also when settled."""
    values = asdict(new) | {"reason": ""}
    statement = insert(connection, differences).values(values).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def get(connection: Connection, id_: int) -> Difference | None:
    return await fetch_one(connection, Difference, select(*_COLUMNS).where(differences.c.id == id_))


async def by_identity(connection: Connection, identity: str) -> Difference | None:
    return await fetch_one(connection, Difference, select(*_COLUMNS).where(differences.c.identity == identity))


async def every(
    connection: Connection,
    tops: Collection[str],
    environment: str,
    *,
    settled: bool | None = False,
    day: date | None = None,
    limit: int = 500,
) -> tuple[Difference, ...]:
    """Return differences at and below `tops`: open ones oldest first, settled ones newest first.

    `settled` None: both.
    """
    table = differences.c
    statement = select(*_COLUMNS).where(table.environment == environment, within(table.community, tops))
    if settled is not None:
        statement = statement.where(table.settled_at.is_not(None) if settled else table.settled_at.is_(None))
    if day is not None:
        statement = statement.where(table.day == day)
    order = (table.settled_at.desc(), table.id.desc()) if settled else (table.day, table.id)
    return await fetch_all(connection, Difference, statement.order_by(*order).limit(limit))


async def waiting(connection: Connection, tops: Collection[str], environment: str) -> tuple[PendingCount, ...]:
    """Return by community the number of unsettled differences and the time of the newest."""
    table = differences.c
    statement = (
        select(table.community, func.count(), func.max(table.found_at))
        .where(table.environment == environment, table.settled_at.is_(None), within(table.community, tops))
        .group_by(table.community)
        .order_by(table.community)
    )
    return tuple(PendingCount(*row) for row in await connection.execute(statement))


async def count_open(connection: Connection, community: str, environment: str) -> int:
    table = differences.c
    statement = select(func.count()).where(
        table.community == community, table.environment == environment, table.settled_at.is_(None)
    )
    return int((await connection.execute(statement)).scalar_one())


async def open_about(connection: Connection, attempt: str) -> bool:
    """Return whether a difference about the attempt is not settled."""
    table = differences.c
    statement = select(table.id).where(table.attempt == attempt, table.settled_at.is_(None))
    return (await connection.execute(statement.limit(1))).first() is not None


WITHOUT_FILE = (DifferenceKind.file_refused, DifferenceKind.file_missing)


def without_file(
    kind: DifferenceKind, bank: str, environment: str, community: str, day: date, now: datetime, refusal: str = ""
) -> NewDifference:
    """Return the difference of a day without an accepted file."""
    identity = f"{kind}:{bank}:{environment}:{day}"
    facts = (community, environment, kind.value, bank, day, "", "CNY", now)
    return NewDifference(identity, *facts, refusal=refusal)


async def open_without_file(
    connection: Connection, bank: str, environment: str, kinds: Collection[DifferenceKind] = WITHOUT_FILE
) -> tuple[Difference, ...]:
    """Return unsettled differences of days without an accepted file."""
    table = differences.c
    statement = select(*_COLUMNS).where(
        table.kind.in_(kinds), table.bank == bank, table.environment == environment, table.settled_at.is_(None)
    )
    return await fetch_all(connection, Difference, statement.order_by(table.id))


async def unassigned_returns(connection: Connection, bank: str, environment: str) -> tuple[Difference, ...]:
    """Return unsettled differences of returned money whose payment is unknown."""
    table = differences.c
    statement = select(*_COLUMNS).where(
        table.kind == DifferenceKind.refund_unknown.value,
        table.bank == bank,
        table.environment == environment,
        table.settled_at.is_(None),
        table.attempt.is_(None),
    )
    return await fetch_all(connection, Difference, statement.order_by(table.id))


async def assign(connection: Connection, id_: int, community: str, attempt: str) -> None:
    """Assign an unassigned difference to a community and attempt."""
    table = differences.c
    statement = update(differences).where(table.id == id_, table.settled_at.is_(None), table.attempt.is_(None))
    await connection.execute(statement.values(community=community, attempt=attempt))


async def settle(connection: Connection, id_: int, by: str, at: datetime, reason: str) -> bool:
    """Settle it; False if it was settled before."""
    table = differences.c
    statement = (
        update(differences)
        .where(table.id == id_, table.settled_at.is_(None))
        .values(settled_at=at, settled_by=by, reason=reason[:300])
    )
    return bool((await connection.execute(statement)).rowcount)
