"""Read the form by which an organiser makes an activity with one or more shifts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from central_server.catalogue.field_parsing import Fault, Reading, Word, words_of
from sync_contract.entered_date import read_date
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.strict_model import Language
from volunteering.activities.public_holidays import public_holidays
from volunteering.rules.repetition import Repeat, RepeatFault, RepeatProblem, Repetition, days_of
from volunteering.rules.shift_times import ShiftProblem, ShiftTimes, plan_shift, read_time

MAX_SEATS, MAX_TIMES = 500, 53
_MAX_TITLE, _MAX_MEETING, _MAX_ABOUT = 60, 80, 600


_REPEAT_FIELDS = {
    RepeatProblem.not_in_month: "repeat",
    RepeatProblem.exception: "except",
    RepeatProblem.none_left: "except",
    RepeatProblem.unknown_year: "holidays",
}


@dataclass(frozen=True, slots=True)
class NewActivity:
    """`community`: as typed, not yet checked."""

    community: str
    title: Texts
    about: Texts | None
    meeting: Texts
    times: tuple[ShiftTimes, ...]
    seats: int


@dataclass(frozen=True, slots=True)
class ActivityFault:
    """What is wrong with a field of the form: a word of the catalogue's forms, of shifts, or of their repetition."""

    field: str
    problem: Fault | ShiftProblem | RepeatFault


def read_activity(values: Mapping[str, str], now: datetime) -> tuple[NewActivity | None, list[ActivityFault]]:
    """Return the activity, or None with what is wrong. Languages that are left empty get the first text."""
    reading = Reading(_fill_languages(values))
    title = reading.texts("title", _MAX_TITLE)
    meeting = reading.texts("meeting", _MAX_MEETING)
    about = reading.texts("about", _MAX_ABOUT, needed=False, lines=True)
    seats = reading.number("seats", 1, MAX_SEATS)
    times = _read_times(reading, now)
    faults = [ActivityFault(fault.field, fault) for fault in reading.faults]
    if isinstance(times, ShiftProblem):
        return None, [*faults, ActivityFault("day" if times is not ShiftProblem.long else "until", times)]
    if isinstance(times, RepeatFault):
        return None, [*faults, ActivityFault(_REPEAT_FIELDS[times.problem], times)]
    if faults or title is None or meeting is None or times is None:
        return None, faults
    return NewActivity(values.get("place", ""), title, about, meeting, times, seats), faults


def _read_times(reading: Reading, now: datetime) -> tuple[ShiftTimes, ...] | ShiftProblem | RepeatFault | None:
    day = reading.day("day")
    if day is None and not reading.values.get("day", "").strip():
        reading.fault("day", Word.needed)
    begins, ends = (read_time(reading.values.get(name, "")) for name in ("since", "until"))
    for name, found in (("since", begins), ("until", ends)):
        if found is None:
            reading.fault(name, Word.not_a_time if reading.values.get(name, "").strip() else Word.needed)
    repetition = _read_repetition(reading)
    if day is None or begins is None or ends is None or reading.faults:
        return None
    days = days_of(day, repetition)
    if isinstance(days, RepeatFault):
        return days
    planned = list[ShiftTimes]()
    for each in days:
        times = plan_shift(each, begins, ends, OFFICIAL_TIME, now)
        if isinstance(times, ShiftProblem):
            return times
        planned.append(times)
    return tuple(planned)


def _read_repetition(reading: Reading) -> Repetition:
    values = reading.values
    count = reading.number("times", 1, MAX_TIMES, otherwise=1)
    repeat = values.get("repeat", "")
    exceptions = list[date]()
    for word in words_of(values.get("except", "")):
        found = read_date(word)
        if found is None:
            reading.fault("except", Word.not_a_date)
            break
        exceptions.append(found)
    holidays = public_holidays() if values.get("holidays") == "skip" else None
    return Repetition(Repeat(repeat) if repeat in list(Repeat) else Repeat.weekly, count, exceptions, holidays)


def _fill_languages(values: Mapping[str, str]) -> dict[str, str]:
    """Give an empty language the first text, so that readers of it see something."""
    filled = dict(values)
    for name in ("title", "meeting", "about"):
        fields = [f"{name}_{language.value.lower().replace('-', '_')}" for language in Language]
        first = next((text for field in fields if (text := filled.get(field, "")).strip()), "")
        for field in fields:
            filled[field] = filled.get(field, "") if filled.get(field, "").strip() else first
    return filled
