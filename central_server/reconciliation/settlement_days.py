"""Which settlement days' files are to be asked for. A settlement day is a day of Beijing, and no gift's day."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from sync_contract.permit import OFFICIAL_TIME

READY_AT = time(9)
"""Beijing time at which the bank has the file of the day before."""
BACK = timedelta(days=60)
"""No file older than this is fetched by itself."""
AWAITED = timedelta(days=5)
"""So long a file that was not there is asked for again: nothing was settled that day, or not yet."""
ASK_AGAIN_AFTER = timedelta(hours=6)
GRACE = timedelta(days=3)
"""A payment stands in the file of its day, of the day before, or of one of so many days after it."""
REFUND_GRACE = timedelta(days=12)
"""A refund takes up to ten settlement days."""
ONE = timedelta(days=1)
Looked = Mapping[date, tuple[bool, datetime]]
"""By day: whether there is a file, and when it was last asked for."""


def newest(now: datetime) -> date:
    """The last day whose file may be there."""
    local = now.astimezone(OFFICIAL_TIME)
    return local.date() - (ONE if local.time() >= READY_AT else 2 * ONE)


def first(first_order: datetime | None, now: datetime) -> date | None:
    """From where on files are looked at; None before the first order."""
    if first_order is None:
        return None
    return max(first_order.astimezone(OFFICIAL_TIME).date() - ONE, newest(now) - BACK)


def due(since: date, looked: Looked, now: datetime) -> tuple[date, ...]:
    """The days to ask for now, the oldest first."""
    last = newest(now)
    return tuple(day for day in _days(since, last) if _is_due(day, looked.get(day), last, now))


def _is_due(day: date, looked: tuple[bool, datetime] | None, last: date, now: datetime) -> bool:
    if looked is None:
        return True
    there, asked = looked
    return not there and last - day < AWAITED and now - asked >= ASK_AGAIN_AFTER


def missed(paid_at: datetime, looked: Looked, grace: timedelta = GRACE) -> date | None:
    """The last of the days in whose files a payment of that time should be, when all of them were looked at."""
    day = paid_at.astimezone(OFFICIAL_TIME).date()
    last = day + grace
    return last if all(each in looked for each in _days(day - ONE, last)) else None


def _days(since: date, until: date) -> tuple[date, ...]:
    return tuple(since + timedelta(days=number) for number in range((until - since).days + 1))
