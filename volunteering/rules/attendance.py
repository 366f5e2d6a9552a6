"""Decide to which shift a scan belongs, and how much of a shift counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from volunteering.rules.check_in_judgement import Evidence
from volunteering.rules.service_hours import Span, uncounted_minutes
from volunteering.rules.shift_times import ShiftTimes

AROUND = timedelta(hours=1)
"""People check in up to this long before a shift begins, and out up to this long after its end."""
PAUSE = timedelta(minutes=5)
"""A second scan so soon after the first is no check-out."""


class Step(StrEnum):
    arrive = "in"
    leave = "out"


@dataclass(frozen=True, slots=True)
class Scan:
    """`at`: by the server's clock."""

    at: datetime
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Attended:
    """A person's seat in a shift, and their scans."""

    sign_up: str
    times: ShiftTimes
    arrived: Scan | None = None
    left: Scan | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """`planned_end`: nobody checked out, so the end of the shift counts."""

    minutes: int
    evidence: Evidence
    planned_end: bool


def choose(attended: Sequence[Attended], at: datetime) -> tuple[Attended, Step | None] | None:
    """Return the shift and the step of a scan; the step is None right after the arrival. None: no shift now."""
    ordered = sorted(attended, key=lambda each: each.times.starts)
    for each in ordered:
        if each.arrived is not None and each.left is None and at <= each.times.ends + AROUND:
            return each, Step.leave if at >= each.arrived.at + PAUSE else None
    for each in ordered:
        if each.arrived is None and each.times.starts - AROUND <= at < each.times.ends:
            return each, Step.arrive
    return None


def span_of(times: ShiftTimes, arrived: Scan, left: Scan | None) -> Span:
    """Return the time within the shift from arrival to departure, or to the planned end; empty for none."""
    ends = times.ends if left is None else min(left.at, times.ends)
    return Span(max(arrived.at, times.starts), ends)


def served(times: ShiftTimes, arrived: Scan, left: Scan | None) -> Served:
    """Return the complete minutes within the shift. The weaker of the two proofs is the grade."""
    scans = [arrived] if left is None else [arrived, left]
    claimed = any(each.evidence is not Evidence.screen for each in scans)
    minutes = uncounted_minutes(span_of(times, arrived, left), ())
    return Served(minutes, Evidence.claim if claimed else Evidence.screen, planned_end=left is None)
