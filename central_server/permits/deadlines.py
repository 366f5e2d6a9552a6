"""Ends of certificates and plans, and the days by which a project's money must have been published.

Charity Law and the ministry's rules on disclosure (Order 81, in force 2026-01-01): a campaign of more than six months
publishes at least every three months, and every campaign within three months after its end. Days are of Beijing.
"""

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

WARNED = timedelta(days=30)
"""Before an end, or a day of disclosure."""
EVERY_MONTHS = 3
LONG_MONTHS = 6


@dataclass(frozen=True, slots=True)
class Ending:
    """`days`: until the last day; below nought when it is over."""

    until: date
    days: int

    @property
    def soon(self) -> bool:
        return 0 <= self.days <= WARNED.days

    @property
    def over(self) -> bool:
        return self.days < 0


def ending(until: date | None, today: date) -> Ending | None:
    return None if until is None else Ending(until, (until - today).days)


def after_months(day: date, months: int) -> date:
    """The same day of the month so much later, or the month's last one."""
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def disclosures(opens: date, closes: date) -> tuple[date, ...]:
    """The days by which a campaign from `opens` to `closes` (both included) must have published, in order."""
    found = []
    if closes > after_months(opens, LONG_MONTHS):
        step = EVERY_MONTHS
        while (due := after_months(opens, step)) <= closes:
            found.append(due)
            step += EVERY_MONTHS
    found.append(after_months(closes, EVERY_MONTHS))
    return tuple(found)


def next_disclosure(opens: date, closes: date, done: Collection[date], today: date) -> Ending | None:
    """The one that is overdue, else the next; None when all are noted as done. A later one tells all that those before
    it would have told, so of several that are overdue only the last still is."""
    every = disclosures(opens, closes)
    past = [due for due in every if due < today]
    if past and past[-1] not in done:
        return ending(past[-1], today)
    return next((ending(due, today) for due in every if due >= today and due not in done), None)
