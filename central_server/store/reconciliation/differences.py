"""Where the bank's files and our books do not agree: each a task until somebody settles it with a reason."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select, update

from central_server.store.alerts.pending_counts import Waiting
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import differences
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within


class DifferenceKind(StrEnum):
    """In the order in which they are told."""

    theirs_only = "theirs_only"
    """The bank has a movement that we do not know."""
    ours_only = "ours_only"
    """We hold it as moved, and no file of the bank has it, days later."""
    amount_differs = "amount_differs"
    duplicate_row = "duplicate_row"
    """The same payment or refund stands in the files once more."""
    fee_differs = "fee_differs"
    refund_unknown = "refund_unknown"
    """The bank gave money back of which we know no refund."""
    row_gone = "row_gone"
    """A later edition of the day's file has it no more."""


@dataclass(frozen=True, slots=True)
class NewDifference:
    """`identity`: what is found again is the same difference. Amounts in fen; None where one side has nothing."""

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


@dataclass(frozen=True, slots=True)
class Difference(NewDifference):
    id: int = 0
    settled_at: datetime | None = None
    settled_by: str | None = None
    reason: str = ""

    @property
    def open(self) -> bool:
        return self.settled_at is None


_COLUMNS = [differences.c[name] for name in Difference.__dataclass_fields__]


async def find(connection: Connection, new: NewDifference) -> bool:
    """False when it was found before: it stays as it was left, also when it was settled."""
    values = asdict(new) | {"reason": ""}
    statement = insert(connection, differences).values(values).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def get(connection: Connection, id_: int) -> Difference | None:
    found = (await connection.execute(select(*_COLUMNS).where(differences.c.id == id_))).one_or_none()
    return None if found is None else Difference(*found)


async def by_identity(connection: Connection, identity: str) -> Difference | None:
    found = (await connection.execute(select(*_COLUMNS).where(differences.c.identity == identity))).one_or_none()
    return None if found is None else Difference(*found)


async def every(
    connection: Connection,
    tops: Collection[str],
    environment: str,
    *,
    settled: bool | None = False,
    day: date | None = None,
    limit: int = 500,
) -> tuple[Difference, ...]:
    """At and below `tops`; `settled` None: both. The oldest first, settled ones newest first."""
    table = differences.c
    statement = select(*_COLUMNS).where(table.environment == environment, within(table.community, tops))
    if settled is not None:
        statement = statement.where(table.settled_at.is_not(None) if settled else table.settled_at.is_(None))
    if day is not None:
        statement = statement.where(table.day == day)
    order = (table.settled_at.desc(), table.id.desc()) if settled else (table.day, table.id)
    return tuple(Difference(*row) for row in await connection.execute(statement.order_by(*order).limit(limit)))


async def waiting(connection: Connection, tops: Collection[str], environment: str) -> tuple[Waiting, ...]:
    """By community: how many wait, and since when the newest."""
    table = differences.c
    statement = (
        select(table.community, func.count(), func.max(table.found_at))
        .where(table.environment == environment, table.settled_at.is_(None), within(table.community, tops))
        .group_by(table.community)
        .order_by(table.community)
    )
    return tuple(Waiting(*row) for row in await connection.execute(statement))


async def nobodys_returns(connection: Connection, bank: str, environment: str) -> tuple[Difference, ...]:
    """Open ones of money that went back, of whose payment nothing was known."""
    table = differences.c
    statement = select(*_COLUMNS).where(
        table.kind == DifferenceKind.refund_unknown.value,
        table.bank == bank,
        table.environment == environment,
        table.settled_at.is_(None),
        table.attempt.is_(None),
    )
    return tuple(Difference(*row) for row in await connection.execute(statement.order_by(table.id)))


async def name(connection: Connection, id_: int, community: str, attempt: str) -> None:
    """Say whose it is."""
    table = differences.c
    statement = update(differences).where(table.id == id_, table.settled_at.is_(None), table.attempt.is_(None))
    await connection.execute(statement.values(community=community, attempt=attempt))


async def settle(connection: Connection, id_: int, by: str, at: datetime, reason: str) -> bool:
    """False when somebody else has settled it."""
    table = differences.c
    statement = (
        update(differences)
        .where(table.id == id_, table.settled_at.is_(None))
        .values(settled_at=at, settled_by=by, reason=reason[:300])
    )
    return bool((await connection.execute(statement)).rowcount)
