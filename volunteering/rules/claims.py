"""Decide what a second person may confirm of a claim, and how many must confirm it."""

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from volunteering.rules.service_hours import Span, uncounted_minutes

ALONE_UP_TO = 8 * 60
"""Minutes without proof of one person on one day that one account may confirm; for more, two must."""


class ClaimState(StrEnum):
    waiting = "waiting"
    confirmed = "confirmed"
    declined = "declined"


class ClaimProblem(StrEnum):
    """Why a decision changes nothing."""

    decided = "decided"
    """It was confirmed or declined before."""
    unstated = "unstated"
    """The account has not stated who it is as a volunteer."""
    own = "own"
    """The person who claims decides."""
    again = "again"
    """The account has confirmed it before, or the person behind it has with another account."""
    padded = "padded"
    """More minutes than the claim has, or none."""
    overlap = "overlap"
    """Another record of the person counts some of this time already."""
    reason = "reason"
    """None was given, or it is too long."""


def judge_minutes(claimed: Span, minutes: int, counted: Iterable[Span]) -> ClaimProblem | None:
    """Judge the minutes to confirm, from the begin of the claim. `counted`: the time of the person's other records."""
    if not 1 <= minutes <= uncounted_minutes(claimed, ()):
        return ClaimProblem.padded
    confirmed = Span(claimed.starts, claimed.starts + timedelta(minutes=minutes))
    return ClaimProblem.overlap if uncounted_minutes(confirmed, counted) < minutes else None


def confirmations_needed(minutes: int, that_day: int) -> int:
    """Return how many accounts must confirm. `that_day`: confirmed minutes of the day without proof, without these."""
    return 1 if minutes + that_day <= ALONE_UP_TO else 2
