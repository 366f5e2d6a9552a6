"""Measurements of a calibration walk: the installer holds a tag at several spots of the hall, one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from statistics import fmean
from typing import NamedTuple

from sync_contract.rssi import LEVELS

TRIM = 0.2
"""This share of the frames at each end does not count: impossible readings, and somebody who passed."""
CORRELATED_S = 3.0
"""Frames within this time count as one: shadowing changes slowly."""


class SpotKind(StrEnum):
    reference = "reference"
    """1 m in front of the kiosk."""
    door = "door"
    far_wall = "far_wall"
    neighbour = "neighbour"
    """1 m in front of another kiosk in the same hall."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place where the tag is held, at so many metres from this kiosk. `name`: of a neighbouring kiosk."""

    kind: SpotKind
    metres: float
    name: str = ""


class Frame(NamedTuple):
    """A frame of the tag. `at`: monotonic seconds."""

    at: float
    rssi: int
    adapter: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """The frames of the tag at one spot, in the order received; `began` and `seconds`: when it was held there."""

    spot: Spot
    began: float
    seconds: float
    frames: tuple[Frame, ...]

    def levels(self) -> dict[str, "Level"]:
        """Return the level through each adapter with at least two plausible frames."""
        return measure_levels(self.frames)


@dataclass(frozen=True, slots=True)
class Level:
    """A level in dBm. `spread_db`: standard deviation of single frames; `error_db`: of the level itself."""

    dbm: float
    spread_db: float
    error_db: float
    frames: int


def measure_levels(frames: Sequence[Frame]) -> dict[str, Level]:
    """Return the level through each adapter with at least two plausible frames."""
    by_adapter: dict[str, list[Frame]] = {}
    for frame in frames:
        by_adapter.setdefault(frame.adapter, []).append(frame)
    levels = {adapter: measure_level(found) for adapter, found in sorted(by_adapter.items())}
    return {adapter: level for adapter, level in levels.items() if level is not None}


def measure_level(frames: Sequence[Frame]) -> Level | None:
    """Return the trimmed mean; None for fewer than two plausible frames.

    Not the median: the three advertising channels have three levels, between which a median jumps.
    """
    values = sorted(frame.rssi for frame in frames if frame.rssi in LEVELS)
    if len(values) < 2:
        return None
    cut = int(TRIM * len(values))
    middle = fmean(values[cut : len(values) - cut])
    low, high = values[int(0.16 * (len(values) - 1))], values[round(0.84 * (len(values) - 1))]
    spread = max(1.0, (high - low) / 2)  # for a normal distribution, the standard deviation
    independent = min(len(values), max(1.0, len({frame.at // CORRELATED_S for frame in frames})))
    return Level(middle, spread, spread / sqrt(independent), len(values))
