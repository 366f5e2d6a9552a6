"""Forecast the screen: what the gateway would show while somebody stands for an hour where the tag was measured.

The frames are those that this hall gave, drawn again in blocks, so that channels, loss and intervals are the real ones.
A full hall is added: each block is a little louder or quieter, and people step in between.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from beacon_gateway.calibration.measurement import Measurement
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import TICK_S
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker

BLOCK_S = 4.0
HALL_DB = 2.0
"""Standard deviation of a block's level from the measured one."""
BODIES_PER_MINUTE = 4.0
BODY_DB, BODY_S = (6.0, 15.0), (0.5, 3.0)
"""As in beacon_gateway.simulation.air."""
SETTLED_S = 30.0
"""Changes of the screen before this belong to the arrival."""
_PROJECT = "forecast"


@dataclass(frozen=True, slots=True)
class Forecast:
    """`shown_per_hour`: how often the project came on the screen; `shown_share`: of the time that it was there."""

    shown_per_hour: float
    shown_share: float

    @property
    def lost_per_hour(self) -> float:
        """The same number as it comes on: after each loss it comes back."""
        return self.shown_per_hour


def draw_hour(measurement: Measurement, tag: Beacon, seconds: float, source: Random) -> Iterator[Sighting]:
    """Yield the sightings of somebody who stands there for `seconds`, from 0."""
    start = 0.0
    length = max(BLOCK_S, measurement.seconds)
    times = [frame.at - measurement.began for frame in measurement.frames]
    while start < seconds and measurement.frames:
        begin = source.uniform(0.0, max(0.0, length - BLOCK_S))
        change = source.gauss(0.0, HALL_DB)
        body_at = source.uniform(0.0, 60.0 / BODIES_PER_MINUTE)
        body_end, body_db = body_at + source.uniform(*BODY_S), source.uniform(*BODY_DB)
        for number in range(bisect_left(times, begin), bisect_left(times, begin + BLOCK_S)):
            frame, into = measurement.frames[number], times[number] - begin
            dbm = frame.rssi + change - (body_db if body_at <= into < body_end else 0.0)
            yield Sighting(tag.id, round(dbm), start + into, None, frame.adapter)
        start += BLOCK_S


def forecast(
    measurement: Measurement, tag: Beacon, rules: PresenceRules, choice: ChoiceRules, *, seconds: float, seed: str
) -> Forecast:
    """Decide as the gateway does, with a new visit at the start. The same seed gives the same result."""
    source = Random(seed)  # noqa: S311 - a simulation, not a secret
    tracker, screen, bindings = Tracker([tag], rules), Choice(choice), {tag.id: _PROJECT}
    due, shown, times, shown_s = TICK_S, False, 0, 0.0

    def look(at: float) -> None:
        nonlocal shown, times
        now_shown = screen.update(at, tracker.visits, bindings).project is not None
        times += now_shown and not shown and at > SETTLED_S
        shown = now_shown

    for sighting in draw_hour(measurement, tag, seconds, source):
        while due <= sighting.at:
            tracker.tick(due)
            tracker.forget_frames()
            look(due)
            shown_s += TICK_S * shown
            due += TICK_S
        if tracker.hear(sighting):
            look(sighting.at)
    return Forecast(times * 3600 / seconds, shown_s / seconds)


def with_power(tag: Beacon, power: int, exponent: float, project: str = _PROJECT) -> Beacon:
    """Return the tag as the proposed settings would describe it."""
    return Beacon(tag.id, tag.kind, tag.label, power, tag.tag_class, project, exponent)


Forecasts = Mapping[str, Forecast]
