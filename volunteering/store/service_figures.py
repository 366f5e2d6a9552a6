"""Sum service records by month, for figures without any person."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, distinct, func, select

from central_server.store.engine.connection import Connection
from central_server.store.places.places import within
from sync_contract.permit import OFFICIAL_TIME
from volunteering.rules.public_figures import ServiceMonth
from volunteering.rules.service_hours import Grade
from volunteering.store.tables import opportunities, service_records, shifts, sign_ups

_RECORD = service_records.c


async def month_of(connection: Connection, tops: Collection[str], environment: str, first: date) -> ServiceMonth:
    """Return the sums of the month that begins on `first`, at and below `tops`, in official time."""
    since, until = begin_of(first), begin_of(next_month(first))
    around = and_(within(_RECORD.community, tops), _RECORD.environment == environment)
    chosen = and_(around, _RECORD.served_on >= since, _RECORD.served_on < until)
    minutes, persons = func.sum(_RECORD.minutes).label("minutes"), func.count(distinct(_RECORD.person)).label("people")
    by_grade = select(_RECORD.evidence, minutes, persons)
    found = (await connection.execute(by_grade.where(chosen).group_by(_RECORD.evidence))).all()
    return ServiceMonth(
        first.year,
        first.month,
        await _count_people(connection, chosen),
        await _count_people(connection, chosen, before=since),
        {Grade(row.evidence): int(row.people) for row in found},
        {Grade(row.evidence): int(row.minutes) for row in found},
        await _count_places(connection, chosen),
        int((await connection.execute(select(func.sum(_RECORD.people_served)).where(chosen))).scalar_one() or 0),
    )


async def _count_people(connection: Connection, chosen: ColumnElement[bool], before: datetime | None = None) -> int:
    """Count the people of the records; with `before`, those who have an earlier record too."""
    counted = select(func.count(distinct(_RECORD.person))).where(chosen)
    if before is not None:
        earlier = service_records.alias("earlier")
        mine = and_(earlier.c.person == _RECORD.person, earlier.c.served_on < before)
        counted = counted.where(select(earlier.c.id).where(mine).exists())
    return int((await connection.execute(counted)).scalar_one())


async def _count_places(connection: Connection, chosen: ColumnElement[bool]) -> int:
    joined = service_records.join(sign_ups, sign_ups.c.id == _RECORD.source)
    joined = joined.join(shifts, shifts.c.id == sign_ups.c.shift)
    joined = joined.join(opportunities, opportunities.c.id == shifts.c.opportunity)
    counted = select(func.count(distinct(opportunities.c.meeting))).select_from(joined).where(chosen)
    return int((await connection.execute(counted)).scalar_one())


def begin_of(first: date) -> datetime:
    return datetime(first.year, first.month, first.day, tzinfo=OFFICIAL_TIME)


def next_month(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1)


def months_before(today: date, count: int) -> tuple[date, ...]:
    """Return the first days of the `count` complete months before today, the newest first."""
    found, first = list[date](), today.replace(day=1)
    for _ in range(count):
        first = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
        found.append(first)
    return tuple(found)
