"""Define periods of official time: a day in hours; a week, a month or ninety days in days; a year in weeks."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from sync_contract.permit import OFFICIAL_TIME

FIRST_DAY = date(2020, 6, 1)
"""Figures of earlier days cannot be requested."""
_DAY = timedelta(days=1)


class Span(StrEnum):
    day = "day"
    week = "week"
    month = "month"
    quarter = "quarter"
    """Ninety days that end with the chosen one."""
    year = "year"
    """52 weeks from Monday to Sunday; the last contains the chosen day."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` and before `until`, in slots of `step`."""

    span: Span
    first: date
    days: int

    @property
    def since(self) -> datetime:
        return _midnight(self.first)

    @property
    def until(self) -> datetime:
        return _midnight(self.first + self.days * _DAY)

    @property
    def last(self) -> date:
        return self.first + (self.days - 1) * _DAY

    @property
    def step(self) -> timedelta:
        return {Span.day: timedelta(hours=1), Span.year: 7 * _DAY}.get(self.span, _DAY)

    @property
    def slots(self) -> tuple[datetime, ...]:
        """Return the start of each slot."""
        return tuple(self.since + number * self.step for number in range((self.until - self.since) // self.step))

    @property
    def before(self) -> "Period":
        if self.span is Span.month:
            return period_of(Span.month, self.first - _DAY)
        return Period(self.span, self.first - self.days * _DAY, self.days)

    @property
    def after(self) -> "Period":
        if self.span is Span.month:
            return period_of(Span.month, self.until.astimezone(OFFICIAL_TIME).date())
        return Period(self.span, self.first + self.days * _DAY, self.days)


def period_of(span: Span, of: date) -> Period:
    """Return the period that contains the day `of`."""
    match span:
        case Span.day:
            return Period(span, of, 1)
        case Span.week:
            return Period(span, of - of.weekday() * _DAY, 7)
        case Span.month:
            first = of.replace(day=1)
            following = (first + 31 * _DAY).replace(day=1)
            return Period(span, first, (following - first).days)
        case Span.quarter:
            return Period(span, of - 89 * _DAY, 90)
        case Span.year:
            return Period(span, of - of.weekday() * _DAY - 51 * 7 * _DAY, 364)


def _midnight(of: date) -> datetime:
    return datetime.combine(of, time(), OFFICIAL_TIME)
