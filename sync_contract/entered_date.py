"""Read and bound the dates that people enter: in forms, files, settings, commands and queries."""

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
"""Every date that a person enters lies between them: arithmetic on it never leaves the calendar."""
_SPELLED = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?(?: 00:00:00)?")


def read_date(text: str) -> date | None:
    """Return a date of the calendar, written like 2026-12-31, 2026/12/31 or 2026年12月31日; None for other text."""
    found = _SPELLED.fullmatch(text.strip())
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def read_entered_date(text: str, first: date = FIRST_DAY, last: date = LAST_DAY) -> date | None:
    """Return the date; None for other text and for a date outside the bounds."""
    day = read_date(text)
    return day if day is not None and first <= day <= last else None


def _bounded(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"应在 {FIRST_DAY} 与 {LAST_DAY} 之间 must lie between {FIRST_DAY} and {LAST_DAY}")
    return day


EnteredDate = Annotated[date, AfterValidator(_bounded)]
