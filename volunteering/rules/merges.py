"""Decide whether two records of people may become one: two members of staff agree, and neither person objects."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from volunteering.rules.service_hours import Span

MAY_OBJECT = timedelta(days=7)
"""Between the approval and the merge. Both people have a message, and may object."""
LAPSES = timedelta(days=14)
"""A proposal that nobody approved ends after this time."""


class MergeState(StrEnum):
    proposed = "proposed"
    approved = "approved"
    done = "done"
    declined = "declined"
    """By staff."""
    objected = "objected"
    """By one of the two people."""
    lapsed = "lapsed"


OPEN = frozenset({MergeState.proposed, MergeState.approved})


class MergeProblem(StrEnum):
    unknown = "unknown"
    """Nobody in this community has this number or card."""
    same = "same"
    """Both are one record."""
    under_way = "under_way"
    """One of them takes part in another merge."""
    overlap = "overlap"
    """Both served at the same time, so that they are two people, or hours were counted twice."""
    own_proposal = "own_proposal"
    """The account proposed it."""
    ended = "ended"


def judge_proposal(
    ends: tuple[str, str], remains: tuple[str, str], *, under_way: bool, ends_at: Collection[Span], at: Collection[Span]
) -> MergeProblem | None:
    """Return why no merge may be proposed. `ends`, `remains`: id and community; `ends_at`, `at`: when each served."""
    if ends[1] != remains[1]:
        return MergeProblem.unknown
    if ends[0] == remains[0]:
        return MergeProblem.same
    if under_way:
        return MergeProblem.under_way
    return MergeProblem.overlap if overlaps(ends_at, at) else None


def judge_approval(state: str, proposed_by: str, account: str, due_at: datetime, now: datetime) -> MergeProblem | None:
    """Return why the account may not approve the proposal."""
    if state != MergeState.proposed or now >= due_at:
        return MergeProblem.ended
    return MergeProblem.own_proposal if account == proposed_by else None


def overlaps(some: Collection[Span], others: Collection[Span]) -> bool:
    return any(one.starts < other.ends and other.starts < one.ends for one in some for other in others)
