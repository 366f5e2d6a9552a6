"""Activities that repeat: the days by rule, the form, and copies of the last week."""

import calendar
import re
from datetime import UTC, date, datetime, timedelta

import aiohttp
from hypothesis import given, settings
from hypothesis import strategies as st

from central_server.accounts.access import Role
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.part_schema import migrate_part
from central_server.store.places.places import TOP, plant_community
from tests.fakes.central_process import RunningCentral
from tests.unit.volunteering.community_desk import ACTIVITIES, COMMUNITY, NEIGHBOURS, activity, log_in
from tests.unit.volunteering.test_sign_ups import NOW, shift
from volunteering.activities.activity_form import NewActivity, read_activity
from volunteering.activities.copy_week import copy, last_week
from volunteering.activities.public_holidays import public_holidays
from volunteering.rules.repetition import Repeat, RepeatFault, RepeatProblem, Repetition, days_of
from volunteering.rules.shift_times import ShiftProblem
from volunteering.store import activities
from volunteering.store.schema import SCHEMA

FIRST = date(2026, 12, 12)
"""The second Saturday of its month."""


def test_days_by_rule() -> None:
    assert days_of(FIRST, Repetition(Repeat.weekly, 4)) == tuple(
        map(date, (2026, 2026, 2026, 2027), (12, 12, 12, 1), (12, 19, 26, 2))
    )
    assert days_of(FIRST, Repetition(Repeat.monthly, 3)) == (FIRST, date(2027, 1, 12), date(2027, 2, 12))
    assert days_of(FIRST, Repetition(Repeat.weekday_of_month, 3)) == (FIRST, date(2027, 1, 9), date(2027, 2, 13))
    spring = Repetition(Repeat.weekly, 9, (date(2027, 1, 2),), public_holidays())
    assert days_of(FIRST, spring) == tuple(FIRST + timedelta(weeks=week) for week in (0, 1, 2, 4, 5, 6, 7)), (
        "not the exception, and not the first day of spring"
    )
    wrong = {
        (date(2027, 1, 31), Repetition(Repeat.monthly, 2)): (RepeatProblem.not_in_month, date(2027, 2, 1)),
        (date(2027, 1, 30), Repetition(Repeat.weekday_of_month, 2)): (RepeatProblem.not_in_month, date(2027, 2, 1)),
        (FIRST, Repetition(Repeat.weekly, 2, (date(2026, 12, 13),))): (RepeatProblem.exception, date(2026, 12, 13)),
        (FIRST, Repetition(Repeat.weekly, 1, (FIRST,))): (RepeatProblem.none_left, FIRST),
        (FIRST, Repetition(Repeat.weekly, 5, (), _Holidays())): (RepeatProblem.unknown_year, date(2027, 1, 2)),
    }
    for (first, repetition), (problem, day) in wrong.items():
        assert days_of(first, repetition) == RepeatFault(problem, day), (first, repetition)


class _Holidays(dict[int, frozenset[date]]):
    """Only 2026 is known. Hashable, for the keys of a table."""

    def __init__(self) -> None:
        super().__init__({2026: frozenset()})

    def __hash__(self) -> int:  # type: ignore[override]  # it does not change
        return 2026


@settings(max_examples=100, deadline=None)
@given(st.dates(date(2026, 1, 1), date(2029, 12, 28)), st.integers(1, 30))
def test_the_same_weekday_of_each_month_as_in_a_calendar(first: date, count: int) -> None:
    """`calendar` divides months into weeks by itself."""
    nth = (first.day - 1) // 7
    found = days_of(first, Repetition(Repeat.weekday_of_month, count))
    expected = list[date]()
    for number in range(count):
        year, month = first.year + (first.month - 1 + number) // 12, (first.month - 1 + number) % 12 + 1
        days = [week[first.weekday()] for week in calendar.monthcalendar(year, month) if week[first.weekday()]]
        if nth >= len(days):
            assert found == RepeatFault(RepeatProblem.not_in_month, date(year, month, 1))
            return
        expected.append(date(year, month, days[nth]))
    assert found == tuple(expected)


def test_the_form_repeats_over_midnight_and_a_years_end_and_names_what_is_wrong() -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    typed = activity() | {"day": "2026-12-24", "since": "22:00", "until": "1:00", "times": "3", "except": "2026-12-24"}
    new, faults = read_activity(typed, now)
    assert isinstance(new, NewActivity), faults
    assert [f"{each.starts:%m-%d %H:%M}–{each.ends:%Y-%m-%d %H:%M}" for each in new.times] == [
        "12-31 22:00–2027-01-01 01:00",
        "01-07 22:00–2027-01-08 01:00",
    ]
    cases: dict[str, tuple[dict[str, str], object]] = {
        "times": ({"times": "54"}, "out_of_range"),
        "except": ({"except": "2026-12-25"}, RepeatProblem.exception),
        "except ": ({"except": "next week"}, "not_a_date"),
        "repeat": ({"day": "2026-12-31", "repeat": "monthly", "times": "3", "except": ""}, RepeatProblem.not_in_month),
        "since": ({"times": "48", "except": ""}, None),
        "day": ({"repeat": "monthly", "times": "14", "except": ""}, ShiftProblem.far),
        "until": ({"until": "21:59"}, ShiftProblem.long),
    }
    for field, (fields, problem) in cases.items():
        new, faults = read_activity(typed | fields, now)
        found = [
            (each.field, getattr(each.problem, "word", getattr(each.problem, "problem", each.problem)))
            for each in faults
        ]
        assert found == ([] if problem is None else [(field.strip(), problem)]), field


async def test_last_weeks_shifts_are_copied_once(database: Database) -> None:
    await migrate_part(database, SCHEMA)
    async with database.write() as connection:
        for community in (COMMUNITY, NEIGHBOURS):
            await plant_community(connection, community, NOW)
    of = await shift(database, 3, hours=-30)
    await shift(database, 3, hours=-24 * 8)
    await shift(database, 3, hours=-30, community=NEIGHBOURS)

    async def again(connection: Connection, tops: list[str]) -> int:
        return await copy(connection, await last_week(connection, tops, "drill", NOW), "clerk", NOW)

    async with database.write() as connection:
        (found,) = await last_week(connection, [COMMUNITY], "drill", NOW)
        assert (found.listed.shift.id, found.exists) == (of, False)
        assert await again(connection, [COMMUNITY]) == 1
        assert await again(connection, [COMMUNITY]) == 0, "copied twice"
        assert await last_week(connection, [COMMUNITY], "real", NOW) == ()
        (copied,) = await activities.coming(connection, COMMUNITY, "drill", NOW)
        assert copied.shift.times.starts == found.listed.shift.starts + timedelta(weeks=1)
        assert len(await last_week(connection, [TOP], "drill", NOW)) == 2


async def test_staff_copy_on_pages(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    desk = await log_in(central, session, Role.staff)
    path = await desk.make_activity(times="2", seats="7")
    of = path.rpartition("/")[2]
    form = await desk.open(f"{ACTIVITIES}/new?copy={of}")
    day = datetime.now(UTC).astimezone().date()
    assert 'value="7"' in form.html
    assert "Hot meals for elders" in form.html
    assert re.search(rf'name="day" type="date" value="({day.year}|{day.year + 1})-', form.html)
    page = await desk.send(f"{ACTIVITIES}/new", **(activity(times="2") | {"except": "2020-02-29"}))
    assert (page.status, "2020-02-29 is none of the days" in page.text()) == (422, True), page.text()
    page = await desk.open(f"{ACTIVITIES}/copy-week")
    assert "No activity took place" in page.text()
    csrf = (await desk.open(ACTIVITIES)).html.split('name="csrf" value="')[1][:64]
    answer = await desk.donor.send(f"{central.url}{ACTIVITIES}/copy-week", {"csrf": csrf, "shift": of})
    assert answer.status == 422
    neighbour = await log_in(central, session, Role.staff, NEIGHBOURS)
    assert (await neighbour.open(f"{ACTIVITIES}/new?copy={of}")).status == 404
    viewer = await log_in(central, session, Role.viewer)
    assert (await viewer.open(f"{ACTIVITIES}/copy-week")).status == 404
