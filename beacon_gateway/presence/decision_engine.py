"""One core for the daemon, `scan` and `replay`: what each frame and each tick decides, and the trace of it."""

from collections.abc import Callable, Iterable, Mapping

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.visits import VisitEvent
from beacon_gateway.presence.choice import Choice, Chosen
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.tracker import Tracker
from beacon_gateway.presence.visit import Visit
from sync_contract.beacon_identity import BeaconId

TICK_S = 0.25
"""Silence counts too: tick so often."""
LONGEST_SILENCE_S = 7200.0
"""Twice the longest exit period that the settings allow: by then everybody has left."""


class Decide:
    """`bindings` gives the current beacon → project bindings; they change with the catalogue."""

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
        """Nobody is here and nothing is shown: only a frame can change that."""
        return self.chosen.project is None and not self.tracker.visits

    def hear(self, sighting: Sighting) -> tuple[VisitEvent, ...]:
        """Judge a frame, and have it in the trace."""
        events = self.judge(sighting)
        self.trace.heard(sighting)
        return events

    def judge(self, sighting: Sighting) -> tuple[VisitEvent, ...]:
        """Cheap while nothing changes: only an event makes it look at all visits. The caller has it in the trace."""
        events = self.tracker.hear(sighting)
        if events:
            self.changed(events, sighting)
        return events

    def changed(self, events: tuple[VisitEvent, ...], sighting: Sighting) -> None:
        """This is what the tracker told of this frame."""
        visits = self.tracker.visits
        self._record(events, sighting.rssi, visits)
        self._choose(sighting.at, visits)

    def tick(self, now: float, *, keep_frames: bool = False) -> tuple[VisitEvent, ...]:
        """`now`: monotonic seconds. `keep_frames`: the tracker's fresh ones, somebody is going to count them."""
        events = self.tracker.tick(now)
        if not keep_frames:
            self.tracker.forget_frames()
        visits = self.tracker.visits
        self._record(events, None, visits)
        self.trace.levels(now, visits)
        self._choose(now, visits)
        return events

    def _record(self, events: tuple[VisitEvent, ...], rssi: int | None, visits: Mapping[BeaconId, Visit]) -> None:
        for event in events:
            self.trace.visit(event, rssi, visits.get(event.beacon.id))

    def _choose(self, now: float, visits: Mapping[BeaconId, Visit]) -> None:
        self.trace.chosen(now, self._choice.update(now, visits, self._bindings()))


def replay(
    sightings: Iterable[Sighting],
    decide: Decide,
    *,
    end_s: float | None = None,
    first: Callable[[Sighting], None] = lambda _sighting: None,
) -> float:
    """All of a recording in simulated time: no clock is read, so each run is the same. Gives the time of its end.

    `at` of the sightings: seconds from 0, never falling. `end_s`: when the recording ends, if that is after its last
    frame; nothing is decided later. None: it is followed by silence until nobody is here. `first` is told each
    sighting before it is decided on.
    """
    ticks, at = 0, 0.0
    for sighting in sightings:
        while ticks * TICK_S <= sighting.at:
            if decide.idle:
                ticks = max(ticks, int(sighting.at / TICK_S))  # a night without a frame takes no time
            decide.tick(ticks * TICK_S)
            ticks += 1
        at = max(at, sighting.at)
        first(sighting)
        decide.hear(sighting)
    until = at + LONGEST_SILENCE_S if end_s is None else max(at, end_s)
    while not decide.idle and ticks * TICK_S <= until:
        decide.tick(ticks * TICK_S)
        ticks += 1
    return max(at, (ticks - 1) * TICK_S) if end_s is None else until
