"""Check the measurements of a walk: each fault contains the spot and what was measured there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from beacon_gateway.calibration.measurement import Level, Measurement, Spot, SpotKind, measure_level
from sync_contract.rssi import LEVELS

MIN_FRAMES = 8
"""At 1 m; fewer do not show a level."""
MIN_FRAMES_FAR = 5
"""At any other spot. None at all is a result too: the kiosk does not receive the tag there."""
LOUDER_DB = 6.0
"""Another tag that is this much louder at 1 m is the one in the installer's hand."""
MOVED_DB = 9.0
"""A level that changes by more within the minute is no longer that of one spot."""
ORDER_DB = 6.0
"""Of two spots beyond 1 m, the farther one may be this much louder."""
PARTS = 3


@dataclass(frozen=True, slots=True)
class NotReceived:
    """The tag was not received at 1 m."""

    spot: Spot


@dataclass(frozen=True, slots=True)
class WithoutRssi:
    """The tag was received without signal strength."""

    spot: Spot


@dataclass(frozen=True, slots=True)
class TooFewFrames:
    spot: Spot
    frames: int
    required: int


@dataclass(frozen=True, slots=True)
class WrongTag:
    """Another known tag is nearer to the kiosk. `label`: its name in the settings."""

    spot: Spot
    label: str
    louder_db: float


@dataclass(frozen=True, slots=True)
class MovedAway:
    """The level in dBm of the loudest and of the quietest part of the minute."""

    spot: Spot
    loudest_dbm: float
    quietest_dbm: float


@dataclass(frozen=True, slots=True)
class WrongOrder:
    """The farther spot is louder."""

    nearer: Spot
    farther: Spot
    louder_db: float

    @property
    def spot(self) -> Spot:
        return self.farther


WalkFault = NotReceived | WithoutRssi | TooFewFrames | WrongTag | MovedAway | WrongOrder


def find_spot_fault(measurement: Measurement, received: int, others: Mapping[str, Level]) -> WalkFault | None:
    """Return the first fault of one spot.

    `received`: frames of the tag, also those without RSSI; `others`: level of each other known tag by label.
    """
    spot, frames = measurement.spot, [each for each in measurement.frames if each.rssi in LEVELS]
    reference = spot.kind is SpotKind.reference
    if not frames:
        if received:
            return WithoutRssi(spot)
        return NotReceived(spot) if reference else None
    required = MIN_FRAMES if reference else MIN_FRAMES_FAR
    if len(frames) < required:
        return TooFewFrames(spot, len(frames), required)
    levels = measurement.levels()
    best = max(levels, key=lambda adapter: (levels[adapter].frames, levels[adapter].dbm))
    if reference and others:
        label, other = max(others.items(), key=lambda each: each[1].dbm)
        if other.dbm > levels[best].dbm + LOUDER_DB:
            return WrongTag(spot, label, other.dbm - levels[best].dbm)
    part_s = measurement.seconds / PARTS
    parts = [
        measure_level([f for f in frames if f.adapter == best and part == int((f.at - measurement.began) / part_s)])
        for part in range(PARTS)
    ]
    dbm = [part.dbm for part in parts if part is not None and part.frames >= MIN_FRAMES_FAR / 2]
    if dbm and max(dbm) - min(dbm) > MOVED_DB:
        return MovedAway(spot, max(dbm), min(dbm))
    return None


def find_walk_fault(measurements: Sequence[Measurement]) -> WalkFault | None:
    """Return the first fault between the spots: a farther one that is louder, or none that is received beyond 1 m."""
    reference, *others = sorted(measurements, key=lambda each: each.spot.metres)
    if not any(each.levels() for each in others):
        return TooFewFrames(others[0].spot if others else reference.spot, 0, MIN_FRAMES_FAR)
    for nearer, farther in _pairs([reference, *others]):
        louder_db = _louder_db(farther, nearer)
        allowed_db = 0.0 if nearer is reference else ORDER_DB
        if louder_db is not None and louder_db > allowed_db:
            return WrongOrder(nearer.spot, farther.spot, louder_db)
    return None


def _pairs(ordered: Sequence[Measurement]) -> list[tuple[Measurement, Measurement]]:
    """Return each spot with those that are at least half as far again."""
    return [
        (nearer, farther)
        for place, nearer in enumerate(ordered)
        for farther in ordered[place + 1 :]
        if farther.spot.metres >= 1.5 * nearer.spot.metres
    ]


def _louder_db(one: Measurement, other: Measurement) -> float | None:
    """Return the mean difference of the adapters that receive both; None if there is none."""
    ours, theirs = one.levels(), other.levels()
    both = [ours[adapter].dbm - theirs[adapter].dbm for adapter in ours if adapter in theirs]
    return sum(both) / len(both) if both else None
