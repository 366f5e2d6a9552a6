"""Calculate S and SR: delays, false changes, ghosts and missed visits in one number; lower is better.

S = mean(enter p50, enter p90, leave p50, leave p90) + 0.05 x (false changes/h at 1 m + at 8 m)
    + 0.2 x ghost "immediate"/h + 50 x missed share.
SR = mean S over the eight worlds + 0.02 x changes/h of a person who stands 2 h at 1.0, 1.5, 2.5 and 8 m.

Where this definition is ambiguous, the following reading is closest to the published table of the peers:
enter is from the crossing of 1.5 m to the zone `immediate`; leave from the first step away to any other zone;
a false change is one that comes back, so there and back is one; at 1 m it counts once `immediate` was reached.
`Reading` contains the alternatives, to show that the comparison does not depend on the reading.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from math import nan
from statistics import mean

from beacon_gateway.model.beacons import Zone
from tests.bench.presence.world import (
    CROSSES_S,
    FAR_S,
    IMMEDIATE_M,
    LEAVES_S,
    NEAR_M,
    SETTLED_S,
    STANDS_S,
    WORLDS,
    Trace,
)

Changes = list[tuple[float, Zone]]
"""(seconds, the zone from then on)."""
Estimator = Callable[[Trace], Changes]


class Reading(StrEnum):
    """Readings of the definition of the score."""

    usual = "as described"
    every_change = "there and back are two false changes"
    until_far = "leave is until zone far"


@dataclass(frozen=True, slots=True)
class Score:
    """Components in seconds, events per hour, and shares of one."""

    enter_p50: float
    enter_p90: float
    leave_p50: float
    leave_p90: float
    false_at_1m: float
    false_at_8m: float
    ghosts: float
    missed: float

    @property
    def s(self) -> float:
        late = mean((self.enter_p50, self.enter_p90, self.leave_p50, self.leave_p90))
        return late + 0.05 * (self.false_at_1m + self.false_at_8m) + 0.2 * self.ghosts + 50 * self.missed


@dataclass
class Tally:
    """Accumulates visits."""

    reading: Reading = Reading.usual
    enter: list[float] = field(default_factory=list)
    leave: list[float] = field(default_factory=list)
    visits: int = 0
    missed: int = 0
    changes_at_1m: int = 0
    changes_at_8m: int = 0
    ghosts: int = 0
    seconds_at_1m: float = 0.0

    def add(self, changes: Changes) -> None:
        ends = (Zone.far,) if self.reading is Reading.until_far else (Zone.near, Zone.far, Zone.unknown)
        entered = next((at for at, zone in changes if FAR_S <= at < LEAVES_S and zone is Zone.immediate), None)
        before = [zone for at, zone in changes if at < LEAVES_S]
        gone: float | None = LEAVES_S if before and before[-1] in ends else None
        if gone is None:
            gone = next((at for at, zone in changes if at >= LEAVES_S and zone in ends), None)
        self.visits += 1
        self.missed += entered is None or gone is None
        early = [(at, zone) for at, zone in changes if 2 < at < FAR_S]
        self.changes_at_8m += len(early)
        self.ghosts += sum(zone is Zone.immediate for _, zone in early)
        if entered is not None:
            self.enter.append(max(0.0, entered - CROSSES_S))
            self.seconds_at_1m += LEAVES_S - entered
            self.changes_at_1m += sum(entered < at < LEAVES_S for at, _ in changes)
            if gone is not None:
                self.leave.append(gone - LEAVES_S)

    def score(self) -> Score:
        each = 1.0 if self.reading is Reading.every_change else 0.5
        per_hour_at_8m = 3600 / (self.visits * FAR_S)
        return Score(
            enter_p50=quantile(self.enter, 0.5),
            enter_p90=quantile(self.enter, 0.9),
            leave_p50=quantile(self.leave, 0.5),
            leave_p90=quantile(self.leave, 0.9),
            false_at_1m=each * self.changes_at_1m * 3600 / self.seconds_at_1m if self.seconds_at_1m else nan,
            false_at_8m=each * self.changes_at_8m * per_hour_at_8m,
            ghosts=self.ghosts * per_hour_at_8m,
            missed=self.missed / self.visits,
        )


def quantile(values: Iterable[float], share: float) -> float:
    ordered = sorted(values)
    if not ordered:
        return nan
    place = share * (len(ordered) - 1)
    low = int(place)
    return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (place - low)


def zone_at(metres: float) -> Zone:
    return Zone.immediate if metres <= IMMEDIATE_M else Zone.near if metres <= NEAR_M else Zone.far


def changes_per_hour(changes: Changes) -> float:
    """Return the changes per hour of a person who stands still."""
    return sum(at > SETTLED_S for at, _ in changes) * 3600 / (STANDS_S - SETTLED_S)


def robust(scores: Iterable[Score], standing: Iterable[float]) -> float:
    """Return SR. `standing`: changes per hour at each place; their mean counts."""
    scores = tuple(scores)
    assert len(scores) == len(WORLDS)
    return mean(score.s for score in scores) + 0.02 * mean(standing)
