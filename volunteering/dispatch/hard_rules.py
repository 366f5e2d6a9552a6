"""Decide whether a person may be proposed for a shift, and which promises exclude each other."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from sync_contract.permit import OFFICIAL_TIME
from volunteering.dispatch.world import MAX_SHIFTS, Helper, Obstacle, PlannedShift, Willing
from volunteering.rules.shift_times import ShiftTimes

REST = timedelta(minutes=30)
"""Between two shifts."""
DAY_LIMIT = timedelta(hours=8)
"""Of service that begins on one day."""
_PARTS_OF_DAY = ((6, 12), (12, 18), (18, 24))
"""Hours of morning, afternoon and evening, as on the form. What lies before 6 counts to the evening before."""


def willingness(helper: Helper, times: ShiftTimes) -> Willing:
    """Return the least of what the person wrote about each part of the day that the shift touches."""
    return min((helper.week[part] for part in parts_of_week(times)), default=Willing.no)


@lru_cache(maxsize=4 * MAX_SHIFTS)
def parts_of_week(times: ShiftTimes) -> frozenset[int]:
    """Return the numbers, 0 to 20 from Monday morning, of the parts of days that the times touch."""
    touched = set()
    at, end = times.starts.astimezone(OFFICIAL_TIME), times.ends.astimezone(OFFICIAL_TIME)
    while at < end:
        touched.add(_part(at))
        at = _next_part(at)
    return frozenset(touched)


def _part(at: datetime) -> int:
    shifted = at - timedelta(hours=6)  # a day begins at 6
    return shifted.weekday() * len(_PARTS_OF_DAY) + min(shifted.hour // 6, 2)


def _next_part(at: datetime) -> datetime:
    shifted = at - timedelta(hours=6)
    hours = 6 if shifted.hour < 6 else 12 if shifted.hour < 12 else 24
    midnight = shifted.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(hours=hours + 6)


def obstacles(helper: Helper, shift: PlannedShift) -> tuple[Obstacle, ...]:
    """Return everything that excludes the pair by itself, in the order of the enumeration."""
    return tuple(_find_obstacles(helper, shift))


def is_possible(helper: Helper, shift: PlannedShift) -> bool:
    """Return whether nothing excludes the pair."""
    return next(_find_obstacles(helper, shift), None) is None


def _find_obstacles(helper: Helper, shift: PlannedShift) -> Iterator[Obstacle]:
    if not all(helper.week[part] for part in parts_of_week(shift.times)):
        yield Obstacle.not_free
    if shift.id in helper.declined:
        yield Obstacle.declined
    if shift.needs - helper.qualifications:
        yield Obstacle.qualification
    if shift.adults_only and not helper.adult:
        yield Obstacle.too_young
    promised = [each.times for each in helper.commitments]
    if any(times.overlaps(shift.times) for times in promised):
        yield Obstacle.overlap
    elif any(exclude_each_other(times, shift.times) for times in promised):
        yield Obstacle.rest
    if shift.times.ends - shift.times.starts > room_on_day(helper, day_of(shift.times)):
        yield Obstacle.day_limit
    if room_in_week(helper, week_of(shift.times)) < 1:
        yield Obstacle.week_limit


def exclude_each_other(one: ShiftTimes, other: ShiftTimes) -> bool:
    """Return whether nobody can promise both: they overlap, or there is no rest between them."""
    return one.starts < other.ends + REST and other.starts < one.ends + REST


def room_on_day(helper: Helper, day: date) -> timedelta:
    """Return how much service may still begin on this day."""
    if not helper.commitments:
        return DAY_LIMIT
    lengths = [each.times.ends - each.times.starts for each in helper.commitments if day_of(each.times) == day]
    return max(DAY_LIMIT - sum(lengths, timedelta()), timedelta())


def room_in_week(helper: Helper, monday: date) -> int:
    """Return how many more shifts the person wants in this week."""
    if not helper.commitments:
        return helper.per_week
    return max(helper.per_week - sum(week_of(each.times) == monday for each in helper.commitments), 0)


@lru_cache(maxsize=4 * MAX_SHIFTS)
def day_of(times: ShiftTimes) -> date:
    """Return the official day on which a shift begins."""
    return times.starts.astimezone(OFFICIAL_TIME).date()


@lru_cache(maxsize=4 * MAX_SHIFTS)
def week_of(times: ShiftTimes) -> date:
    """Return the Monday of the official week in which a shift begins."""
    day = day_of(times)
    return day - timedelta(days=day.weekday())
