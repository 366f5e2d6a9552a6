"""Recognise the tags of people who walk up: their level rises by more than a standing tag's level ever does.

The level of a moment is compared with the usual one of the last seconds. Shadowing and a body that steps aside raise
the level of a standing tag by 10 dB about once in 100 minutes; a walk from 8 m to 1 m raises it by 15 to 20 dB.
"""

from collections.abc import Mapping
from math import exp, inf
from typing import NamedTuple

from beacon_gateway.presence.visit_state import Visit
from sync_contract.beacon_identity import BeaconId

RISE_DB = 10.0
"""A rise by so much above the usual level is an approach."""
MOMENT_S, MOST_GAIN = 2.0, 0.3
"""Time constant of the level of a moment; one frame has at most MOST_GAIN, because those of a slow tag are few."""
USUAL_S = 8.0
"""Time constant of the usual level, which follows the smoothed level of the visit."""
LASTS_S = 2.0
"""A tag is arriving until this long after its level was last so high."""
LEAST_STEP_S = 0.2
"""The levels are taken at most this often."""
LONGEST_STEP_S = 1.0
"""The time between two updates counts up to this."""


class _Levels(NamedTuple):
    heard_at: float
    moment_db: float
    usual_db: float
    rose_at: float


class Arrivals:
    """Call `update` with all visits, of far tags too, about four times a second."""

    def __init__(self) -> None:
        self._updated_at = -inf
        self._levels: dict[BeaconId, _Levels] = {}

    def rose_at(self, id_: BeaconId, now: float) -> float | None:
        """Return the last time at which the level was high enough, if the tag is arriving; else None."""
        levels = self._levels.get(id_)
        return levels.rose_at if levels is not None and 0.0 <= now - levels.rose_at < LASTS_S else None

    def update(self, now: float, visits: Mapping[BeaconId, Visit]) -> None:
        step_s = abs(now - self._updated_at)  # the clock may have been set back
        if step_s < LEAST_STEP_S:
            return
        self._updated_at = now
        gain = 1.0 - exp(-min(LONGEST_STEP_S, step_s) / USUAL_S)
        before, self._levels = self._levels, {}
        for id_, visit in visits.items():
            if visit.level_db is not None and visit.rssi_db is not None:
                self._levels[id_] = _next(before.get(id_), visit, visit.level_db, visit.rssi_db, gain, now)


def _next(before: _Levels | None, visit: Visit, level_db: float, rssi_db: float, gain: float, now: float) -> _Levels:
    """Return the levels at `now`. `gain`: of the usual level."""
    if before is None:
        return _Levels(visit.last_heard, level_db, level_db, -inf)
    heard_at, moment_db, usual_db, rose_at = before
    if visit.last_heard != heard_at:
        moment_db += (rssi_db - moment_db) * min(MOST_GAIN, 1.0 - exp(-abs(visit.last_heard - heard_at) / MOMENT_S))
    usual_db += (level_db - usual_db) * gain
    return _Levels(visit.last_heard, moment_db, usual_db, now if moment_db - usual_db >= RISE_DB else rose_at)
