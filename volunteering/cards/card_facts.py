"""Collect what a volunteer card states about its owner."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from central_server.store.engine.connection import Connection
from sync_contract.project import Texts
from volunteering.cards.star_levels import star_levels
from volunteering.rules.service_hours import Grade
from volunteering.store import activities, service_records
from volunteering.store.service_records import ServiceKind

_MAX_PLACES = 12


@dataclass(frozen=True, slots=True)
class ServicePlace:
    """Where a person served. `meeting` None: at neighbours' homes. `times`: records that count."""

    meeting: Texts | None
    times: int
    minutes: int


@dataclass(frozen=True, slots=True)
class CardFacts:
    """`minutes`: by grade, without those that have none. `missing`: for the next star, None after the last one.

    `first`, `last`: begins of the first and last service that counts.
    """

    minutes: Mapping[Grade, int]
    people_served: int
    places: tuple[ServicePlace, ...]
    stars: int
    missing: int | None
    first: datetime | None
    last: datetime | None

    @property
    def total(self) -> int:
        return sum(self.minutes.values())


async def load_facts(connection: Connection, person: str) -> CardFacts:
    rows = await service_records.every_of(connection, person)
    by_grade, by_source = defaultdict[Grade, int](int), defaultdict[str, int](int)
    for row in rows:
        by_grade[Grade(row.evidence)] += row.minutes
        by_source[row.source] += row.minutes
    sources = {row.source for row in rows if row.kind == ServiceKind.shift and row.version == 0}
    shift_of = await service_records.shifts_of(connection, sources)
    listed = await activities.of_ids(connection, set(shift_of.values()))
    found: dict[str, ServicePlace] = {}
    for row in rows:
        if row.version or not by_source[row.source]:
            continue
        of = listed.get(shift_of.get(row.source, ""))
        meeting = None if of is None else of.activity.meeting
        key = "" if meeting is None else meeting.model_dump_json()
        before = found.get(key, ServicePlace(meeting, 0, 0))
        found[key] = ServicePlace(meeting, before.times + 1, before.minutes + by_source[row.source])
    minutes = {grade: by_grade[grade] for grade in Grade if by_grade[grade]}
    places = sorted(found.values(), key=lambda place: -place.minutes)[:_MAX_PLACES]
    levels = star_levels()
    days = sorted(row.served_on for row in rows if by_source[row.source] > 0)
    served = sum(row.people_served for row in rows)
    return CardFacts(
        minutes,
        served,
        tuple(places),
        levels.stars(minutes),
        levels.missing(minutes),
        *((days[0], days[-1]) if days else (None, None)),
    )
