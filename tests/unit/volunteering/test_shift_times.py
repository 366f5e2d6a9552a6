"""When a shift takes place: over midnight, a year's end and a leap day."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from sync_contract.strict_model import Language
from volunteering.rules.shift_times import ShiftProblem, ShiftTimes, plan_shift, read_time
from volunteering.shift_wording import shift_day, shift_hours

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2027, 12, 1, 12, 0, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("day", "since", "until", "starts", "ends"),
    [
        ("2027-12-02", "09:00", "11:00", "2027-12-02T09:00", "2027-12-02T11:00"),
        ("2027-12-31", "22:00", "02:00", "2027-12-31T22:00", "2028-01-01T02:00"),
        ("2028-02-28", "23:30", "00:30", "2028-02-28T23:30", "2028-02-29T00:30"),
        ("2027-12-02", "08:00", "20:00", "2027-12-02T08:00", "2027-12-02T20:00"),
    ],
)
def test_a_shift_that_ends_earlier_than_it_begins_ends_on_the_next_day(
    day: str, since: str, until: str, starts: str, ends: str
) -> None:
    planned = plan_shift(date.fromisoformat(day), time.fromisoformat(since), time.fromisoformat(until), ZONE, NOW)
    expected = (datetime.fromisoformat(each).replace(tzinfo=ZONE) for each in (starts, ends))
    assert planned == ShiftTimes(*expected)


@pytest.mark.parametrize(
    ("day", "since", "until", "problem"),
    [
        ("2027-12-01", "12:00", "13:00", ShiftProblem.past),
        ("2028-12-02", "09:00", "11:00", ShiftProblem.far),
        ("2027-12-02", "08:00", "20:01", ShiftProblem.long),
        ("2027-12-02", "08:00", "08:00", ShiftProblem.long),
    ],
)
def test_a_shift_is_in_the_future_and_lasts_twelve_hours_at_most(
    day: str, since: str, until: str, problem: ShiftProblem
) -> None:
    found = plan_shift(date.fromisoformat(day), time.fromisoformat(since), time.fromisoformat(until), ZONE, NOW)
    assert found is problem


def test_shifts_that_touch_do_not_overlap() -> None:
    hours = [
        ShiftTimes(NOW + timedelta(hours=a), NOW + timedelta(hours=b)) for a, b in ((0, 2), (2, 4), (1, 3), (0, 9))
    ]
    overlapping = {(a, b) for a in range(4) for b in range(a) if hours[a].overlaps(hours[b])}
    assert overlapping == {(2, 0), (2, 1), (3, 0), (3, 1), (3, 2)}
    assert all(hours[b].overlaps(hours[a]) for a, b in overlapping)


@pytest.mark.parametrize("text", ["9:00", "09:00", "23:59", "0:00", " 9：05 "])
def test_times_of_day_are_read(text: str) -> None:
    assert read_time(text) == time.fromisoformat(f"{text.strip().replace('：', ':'):0>5}")


@pytest.mark.parametrize("text", ["", "9", "24:00", "9:60", "9.00", "nine", "١٢:٠٠"])
def test_other_text_is_no_time(text: str) -> None:
    assert read_time(text) is None


def test_times_are_worded_in_each_language() -> None:
    night = ShiftTimes(datetime(2027, 12, 31, 22, 0, tzinfo=ZONE), datetime(2028, 1, 1, 2, 0, tzinfo=ZONE))
    assert [shift_day(night, each) for each in Language] == [
        "12月31日 星期五",
        "12月31日 星期五",
        "Fri, Dec 31",
    ]
    assert [shift_hours(night, each) for each in Language] == [
        "22:00–2028年1月1日 02:00",
        "22:00–2028年1月1日 02:00",
        "22:00–02:00, Jan 1, 2028",
    ]
