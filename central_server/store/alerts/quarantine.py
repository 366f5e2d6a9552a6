"""Set aside records that a periodic job cannot process, so that the job continues with the others."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from sqlalchemy import func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, StoreUnavailable
from central_server.store.engine.tables import quarantined
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within

Due = TypeVar("Due")
_log = structlog.get_logger()
_MAX_RECORDS = 1000
"""Of one job and gateway; further ones are only logged."""


@dataclass(frozen=True, slots=True)
class RecordKey:
    """What a job was processing. `gateway`: where it comes from, empty for none."""

    job: str
    id: str
    community: str
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class SetAside:
    """How many records of a job and gateway were set aside; `newest_at`: when the last of them was, the first time."""

    job: str
    gateway: str
    community: str
    records: int
    newest_at: datetime


@asynccontextmanager
async def quarantining(
    database: Database, record: RecordKey, now: datetime, *also: type[Exception]
) -> AsyncIterator[None]:
    """Quarantine the record when the block fails, and continue after it. Raises StoreUnavailable and `also`."""
    unrelated: tuple[type[Exception], ...] = (StoreUnavailable, *also)
    try:
        yield
    except unrelated:
        raise
    except Exception as error:  # noqa: BLE001  (any fault of one record; it is logged and stored for staff)
        await quarantine(database, record, error, now)


async def process_together(
    database: Database,
    records: Sequence[RecordKey],
    work: Callable[[Sequence[RecordKey]], Awaitable[None]],
    now: datetime,
) -> bool:
    """Process the records together. If that fails, process each alone, quarantine those that fail, and return False.

    `work` stores nothing when it fails. Raises StoreUnavailable.
    """
    try:
        await work(records)
    except StoreUnavailable:
        raise
    except Exception:  # noqa: BLE001  (the record at fault fails again below, alone)
        for record in records:
            async with quarantining(database, record, now):
                await work([record])
        return False
    return True


async def process_due(
    database: Database,
    read: Callable[..., Awaitable[Sequence[Due]]],
    key: Callable[[Due], RecordKey],
    process: Callable[[Due, datetime], Awaitable[bool]],
    now: datetime,
    *also: type[Exception],
    most: float = math.inf,
) -> int:
    """Process every due record, in slices, and quarantine those that fail; return how often `process` returned True.

    `read` gets `connection`, `now` and `skip`, the number of records that failed and are still due: they block no
    other. `process` leaves no record due unless it raises. `most`: records that are enough, without those that fail.
    Raises StoreUnavailable and `also`.
    """
    counted = processed = failed = 0
    while processed < most:
        async with database.read() as connection:
            due = await read(connection, now=now, skip=failed)
        if not due:
            break
        failed += len(due)
        for record in due:
            async with quarantining(database, key(record), now, *also):
                counted += await process(record, now)
                processed, failed = processed + 1, failed - 1
    return counted


async def quarantine(database: Database, record: RecordKey, error: Exception, now: datetime) -> None:
    """Store the record for staff and log the error; a record that fails again counts up. Raises StoreUnavailable.

    Of a record that fails again and again only the failures 2, 4, 8, 16 … are logged.
    """
    cause = f"{type(error).__name__}: {error}".encode("ascii", "backslashreplace").decode().replace("\0", "?")
    key = {"job": record.job, "record": record.id, "community": record.community, "gateway": record.gateway}
    row: dict[str, object] = {**key, "cause": cause[:200], "first_at": now, "last_at": now, "times": 1}
    facts = {"job": record.job, "record": record.id, "gateway": record.gateway}
    times = await database.written(lambda connection: _store(connection, record, row))
    if times == 1:
        _log.error("record.quarantined", **facts, exc_info=error)
    elif times & (times - 1) == 0:
        _log.warning("record.failed_again", **facts, times=times, cause=row["cause"])


async def _store(connection: Connection, record: RecordKey, row: dict[str, object]) -> int:
    """Return how often the record failed."""
    columns = quarantined.c
    same = (columns.job == record.job, columns.record == record.id)
    again = {"cause": row["cause"], "last_at": row["last_at"], "times": columns.times + 1}
    changed = await connection.execute(update(quarantined).where(*same).values(again).returning(columns.times))
    if (times := changed.scalar()) is not None:
        return int(times)
    stored = select(func.count()).where(columns.job == record.job, columns.gateway == record.gateway)
    if (await connection.execute(stored)).scalar_one() < _MAX_RECORDS:
        await connection.execute(insert(connection, quarantined).values(row).on_conflict_do_nothing())
    return 1


async def since(connection: Connection, tops: Collection[str], after: datetime) -> tuple[SetAside, ...]:
    """Return what failed after this time in the communities at and below `tops`."""
    columns = quarantined.c
    key = (columns.job, columns.gateway, columns.community)
    statement = select(*key, func.count().label("records"), func.max(columns.first_at).label("newest_at"))
    statement = statement.where(within(columns.community, tops), columns.last_at >= after).group_by(*key)
    return tuple(SetAside(*row) for row in await connection.execute(statement.order_by(*key)))
