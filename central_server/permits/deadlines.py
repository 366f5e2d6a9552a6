"""Compute the ends of certificates and plans, and the days by which a project's money must be disclosed.

Charity Law and the ministry's disclosure rules (Order 81, in force 2026-01-01): a campaign of more than six months
discloses at least every three months, and every campaign within three months after its end. Days are in Beijing.
"""

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

WARNING_TIME = timedelta(days=30)
"""Staff are warned this long before an end or a disclosure day."""
DISCLOSURE_MONTHS = 3
LONG_CAMPAIGN_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Deadline:
    """`days`: until the last day, negative when it has passed."""

    until: date
    days: int

    @property
    def soon(self) -> bool:
        return 0 <= self.days <= WARNING_TIME.days

    @property
    def over(self) -> bool:
        return self.days < 0


def deadline(until: date | None, today: date) -> Deadline | None:
    return None if until is None else Deadline(until, (until - today).days)


def after_months(day: date, months: int) -> date:
    """Return the same day of the month `months` later, or that month's last day."""
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def disclosure_days(opens: date, closes: date) -> tuple[date, ...]:
    """Return in order the days by which a campaign from `opens` to `closes` (both included) must have disclosed."""
    found = []
    if closes > after_months(opens, LONG_CAMPAIGN_MONTHS):
        step = DISCLOSURE_MONTHS
        while (due := after_months(opens, step)) <= closes:
            found.append(due)
            step += DISCLOSURE_MONTHS
    found.append(after_months(closes, DISCLOSURE_MONTHS))
    return tuple(found)


def next_disclosure(opens: date, closes: date, done: Collection[date], today: date) -> Deadline | None:
    """Return the overdue disclosure, else the next one, None if all are done.

    A disclosure covers the whole time before it, so of several overdue ones only the last counts.
    """
    due_days = disclosure_days(opens, closes)
    overdue = [due for due in due_days if due < today]
    if overdue and overdue[-1] not in done:
        return deadline(overdue[-1], today)
    return next((deadline(due, today) for due in due_days if due >= today and due not in done), None)
