"""Parse the script of a walk into the distance of a person over time."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

WALKING_PACE = 1.2
"""Metres per second, if the script has no speed."""

_NUMBER = r"(\d+(?:\.\d+)?)"
_START = re.compile(rf"{_NUMBER} ?m(?: {_NUMBER} ?s)?")
_STAY = re.compile(rf"stay {_NUMBER} ?s")
_AWAY = re.compile(rf"away {_NUMBER} ?s")
_WALK = re.compile(rf"(?:walk|leave)(?: {_NUMBER} ?m/s)?(?: to)? {_NUMBER} ?m")


class WalkRefused(ValueError):
    """The script is invalid; the message contains the step."""


@dataclass(frozen=True, slots=True)
class Segment:
    """`from_m` to `to_m` within `seconds`, at constant speed; None: out of range."""

    seconds: float
    from_m: float | None
    to_m: float | None


@dataclass(frozen=True)
class Walk:
    """Distance over simulated time. Raises WalkRefused if it takes no time or is never in range."""

    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        if not any(segment.seconds > 0 and segment.from_m is not None for segment in self.segments):
            raise WalkRefused("the walk is never in range")

    @cached_property
    def _ends(self) -> tuple[float, ...]:
        return tuple(accumulate(segment.seconds for segment in self.segments))

    @property
    def seconds(self) -> float:
        return self._ends[-1]

    def distance_m(self, at: float) -> float | None:
        """Return the distance `at` seconds after the start, the last one after the end; None is out of range."""
        index = min(bisect_right(self._ends, at), len(self.segments) - 1)
        segment = self.segments[index]
        if segment.from_m is None or segment.to_m is None:
            return None
        if segment.seconds == 0:
            return segment.to_m
        done = min(1.0, 1.0 - (self._ends[index] - at) / segment.seconds)
        return segment.from_m + (segment.to_m - segment.from_m) * done


def parse_walk(script: str) -> Walk:
    """Parse steps such as "8m 10s; walk 1.2m/s to 1m; stay 60s; leave 8m; away 20s". Raises WalkRefused.

    The first step is the start; `leave` means `walk`; `away` is out of range.
    """
    first, *rest = [" ".join(step.split()) for step in script.split(";")]
    start = _START.fullmatch(first)
    if start is None:
        raise WalkRefused(f"{first!r} is not a start such as '8m 10s'")
    current = _metres(start[1], first)
    segments = [Segment(float(start[2] or 0), current, current)]
    for step in rest:
        if found := _STAY.fullmatch(step):
            segments.append(Segment(float(found[1]), current, current))
        elif found := _AWAY.fullmatch(step):
            segments.append(Segment(float(found[1]), None, None))
        elif found := _WALK.fullmatch(step):
            target, pace = _metres(found[2], step), float(found[1] or WALKING_PACE)
            if pace == 0:
                raise WalkRefused(f"{step!r}: the speed must be more than 0 m/s")
            segments.append(Segment(abs(target - current) / pace, current, target))
            current = target
        else:
            raise WalkRefused(f"{step!r} is not 'walk 1.2m/s to 1m', 'stay 60s', 'leave 8m' or 'away 20s'")
    return Walk(tuple(segments))


def _metres(text: str, step: str) -> float:
    metres = float(text)
    if metres <= 0:
        raise WalkRefused(f"{step!r}: a distance must be more than 0 m")
    return metres
