"""Store up to which month the books are closed to new lines. A month is "2026-11", in Asia/Shanghai."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all
from central_server.store.engine.tables import locked_months
from central_server.store.engine.upsert import insert
from sync_contract.permit import OFFICIAL_TIME


@dataclass(frozen=True, slots=True)
class LockedMonth:
    """The books are closed up to the end of `month`."""

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


async def last_locked(connection: Connection, community: str, environment: str) -> str:
    """Return the month up to which the books are closed, empty for none."""
    table = locked_months.c
    statement = select(func.max(table.month)).where(table.community == community, table.environment == environment)
    return (await connection.execute(statement)).scalar() or ""


async def is_locked(connection: Connection, community: str, environment: str, month: str) -> bool:
    return month <= await last_locked(connection, community, environment)


async def open_time(connection: Connection, community: str, environment: str, at: datetime) -> datetime:
    """Return `at`, or the first moment after it in an open month: what a bank did is always posted."""
    locked = await last_locked(connection, community, environment)
    return at if month_of(at) > locked else first_moment(month_after(locked))
