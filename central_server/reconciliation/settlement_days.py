"""Select the settlement days whose files are due. A settlement day is a day in Beijing, not the day of a gift."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from sync_contract.permit import OFFICIAL_TIME

READY_AT = time(9)
"""Beijing time at which the previous day's file is ready."""
FETCH_BACK = timedelta(days=60)
"""Older files are not fetched automatically."""
RETRY_PERIOD = timedelta(days=5)
"""A missing file is requested again for this long: nothing was settled, or it is not ready yet."""
ASK_AGAIN_AFTER = timedelta(hours=6)
GRACE = timedelta(days=3)
"""A payment is in the file of its day, of the day before, or of one of this many days after it."""
REFUND_GRACE = timedelta(days=12)
"""A refund takes up to ten settlement days."""
WAIT_FOR_FILES = timedelta(days=7)
"""After this much longer, a movement in no file is a difference of its own, even if the bank never gave all files."""
ONE = timedelta(days=1)
CheckedDays = Mapping[date, tuple[bool, datetime]]
"""By day: whether there is a file, and when it was last requested."""


def newest_day(now: datetime) -> date:
    """Return the last day whose file may be ready."""
    local = now.astimezone(OFFICIAL_TIME)
    return local.date() - (ONE if local.time() >= READY_AT else 2 * ONE)


def first_day(first_order: datetime | None, now: datetime) -> date | None:
    """Return the first day whose file is needed, None before the first order."""
    if first_order is None:
        return None
    return max(first_order.astimezone(OFFICIAL_TIME).date() - ONE, newest_day(now) - FETCH_BACK)


def due_days(since: date, checked: CheckedDays, now: datetime) -> tuple[date, ...]:
    """Return the days to request now, oldest first."""
    last = newest_day(now)
    return tuple(day for day in _days(since, last) if _is_due(day, checked.get(day), last, now))


def _is_due(day: date, checked: tuple[bool, datetime] | None, last: date, now: datetime) -> bool:
    if checked is None:
        return True
    has_file, requested = checked
    return not has_file and last - day < RETRY_PERIOD and now - requested >= ASK_AGAIN_AFTER


def last_expected_day(
    paid_at: datetime, checked: CheckedDays, now: datetime | None, grace: timedelta = GRACE
) -> date | None:
    """Return the last day whose file should contain a payment of that time; None while a file may still come.

    `now`: None for a bank that gives no files, so that none is overdue.
    """
    day = paid_at.astimezone(OFFICIAL_TIME).date()
    last = day + grace
    complete = all(each in checked for each in _days(day - ONE, last))
    overdue = now is not None and newest_day(now) >= last + WAIT_FOR_FILES
    return last if complete or overdue else None


def _days(since: date, until: date) -> tuple[date, ...]:
    return tuple(since + timedelta(days=number) for number in range((until - since).days + 1))
