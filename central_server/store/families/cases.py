"""Store cases with their steps, and the sealed data of their households."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from central_server.store.alerts.pending_counts import PendingCount
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.engine.tables import case_steps, cases, households
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within

WAITING = ("proposed", "assessed", "appealed")
"""States in which a case waits for a decision."""
ENDED = ("refused", "closed")
_PAGE = 200


@dataclass(frozen=True, slots=True)
class StoredCase:
    """`state`, `second_due` and `ended_at` follow from the steps (`families.case_rules`)."""

    number: str
    community: str
    environment: str
    help: str
    urgent: bool
    state: str
    second_due: datetime | None
    ended_at: datetime | None
    registered_by: str
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class StoredStep:
    case: str
    kind: str
    by: str
    at: datetime
    seen: bool
    reason: str


@dataclass(frozen=True, slots=True)
class SealedHousehold:
    """`key`: the fingerprint of the key that opens `sealed`. `delete_at`: None while the case goes on."""

    case: str
    community: str
    key: str
    sealed: bytes
    registered_at: datetime
    delete_at: datetime | None


_CASE = columns_of(cases, StoredCase)
_STEP = columns_of(case_steps, StoredStep)
_HOUSEHOLD = columns_of(households, SealedHousehold)


async def add(connection: Connection, case: StoredCase) -> bool:
    """Return False when the number is taken."""
    statement = insert(connection, cases).values(asdict(case)).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def lock(connection: Connection, number: str) -> StoredCase | None:
    """Lock the case until the write ends, and return it."""
    await connection.alone(f"case {number}")
    return await get(connection, number)


async def get(connection: Connection, number: str) -> StoredCase | None:
    return await fetch_one(connection, StoredCase, select(*_CASE).where(cases.c.number == number))


async def steps(connection: Connection, number: str) -> tuple[StoredStep, ...]:
    statement = select(*_STEP).where(case_steps.c.case == number).order_by(case_steps.c.id)
    return await fetch_all(connection, StoredStep, statement)


async def add_step(connection: Connection, step: StoredStep, case: StoredCase) -> None:
    """Add the step, and store the progress of `case`."""
    await connection.execute(case_steps.insert().values(asdict(step)))
    progress = {"state": case.state, "second_due": case.second_due, "ended_at": case.ended_at}
    await connection.execute(update(cases).where(cases.c.number == case.number).values(progress))


async def page(
    connection: Connection, tops: Collection[str], environment: str, *, ended: bool, limit: int = _PAGE
) -> tuple[StoredCase, ...]:
    """Return cases: urgent ones first, then the oldest; ended ones newest first."""
    wanted = select(*_CASE).where(_at(tops, environment))
    if ended:
        wanted = wanted.where(cases.c.state.in_(ENDED)).order_by(cases.c.ended_at.desc(), cases.c.number)
    else:
        order = (cases.c.urgent.desc(), cases.c.registered_at, cases.c.number)
        wanted = wanted.where(cases.c.state.not_in(ENDED)).order_by(*order)
    return await fetch_all(connection, StoredCase, wanted.limit(limit))


async def add_household(connection: Connection, household: SealedHousehold) -> None:
    await connection.execute(households.insert().values(asdict(household)))


async def household(connection: Connection, number: str) -> SealedHousehold | None:
    """Return None after the erasure."""
    return await fetch_one(connection, SealedHousehold, select(*_HOUSEHOLD).where(households.c.case == number))


async def delete_at(connection: Connection, number: str, at: datetime | None) -> None:
    await connection.execute(update(households).where(households.c.case == number).values(delete_at=at))


async def erase(connection: Connection, number: str) -> bool:
    """Delete the household's data; False if there are none."""
    return bool((await connection.execute(delete(households).where(households.c.case == number))).rowcount)


async def erasures_due(
    connection: Connection, now: datetime, skip: int, limit: int = 100
) -> tuple[SealedHousehold, ...]:
    """Return at most `limit` households after the first `skip`."""
    columns = households.c
    statement = select(*_HOUSEHOLD).where(columns.delete_at <= now).order_by(columns.delete_at, columns.case)
    return await fetch_all(connection, SealedHousehold, statement.offset(skip).limit(limit))


async def waiting(connection: Connection, tops: Collection[str], environment: str) -> tuple[PendingCount, ...]:
    """Count by community the cases that wait for a decision."""
    return await _counts(connection, and_(_at(tops, environment), cases.c.state.in_(WAITING)))


async def second_assessments_late(
    connection: Connection, tops: Collection[str], environment: str, now: datetime
) -> tuple[PendingCount, ...]:
    return await _counts(connection, and_(_at(tops, environment), cases.c.second_due < now))


async def erasures_near(
    connection: Connection, tops: Collection[str], environment: str, until: datetime
) -> tuple[PendingCount, ...]:
    """Count by community the households that are erased before `until`."""
    near = select(households.c.case).where(households.c.delete_at <= until)
    return await _counts(connection, and_(_at(tops, environment), cases.c.number.in_(near)))


def _at(tops: Collection[str], environment: str) -> ColumnElement[bool]:
    return and_(cases.c.environment == environment, within(cases.c.community, tops))


async def _counts(connection: Connection, where: ColumnElement[bool]) -> tuple[PendingCount, ...]:
    newest = func.max(cases.c.registered_at)
    statement = select(cases.c.community, func.count(), newest).where(where).group_by(cases.c.community)
    return tuple(PendingCount(*row) for row in await connection.execute(statement.order_by(cases.c.community)))
