"""Decide when a message is sent: by day, unless it would come too late, and again after a failure."""

from datetime import datetime, time, timedelta, tzinfo

QUIET_FROM, QUIET_UNTIL = time(21, 30), time(7, 30)
"""No telephone rings between these times of day."""
NOTICE = timedelta(hours=1)
"""A message that would reach the person later than this before they act is sent at night."""
REMIND_AT = time(18, 0)
_FIRST_WAIT, _MAX_WAIT = timedelta(seconds=30), timedelta(minutes=15)


def next_daytime(at: datetime, zone: tzinfo) -> datetime:
    """Return `at`, or the next end of the quiet hours."""
    local = at.astimezone(zone)
    if QUIET_UNTIL <= local.time() < QUIET_FROM:
        return at
    morning = datetime.combine(local.date(), QUIET_UNTIL, zone)
    return morning if local < morning else morning + timedelta(days=1)


def due_at(now: datetime, needed_by: datetime, zone: tzinfo) -> datetime:
    """Return when to send a message on which the person acts by `needed_by`."""
    morning = next_daytime(now, zone)
    return morning if morning <= needed_by - NOTICE else now


def reminder_at(starts: datetime, zone: tzinfo) -> datetime:
    """Return when people are reminded of a shift: in the evening before its day."""
    return datetime.combine(starts.astimezone(zone).date() - timedelta(days=1), REMIND_AT, zone)


def next_try(tries: int, now: datetime) -> datetime:
    """`tries`: that failed, at least 1."""
    doubled = _FIRST_WAIT * (1 << min(tries - 1, 10))
    return now + min(_MAX_WAIT, doubled)
