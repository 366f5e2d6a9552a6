"""DecisionEngine per frame and per tick, and record the decisions: one engine for the daemon, `scan` and `replay`."""

from collections.abc import Callable, Iterable, Mapping

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.visits import VisitEvent
from beacon_gateway.presence.choice import Choice, Chosen
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_state import Visit
from beacon_gateway.presence.visit_tracker import Tracker
from sync_contract.beacon_identity import BeaconId

TICK_S = 0.25
"""Call `tick` this often, because silence also changes decisions."""
LONGEST_SILENCE_S = 7200.0
"""Twice the longest exit period that the settings allow: every visit has ended by then."""


class DecisionEngine:
    """`bindings` returns the current beacon → project bindings; they change with the catalogue."""

    def __init__(
        self, tracker: Tracker, choice: Choice, trace: Trace, bindings: Callable[[], Mapping[BeaconId, str]]
    ) -> None:
        self.tracker = tracker
        self.trace = trace
        self._choice = choice
        self._bindings = bindings

    @property
    def chosen(self) -> Chosen:
        return self._choice.chosen

    @property
    def idle(self) -> bool:
        """No visit is active and nothing is shown: only a frame can change that."""
        return self.chosen.project is None and not self.tracker.visits

    def hear(self, sighting: Sighting) -> tuple[VisitEvent, ...]:
        """Process a frame and add it to the trace."""
        if events := self.tracker.hear(sighting):
            self.process(events, sighting)
        self.trace.add_frame(sighting)
        return events

    def process(self, events: tuple[VisitEvent, ...], sighting: Sighting) -> None:
        """Record the tracker's events of this frame and update the choice."""
        visits = self.tracker.visits
        self._record(events, sighting.rssi, visits)
        self._choose(sighting.at, visits)

    def tick(self, now: float, *, keep_frames: bool = False) -> tuple[VisitEvent, ...]:
        """`now`: monotonic seconds. `keep_frames`: the caller counts the tracker's frames and discards them."""
        events = self.tracker.tick(now)
        if not keep_frames:
            self.tracker.forget_frames()
        visits = self.tracker.visits
        self._record(events, None, visits)
        self.trace.add_levels(now, visits)
        self._choose(now, visits)
        return events

    def _record(self, events: tuple[VisitEvent, ...], rssi: int | None, visits: Mapping[BeaconId, Visit]) -> None:
        for event in events:
            self.trace.add_visit(event, rssi, visits.get(event.beacon.id))

    def _choose(self, now: float, visits: Mapping[BeaconId, Visit]) -> None:
        self.trace.add_choice(now, self._choice.update(now, visits, self._bindings()))


def replay(
    sightings: Iterable[Sighting],
    engine: DecisionEngine,
    *,
    end_s: float | None = None,
    first: Callable[[Sighting], None] = lambda _sighting: None,
) -> float:
    """Process a recording in simulated time, so every run is the same. Return the time of its end.

    `at` of the sightings: seconds from 0, never falling. `end_s`: end of the recording, if later than its last frame;
    nothing is decided after it. None: silence follows until every visit has ended. `first` is called with each
    sighting before the engine.
    """
    ticks, at = 0, 0.0
    for sighting in sightings:
        while ticks * TICK_S <= sighting.at:
            if engine.idle:
                ticks = max(ticks, int(sighting.at / TICK_S))  # skip a night without frames
            engine.tick(ticks * TICK_S)
            ticks += 1
        at = max(at, sighting.at)
        first(sighting)
        engine.hear(sighting)
    until = at + LONGEST_SILENCE_S if end_s is None else max(at, end_s)
    while not engine.idle and ticks * TICK_S <= until:
        engine.tick(ticks * TICK_S)
        ticks += 1
    return max(at, (ticks - 1) * TICK_S) if end_s is None else until
