"""Copy shifts of the last seven days to the same weekdays of the week to come."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import groupby

from central_server.store.engine.connection import Connection
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.uuid7 import new_id
from volunteering.activities.public_holidays import public_holidays
from volunteering.rules.shift_times import ShiftTimes
from volunteering.store import activities
from volunteering.store.activities import ListedShift, Shift

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class WeekLater:
    """`listed`: the shift to copy; `times`: of the copy. `exists`: the activity has a shift then already."""

    listed: ListedShift
    times: ShiftTimes
    exists: bool
    holiday: bool


async def last_week(
    connection: Connection, tops: Collection[str], environment: str, now: datetime
) -> tuple[WeekLater, ...]:
    """Return the shifts that began on the last seven official days, today included, and whose copy is to come."""
    midnight = datetime.combine(now.astimezone(OFFICIAL_TIME).date(), time(), OFFICIAL_TIME)
    since, until = midnight - timedelta(days=6), midnight + timedelta(days=1)
    found = await activities.below_between(connection, tops, environment, since, until)
    found = tuple(each for each in found if since <= each.shift.starts and each.shift.starts + _WEEK > now)
    taken = await activities.begins_of(connection, {each.shift.opportunity for each in found}, now)
    return tuple(_week_later(each, taken) for each in found)


def _week_later(listed: ListedShift, taken: Collection[tuple[str, datetime]]) -> WeekLater:
    times = ShiftTimes(listed.shift.starts + _WEEK, listed.shift.ends + _WEEK)
    day = times.starts.astimezone(OFFICIAL_TIME).date()
    holiday = day in public_holidays().get(day.year, ())
    return WeekLater(listed, times, (listed.shift.opportunity, times.starts) in taken, holiday)


async def copy(connection: Connection, chosen: Collection[WeekLater], account: str, now: datetime) -> int:
    """Add the copies to their activities, unless they exist. Return how many."""
    new = sorted((each for each in chosen if not each.exists), key=lambda each: each.listed.shift.opportunity)
    for _, of_activity in groupby(new, key=lambda each: each.listed.shift.opportunity):
        added = [_copied(each) for each in of_activity]
        await activities.add_shifts(connection, added, account, now)
    return len(new)


def _copied(each: WeekLater) -> Shift:
    shift = each.listed.shift
    about = (new_id(), shift.opportunity, shift.community, shift.environment)
    return Shift(*about, each.times.starts, each.times.ends, shift.seats, shift.state)
