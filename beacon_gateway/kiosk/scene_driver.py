"""Follow visits from sightings, choose a project, and show it as the current scene."""

import asyncio
import time
from collections.abc import Callable, Mapping
from itertools import count

import structlog

from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.hall_watch import HallWatch
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.visits import VisitEvent
from beacon_gateway.presence.choice import Choice, Chosen
from beacon_gateway.presence.decision_engine import TICK_S, DecisionEngine
from beacon_gateway.presence.decision_json import build_reason_record
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_state import Visit
from beacon_gateway.presence.visit_tracker import Tracker
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

log = structlog.get_logger()

_TICKS_PER_COUNT = 4


class SceneDriver:
    """`bindings` returns the current beacon → project bindings; they change with the catalogue.

    `trace`: in memory only, explains the decisions; None: a trace of decisions without samples.
    """

    def __init__(
        self,
        tracker: Tracker,
        choice: Choice,
        collector: Collector,
        current_scene: CurrentScene,
        *,
        bindings: Callable[[], Mapping[BeaconId, str]],
        trace: Trace | None = None,
        hall: HallWatch | None = None,
    ) -> None:
        self.trace = Trace(()) if trace is None else trace
        self._decide = DecisionEngine(tracker, choice, self.trace, bindings)
        self._collector = collector
        self._current_scene = current_scene
        self._hear, self._hall = tracker.hear, hall

    @property
    def chosen(self) -> Chosen:
        return self._decide.chosen

    @property
    def visits(self) -> Mapping[BeaconId, Visit]:
        """The current visits."""
        return self._decide.tracker.visits

    @property
    def foreign_frames(self) -> int:
        """Frames of beacons that are not on the allow-list."""
        return self._decide.tracker.foreign_frames

    def hear(self, sighting: Sighting) -> None:
        """Decide immediately. Figures and trace are updated about once a second: batches are much cheaper."""
        if events := self._hear(sighting):
            self._decide.process(events, sighting)
            self._publish(events)

    def update_figures(self) -> None:
        """Add the sightings since the last call to the figures and the trace."""
        tracker = self._decide.tracker
        for beacon, sightings in tracker.fresh:
            self._collector.add_frames(beacon, sightings)
            self.trace.add_frames(beacon, sightings)
            if self._hall:
                self._hall.add_frames(beacon, sightings)
        self._collector.add_strangers(tracker.strangers)
        tracker.forget_frames()

    async def tick(self, progress: Callable[[], None]) -> None:
        """Detect silence four times a second, until cancelled."""
        for number in count():
            progress()
            if number % _TICKS_PER_COUNT == 0:
                self.update_figures()
                if self._hall:
                    self._hall.judge_when_due(time.monotonic())
            self._publish(self._decide.tick(time.monotonic(), keep_frames=True))
            self._current_scene.show(self._decide.chosen)
            await asyncio.sleep(TICK_S)

    def _publish(self, events: tuple[VisitEvent, ...]) -> None:
        for event in events:
            self._collector.add_visit(event)
            if event.beacon.kind is BeaconKind.place:  # the journal must not contain when a person came or left
                reason = build_reason_record(event.reason)
                log.info("visit.changed", change=type(event).__name__, beacon=str(event.beacon.id), reason=reason)
        if events:
            self._current_scene.show(self._decide.chosen)
