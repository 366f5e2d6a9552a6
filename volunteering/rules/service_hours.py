"""Count hours of service: complete minutes by grade of evidence. No minute counts twice, and none is multiplied."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Grade(StrEnum):
    """How the time of a service record is proved, from the strongest to the weakest."""

    screen = "screen"
    """A code of the screen in the hall, when the person came and when they left, or the planned end."""
    organiser = "organiser"
    """The organiser saw the person."""
    paper = "paper"
    """A signed list on paper, entered by staff."""
    claim = "claim"
    """A statement without proof that a second person confirmed."""


@dataclass(frozen=True, slots=True)
class Span:
    """Aware datetimes. Empty where `ends` is not after `starts`."""

    starts: datetime
    ends: datetime


def uncounted_minutes(span: Span, counted: Iterable[Span]) -> int:
    """Return the complete minutes of `span` that are in none of `counted`."""
    left, at = timedelta(), span.starts
    for each in sorted(counted, key=lambda other: other.starts):
        if each.ends <= at or each.ends <= each.starts:
            continue
        if each.starts >= span.ends:
            break
        left += max(timedelta(), each.starts - at)
        at = each.ends
    left += max(timedelta(), span.ends - at)
    return int(left.total_seconds() // 60)


def stars(minutes: int, star_hours: Iterable[int]) -> int:
    """Return how many of the thresholds are reached. `star_hours`: in hours."""
    return sum(minutes >= hours * 60 for hours in star_hours)


def next_star_minutes(minutes: int, star_hours: Iterable[int]) -> int | None:
    """Return how many minutes are missing for the next star, None after the last one."""
    missing = (hours * 60 - minutes for hours in sorted(star_hours))
    return next((left for left in missing if left > 0), None)
