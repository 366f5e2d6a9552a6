"""Store months whose books are closed to new lines. A month is "2026-11", in Asia/Shanghai."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all
from central_server.store.engine.tables import locked_months
from central_server.store.engine.upsert import insert
from sync_contract.permit import OFFICIAL_TIME


@dataclass(frozen=True, slots=True)
class LockedMonth:
    community: str
    environment: str
    month: str
    locked_by: str
    locked_at: datetime


def month_of(at: datetime) -> str:
    return at.astimezone(OFFICIAL_TIME).strftime("%Y-%m")


def month_after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04d}-{number % 12 + 1:02d}"


def first_moment(month: str) -> datetime:
    return datetime(int(month[:4]), int(month[5:]), 1, tzinfo=OFFICIAL_TIME)


async def lock(connection: Connection, month: LockedMonth) -> bool:
    """Lock a month; False if it was locked before. Call `ledger_lines.lock_ledger` before."""
    statement = insert(connection, locked_months).values(asdict(month)).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def of_community(connection: Connection, community: str, environment: str) -> tuple[LockedMonth, ...]:
    """Return locked months, newest first."""
    table = locked_months.c
    statement = select(locked_months).where(table.community == community, table.environment == environment)
    return await fetch_all(connection, LockedMonth, statement.order_by(table.month.desc()))


async def is_locked(connection: Connection, community: str, environment: str, month: str) -> bool:
    table = locked_months.c
    statement = select(table.month).where(
        table.community == community, table.environment == environment, table.month == month
    )
    return (await connection.execute(statement)).first() is not None


async def open_time(connection: Connection, community: str, environment: str, at: datetime) -> datetime:
    """Return `at`, or the first moment after it in an open month: what a bank did is always posted."""
    locked = {month.month for month in await of_community(connection, community, environment)}
    month = month_of(at)
    if month not in locked:
        return at
    while month in locked:
        month = month_after(month)
    return first_moment(month)
