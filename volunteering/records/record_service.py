"""Make service records from attendances and helped requests, and correct them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.uuid7 import new_id
from volunteering.rules.attendance import AROUND, Scan, Step, served, span_of
from volunteering.rules.check_in_judgement import Evidence
from volunteering.rules.service_hours import Grade, Span, uncounted_minutes
from volunteering.store import activities, attendances, people, service_records
from volunteering.store.service_records import ServiceKind, ServiceRecord

BY_SERVER = "server"


@dataclass(frozen=True, slots=True)
class Service:
    """A time of service that is to be counted. `source`: the id of a sign-up or request. `confirmed_by`: of a claim."""

    community: str
    environment: str
    person: str
    kind: ServiceKind
    source: str
    span: Span
    evidence: Grade
    planned_end: bool = False
    people_served: int = 0
    confirmed_by: str = ""


async def record_ended(database: Database, now: datetime) -> None:
    """Make the records of everybody who checked out, or did not until an hour after the end."""
    async with database.read() as connection:
        waiting = await service_records.waiting_sign_ups(connection, now - AROUND)
    for sign_up in waiting:
        await database.written(partial(record_sign_up, sign_up=sign_up, now=now))


async def record_sign_up(
    connection: Connection, sign_up: str, now: datetime, *, confirmed_by: str = "", most: timedelta | None = None
) -> ServiceRecord | None:
    """Make the record of a person's attendance at a shift.

    A claim counts only with `confirmed_by`, the account of a second person, and only `most` of it from its begin.
    Return None if there is nothing to record, or a record already.
    """
    found = {Step(each.step): each for each in await attendances.of_sign_ups(connection, [sign_up])}
    if Step.arrive not in found:
        return None
    first = found[Step.arrive]
    listed = (await activities.of_ids(connection, [first.shift])).get(first.shift)
    if listed is None:
        return None
    scans = {step: Scan(each.at, Evidence(each.evidence)) for step, each in found.items()}
    times, arrived, left = listed.shift.times, scans[Step.arrive], scans.get(Step.leave)
    proof = served(times, arrived, left)
    if proof.evidence is Evidence.claim and not confirmed_by:
        return None
    span = span_of(times, arrived, left)
    if most is not None:
        span = Span(span.starts, min(span.ends, span.starts + most))
    service = Service(
        first.community,
        first.environment,
        first.person,
        ServiceKind.shift,
        sign_up,
        span,
        Grade(proof.evidence),
        proof.planned_end,
        confirmed_by=confirmed_by if proof.evidence is Evidence.claim else "",
    )
    return await record_service(connection, service, now)


async def record_service(connection: Connection, service: Service, now: datetime) -> ServiceRecord | None:
    """Record the time that no other record of the person counts already. Return None if it has a record."""
    await people.get(connection, service.person, lock=True)
    rows = await service_records.every_of(connection, service.person)
    if any(each.source == service.source for each in rows):
        return None
    span = service.span if service.span.ends > service.span.starts else Span(service.span.starts, service.span.starts)
    record = ServiceRecord(
        new_id(),
        service.community,
        service.environment,
        service.person,
        service.kind.value,
        service.source,
        0,
        span.starts,
        span.starts,
        span.ends,
        uncounted_minutes(span, current_spans(rows).values()),
        service.people_served,
        service.evidence.value,
        service.planned_end,
        service.confirmed_by,
        None,
        "",
        "",
        BY_SERVER,
        now,
    )
    await service_records.add(connection, record)
    return record


@dataclass(frozen=True, slots=True)
class Correction:
    """`span`: the time that is right; empty to void the record. `asked_by`: who asked for it. `by`: who enters it."""

    span: Span
    asked_by: str
    reason: str
    by: str


async def correct(
    connection: Connection, person: str, source: str, correction: Correction, now: datetime
) -> ServiceRecord | None:
    """Add a row that names what it corrects, with the difference of the minutes. Return None without a record."""
    await people.get(connection, person, lock=True)
    rows = await service_records.every_of(connection, person)
    versions = [each for each in rows if each.source == source]
    if not versions:
        return None
    last, others = versions[-1], {key: span for key, span in current_spans(rows).items() if key != source}
    span = correction.span
    counted = uncounted_minutes(span, others.values()) if span.ends > span.starts else 0
    ends = max(span.starts, span.ends)
    void_served = -sum(each.people_served for each in versions) if ends == span.starts else 0
    record = ServiceRecord(
        new_id(),
        last.community,
        last.environment,
        person,
        last.kind,
        source,
        last.version + 1,
        last.served_on,
        span.starts,
        ends,
        counted - sum(each.minutes for each in versions),
        void_served,
        last.evidence,
        False,
        last.confirmed_by,
        last.id,
        correction.asked_by,
        correction.reason,
        correction.by,
        now,
    )
    await service_records.add(connection, record)
    return record


def current_spans(rows: Sequence[ServiceRecord]) -> dict[str, Span]:
    """Return the time of each source by its last row. `rows`: each correction after what it corrects."""
    return {each.source: each.span for each in rows}
