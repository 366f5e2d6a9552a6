"""Store service records; rows are only added."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import and_, func, or_, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all
from central_server.store.places.places import within
from volunteering.rules.service_hours import Span
from volunteering.store.people import with_merged
from volunteering.store.tables import attendances, service_records, shifts, sign_ups

_MAX_WAITING = 500


class ServiceKind(StrEnum):
    shift = "shift"
    request = "request"


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """A row; see `service_tables.service_records`."""

    id: str
    community: str
    environment: str
    person: str
    kind: str
    source: str
    version: int
    served_on: datetime
    starts: datetime
    ends: datetime
    minutes: int
    people_served: int
    evidence: str
    planned_end: bool
    confirmed_by: str
    corrects: str | None
    asked_by: str
    reason: str
    made_by: str
    made_at: datetime

    @property
    def span(self) -> Span:
        return Span(self.starts, self.ends)


_RECORD = columns_of(service_records, ServiceRecord)


async def add(connection: Connection, record: ServiceRecord) -> None:
    await connection.execute(service_records.insert().values(asdict(record)))


async def every_of(connection: Connection, person: str) -> tuple[ServiceRecord, ...]:
    """Return the person's rows, each correction after what it corrects."""
    wanted = select(*_RECORD).where(with_merged(service_records.c.person, person))
    return await fetch_all(
        connection, ServiceRecord, wanted.order_by(service_records.c.source, service_records.c.version)
    )


async def of_source(connection: Connection, source: str) -> tuple[ServiceRecord, ...]:
    """Return the record of a sign-up or request with its corrections, in their order."""
    wanted = select(*_RECORD).where(service_records.c.source == source).order_by(service_records.c.version)
    return await fetch_all(connection, ServiceRecord, wanted)


async def between(
    connection: Connection, tops: Collection[str], environment: str, span: Span
) -> tuple[ServiceRecord, ...]:
    """Return the rows of services that began in the span, at and below `tops`, each after what it corrects."""
    at = and_(service_records.c.served_on >= span.starts, service_records.c.served_on < span.ends)
    wanted = select(*_RECORD).where(within(service_records.c.community, tops), at)
    mine = wanted.where(service_records.c.environment == environment)
    ordered = mine.order_by(service_records.c.source, service_records.c.version)
    return await fetch_all(connection, ServiceRecord, ordered)


async def minutes_by_evidence(connection: Connection, person: str) -> dict[str, int]:
    summed = select(service_records.c.evidence, func.sum(service_records.c.minutes))
    mine = summed.where(with_merged(service_records.c.person, person)).group_by(service_records.c.evidence)
    return {evidence: int(minutes) for evidence, minutes in await connection.execute(mine)}


async def waiting_sign_ups(connection: Connection, ended_before: datetime) -> tuple[str, ...]:
    """Return sign-ups with a proved arrival and no record: they checked out, or the shift ended before then.

    A claim waits for its confirmation and is not among them.
    """
    came, went = attendances.alias("came"), attendances.alias("went")
    proved = and_(came.c.sign_up == sign_ups.c.id, came.c.step == "in", came.c.evidence == "screen")
    joined = sign_ups.join(came, proved).join(shifts, shifts.c.id == sign_ups.c.shift)
    joined = joined.outerjoin(went, and_(went.c.sign_up == sign_ups.c.id, went.c.step == "out"))
    joined = joined.outerjoin(service_records, service_records.c.source == sign_ups.c.id)
    finished = or_(went.c.evidence == "screen", and_(went.c.id.is_(None), shifts.c.ends < ended_before))
    recent = came.c.at > ended_before - timedelta(days=30)
    wanted = select(sign_ups.c.id).select_from(joined).where(service_records.c.id.is_(None), finished, recent)
    return tuple((await connection.execute(wanted.order_by(came.c.at).limit(_MAX_WAITING))).scalars())


async def shifts_of(connection: Connection, sources: Collection[str]) -> dict[str, str]:
    """Return the shift of each sign-up."""
    wanted = select(sign_ups.c.id, sign_ups.c.shift).where(sign_ups.c.id.in_(sources))
    return {sign_up: shift for sign_up, shift in await connection.execute(wanted)}
