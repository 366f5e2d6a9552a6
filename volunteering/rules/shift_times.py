"""Decide when a shift takes place. Times of day are official time, which has no daylight saving."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:：]([0-5][0-9])")
MAX_LENGTH = timedelta(hours=12)
MAX_AHEAD = timedelta(days=366)


class ShiftProblem(StrEnum):
    past = "past"
    far = "far"
    """It begins later than `MAX_AHEAD` from now."""
    long = "long"
    """It is longer than `MAX_LENGTH`."""


@dataclass(frozen=True, slots=True)
class ShiftTimes:
    """Aware datetimes, `starts` before `ends`."""

    starts: datetime
    ends: datetime

    def overlaps(self, other: "ShiftTimes") -> bool:
        """Whether both take place at one moment; one may begin when the other ends."""
        return self.starts < other.ends and other.starts < self.ends


def read_time(text: str) -> time | None:
    """Return a time of day written like 9:00 or 23:30; None for other text."""
    found = _TIME.fullmatch(text.strip())
    return None if found is None else time(int(found[1]), int(found[2]))


def plan_shift(day: date, begins: time, ends: time, zone: ZoneInfo, now: datetime) -> ShiftTimes | ShiftProblem:
    """Return the times of a shift that begins on `day`. It ends on the next day if `ends` is not after `begins`."""
    starts = datetime.combine(day, begins, zone)
    last_day = day if ends > begins else day + timedelta(days=1)
    times = ShiftTimes(starts, datetime.combine(last_day, ends, zone))
    if times.ends - times.starts > MAX_LENGTH:
        return ShiftProblem.long
    if times.starts <= now:
        return ShiftProblem.past
    return ShiftProblem.far if times.starts > now + MAX_AHEAD else times
