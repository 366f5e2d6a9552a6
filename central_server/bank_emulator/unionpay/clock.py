"""The bank's clock: it follows the machine's, and a drill can advance it."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
CUT_OFF = timedelta(hours=23)
"""A settlement day ends at this time in Beijing and has the date of its end."""


class Clock:
    """Times are seconds since 1970. `ahead`: by how many seconds it was advanced."""

    def __init__(self, ahead: float = 0.0, machine: Callable[[], float] = time.time) -> None:
        self.ahead = ahead
        self._machine = machine
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> float:
        return self._machine() + self.ahead

    def machine(self) -> float:
        """Return the time of a clock that was not advanced."""
        return self._machine()

    def advance(self, seconds: float) -> None:
        self.ahead += seconds
        for listener in self._listeners:
            listener()

    def on_advance(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)


def beijing(at: float) -> datetime:
    return datetime.fromtimestamp(at, BEIJING)


def read_time(text: str) -> float | None:
    """Read YYYYMMDDhhmmss in Beijing time; None if there is no such time."""
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING).timestamp()
    except ValueError:
        return None


def settlement_day(at: float) -> date:
    return (beijing(at) + timedelta(days=1) - CUT_OFF).date()


def day_ends(day: date) -> float:
    return (datetime(day.year, day.month, day.day, tzinfo=BEIJING) + CUT_OFF).timestamp()


def day_of(mmdd: str, now: float) -> date | None:
    """Return the last such settlement day that has begun, None if there is none."""
    current = settlement_day(now)
    for year in range(current.year, current.year - 5, -1):  # 29 February is not in every year
        try:
            day = datetime.strptime(f"{year}{mmdd}", "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            continue
        if day <= current:
            return day
    return None


def after_working_days(at: float, days: int) -> float:
    """Add working days: Saturdays and Sundays do not count; holidays are unknown."""
    then = beijing(at)
    while days:
        then += timedelta(days=1)
        days -= then.weekday() < 5
    return then.timestamp()
