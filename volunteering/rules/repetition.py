"""Decide on which days an activity repeats: each week or month from its first day, without exceptions and holidays."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Repeat(StrEnum):
    weekly = "weekly"
    monthly = "monthly"
    """On the same day of each month: the 15th."""
    weekday_of_month = "weekday_of_month"
    """On the same weekday of each month: the second Saturday."""


class RepeatProblem(StrEnum):
    not_in_month = "not_in_month"
    """A month does not have the day: no 31st, or no fifth Saturday."""
    exception = "exception"
    """An exception is none of the days."""
    none_left = "none_left"
    """Every day is an exception or a holiday."""
    unknown_year = "unknown_year"
    """The holidays of the year are not known."""


@dataclass(frozen=True, slots=True)
class RepeatFault:
    """`day`: which one is wrong; of `not_in_month`, a day in the month that lacks it."""

    problem: RepeatProblem
    day: date


@dataclass(frozen=True, slots=True)
class Repetition:
    """`count`: days in all, before exceptions and holidays are left out; at least 1.

    `holidays`: by year, None to repeat on holidays too.
    """

    repeat: Repeat
    count: int
    exceptions: Collection[date] = ()
    holidays: Mapping[int, Collection[date]] | None = None


def days_of(first: date, repetition: Repetition) -> tuple[date, ...] | RepeatFault:
    """Return the days in their order."""
    days = list[date]()
    for number in range(repetition.count):
        day = _nth(first, repetition.repeat, number)
        if isinstance(day, RepeatFault):
            return day
        days.append(day)
    for each in sorted(repetition.exceptions):
        if each not in days:
            return RepeatFault(RepeatProblem.exception, each)
    left = [day for day in days if day not in repetition.exceptions]
    if repetition.holidays is not None:
        for day in left:
            if day.year not in repetition.holidays:
                return RepeatFault(RepeatProblem.unknown_year, day)
        left = [day for day in left if day not in repetition.holidays[day.year]]
    return tuple(left) if left else RepeatFault(RepeatProblem.none_left, first)


def _nth(first: date, repeat: Repeat, number: int) -> date | RepeatFault:
    if repeat is Repeat.weekly:
        return first + timedelta(weeks=number)
    months = first.month - 1 + number
    month = date(first.year + months // 12, months % 12 + 1, 1)
    if repeat is Repeat.monthly:
        day = month + timedelta(days=first.day - 1)
    else:
        to_weekday = (first.weekday() - month.weekday()) % 7
        day = month + timedelta(days=to_weekday, weeks=(first.day - 1) // 7)
    return day if day.month == month.month else RepeatFault(RepeatProblem.not_in_month, month)
