"""Hours of service: whatever is scanned, recorded and corrected in whatever order, no minute counts twice."""

from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import migrate_part
from sync_contract.uuid7 import new_id
from tests.unit.volunteering.community_desk import COMMUNITY
from tests.unit.volunteering.test_sign_ups import NOW, do, members, shift
from volunteering.activities.sign_up import sign_up
from volunteering.cards.card_facts import load_facts
from volunteering.cards.star_levels import star_levels
from volunteering.records.record_service import (
    Correction,
    Service,
    correct,
    record_ended,
    record_service,
    record_sign_up,
)
from volunteering.rules.attendance import AROUND, Scan, served, span_of
from volunteering.rules.check_in_judgement import Evidence
from volunteering.rules.service_hours import Grade, Span, next_star_minutes, stars, uncounted_minutes
from volunteering.rules.shift_times import ShiftTimes
from volunteering.store import attendances, service_records, sign_ups
from volunteering.store.attendances import Attendance
from volunteering.store.people import Person
from volunteering.store.schema import SCHEMA
from volunteering.store.service_records import ServiceKind

ZERO = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
SECONDS = st.integers(-7200, 7200)


def at(seconds: int) -> datetime:
    return ZERO + timedelta(seconds=seconds)


def seconds_of(spans: list[Span]) -> set[int]:
    """Return every second of the spans: a separate reading of their union."""
    found: set[int] = set()
    for span in spans:
        found.update(range(int((span.starts - ZERO).total_seconds()), int((span.ends - ZERO).total_seconds())))
    return found


EVENTS = st.lists(
    st.tuples(SECONDS, st.integers(60, 5000), SECONDS, st.none() | SECONDS, st.booleans()), min_size=1, max_size=6
)


@settings(max_examples=150, deadline=None)
@given(EVENTS, st.randoms())
def test_any_order_of_attendances_counts_at_most_their_union(
    events: list[tuple[int, int, int, int | None, bool]], order: Random
) -> None:
    """Shifts that overlap, arrivals after the end, departures before the arrival, and corrections of each."""
    spans = []
    for starts, length, arrived, left, proved in events:
        times = ShiftTimes(at(starts), at(starts + length))
        evidence = Evidence.screen if proved else Evidence.claim
        gone = None if left is None else Scan(at(left), evidence)
        span = span_of(times, Scan(at(arrived), evidence), gone)
        spans.append(span)
        assert served(times, Scan(at(arrived), evidence), gone).minutes == len(seconds_of([span])) // 60
    order.shuffle(spans)
    counted: dict[int, Span] = {}
    minutes: dict[int, int] = {}
    corrected = [(number, Span(span.starts, span.ends - timedelta(seconds=90))) for number, span in enumerate(spans)]
    for number, span in [*enumerate(spans), *corrected, *enumerate(spans)]:
        others = [each for key, each in counted.items() if key != number]
        minutes[number], counted[number] = uncounted_minutes(span, others), span
        union = len(seconds_of(list(counted.values())))
        assert sum(minutes.values()) <= union // 60
    assert all(each >= 0 for each in minutes.values())
    alone = uncounted_minutes(spans[0], [])
    assert alone == len(seconds_of([spans[0]])) // 60
    assert uncounted_minutes(spans[0], spans) == 0


def test_stars_are_rules_in_data() -> None:
    levels = star_levels()
    assert levels.hours == (100, 300, 600, 1000, 1500)
    assert [stars(60 * hours, levels.hours) for hours in (0, 99, 100, 300, 999, 1000, 9999)] == [0, 0, 1, 2, 3, 4, 5]
    assert next_star_minutes(60 * 100 - 1, levels.hours) == 1
    assert next_star_minutes(60 * 1500, levels.hours) is None
    assert levels.minutes({Grade.screen: 50, Grade.claim: 10}) == 60


async def scan(database: Database, person: Person, of: str, step: str, when: datetime, evidence: str) -> str:
    async with database.write() as connection:
        own = await sign_ups.get(connection, of, person.id)
        assert own is not None
        ids = (new_id(), COMMUNITY, "drill", of, own.id, person.id)
        await attendances.add(connection, Attendance(*ids, step, when, evidence, "in_time", "0" * 16, new_id()))
        return own.id


async def test_records_are_made_once_from_what_was_scanned_and_corrected_by_name(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    punctual, forgetful, claimant, absent = group = await members(database, 4)
    of = await shift(database, 4, hours=1)
    for person in group:
        assert await do(database, sign_up, person, of) == "confirmed"
    starts = NOW + timedelta(hours=1)
    await scan(database, punctual, of, "in", starts - timedelta(minutes=30), "screen")
    first = await scan(database, punctual, of, "out", starts + timedelta(minutes=90, seconds=59), "screen")
    await scan(database, forgetful, of, "in", starts + timedelta(minutes=20), "screen")
    claim = await scan(database, claimant, of, "in", starts, "claim")
    ends = starts + timedelta(hours=2)
    await record_ended(database, ends)
    assert await totals(database, group) == [90, 0, 0, 0], "who has not checked out may still come back to the screen"
    for _ in range(2):
        await record_ended(database, ends + AROUND + timedelta(seconds=1))
    assert await totals(database, group) == [90, 100, 0, 0]
    async with database.write() as connection:
        assert await record_sign_up(connection, claim, ends) is None, "a claim counts only if somebody confirms it"
        confirmed = await record_sign_up(connection, claim, ends, confirmed_by="organiser")
        assert confirmed is not None
        assert (confirmed.minutes, confirmed.evidence, confirmed.confirmed_by) == (120, "claim", "organiser")
        assert await record_sign_up(connection, claim, ends, confirmed_by="organiser") is None
        beside = Service(
            COMMUNITY,
            "drill",
            punctual.id,
            ServiceKind.request,
            new_id(),
            Span(starts + timedelta(minutes=60), starts + timedelta(minutes=150)),
            Grade.claim,
            people_served=1,
            confirmed_by="neighbour",
        )
        padded = await record_service(connection, beside, ends)
        assert padded is not None
        assert padded.minutes == 59, "half an hour of it counts already; the rest ends within a minute"
    wrong = Correction(Span(starts, starts + timedelta(minutes=30)), punctual.id, "left earlier", "clerk")
    void = Correction(Span(starts, starts), "clerk", "was elsewhere", "clerk")
    async with database.write() as connection:
        row = await correct(connection, punctual.id, first, wrong, ends)
        assert row is not None
        original, last = await service_records.of_source(connection, first)
        assert (last, last.corrects, last.asked_by) == (row, original.id, punctual.id)
        assert (original.minutes, last.minutes, last.version) == (90, -60, 1)
        assert await correct(connection, punctual.id, beside.source, void, ends) is not None
        assert await correct(connection, absent.id, first, void, ends) is None, "another person's record"
        facts = await load_facts(connection, punctual.id)
        assert (facts.total, facts.people_served, facts.minutes) == (30, 0, {Grade.screen: 30})
        assert [(each.times, each.minutes) for each in facts.places] == [(1, 30)]


async def totals(database: Database, group: list[Person]) -> list[int]:
    async with database.read() as connection:
        return [sum((await service_records.minutes_by_evidence(connection, each.id)).values()) for each in group]
