"""How far somebody is, over time: a readable script becomes straight stretches of distance."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

WALKING_PACE = 1.2
"""Metres a second, when the script names none."""

_NUMBER = r"(\d+(?:\.\d+)?)"
_START = re.compile(rf"{_NUMBER} ?m(?: {_NUMBER} ?s)?")
_STAY = re.compile(rf"stay {_NUMBER} ?s")
_AWAY = re.compile(rf"away {_NUMBER} ?s")
_WALK = re.compile(rf"(?:walk|leave)(?: {_NUMBER} ?m/s)?(?: to)? {_NUMBER} ?m")


class WalkRefused(ValueError):
    """The script cannot be read; the message names the step."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """`from_m` to `to_m` within `seconds`, evenly; None: out of hearing."""

    seconds: float
    from_m: float | None
    to_m: float | None


@dataclass(frozen=True)
class Walk:
    """Distance over simulated time. Raises WalkRefused when it takes no time or is never within hearing."""

    stretches: tuple[Stretch, ...]

    def __post_init__(self) -> None:
        if not any(stretch.seconds > 0 and stretch.from_m is not None for stretch in self.stretches):
            raise WalkRefused("the walk is never within hearing")

    @cached_property
    def _ends(self) -> tuple[float, ...]:
        return tuple(accumulate(stretch.seconds for stretch in self.stretches))

    @property
    def seconds(self) -> float:
        return self._ends[-1]

    def distance_m(self, at: float) -> float | None:
        """`at`: seconds since the walk began. After its end the last distance stands; None is out of hearing."""
        index = min(bisect_right(self._ends, at), len(self.stretches) - 1)
        stretch = self.stretches[index]
        if stretch.from_m is None or stretch.to_m is None:
            return None
        if stretch.seconds == 0:
            return stretch.to_m
        done = min(1.0, 1.0 - (self._ends[index] - at) / stretch.seconds)
        return stretch.from_m + (stretch.to_m - stretch.from_m) * done


def parse_walk(script: str) -> Walk:
    """Read steps such as "8m 10s; walk 1.2m/s to 1m; stay 60s; leave 8m; away 20s". Raises WalkRefused.

    The first step says where it begins; `leave` is `walk`; `away` is out of hearing.
    """
    first, *rest = [" ".join(step.split()) for step in script.split(";")]
    begin = _START.fullmatch(first)
    if begin is None:
        raise WalkRefused(f"{first!r} is not a beginning such as '8m 10s'")
    here = _metres(begin[1], first)
    stretches = [Stretch(float(begin[2] or 0), here, here)]
    for step in rest:
        if found := _STAY.fullmatch(step):
            stretches.append(Stretch(float(found[1]), here, here))
        elif found := _AWAY.fullmatch(step):
            stretches.append(Stretch(float(found[1]), None, None))
        elif found := _WALK.fullmatch(step):
            there, pace = _metres(found[2], step), float(found[1] or WALKING_PACE)
            if pace == 0:
                raise WalkRefused(f"{step!r}: 0 m/s never arrives")
            stretches.append(Stretch(abs(there - here) / pace, here, there))
            here = there
        else:
            raise WalkRefused(f"{step!r} is not 'walk 1.2m/s to 1m', 'stay 60s', 'leave 8m' or 'away 20s'")
    return Walk(tuple(stretches))


def _metres(text: str, step: str) -> float:
    metres = float(text)
    if metres <= 0:
        raise WalkRefused(f"{step!r}: a distance is more than 0 m")
    return metres
