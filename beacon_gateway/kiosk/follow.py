"""From sightings to the scene: visits are followed, a project is chosen, the kiosk shows it."""

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from beacon_gateway.kiosk.stage import Stage
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.visits import VisitEvent
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.tracker import Tracker
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind

log = structlog.get_logger()
_TICK_S = 0.25


class Follow:
    """`bindings` gives the current beacon → project bindings; they change with the catalogue."""

    def __init__(
        self,
        tracker: Tracker,
        choice: Choice,
        collector: Collector,
        stage: Stage,
        *,
        bindings: Callable[[], Mapping[BeaconId, str]],
    ) -> None:
        self._tracker = tracker
        self._choice = choice
        self._collector = collector
        self._stage = stage
        self._bindings = bindings

    def hear(self, sighting: Sighting) -> None:
        self._collector.heard(sighting)
        self._take(self._tracker.hear(sighting), sighting.at)

    async def tick(self, progress: Callable[[], None]) -> None:
        """Silence counts too: look four times a second, until cancelled."""
        while True:
            progress()
            now = time.monotonic()
            self._take(self._tracker.tick(now), now)
            self._stage.show(self._choice.update(now, self._tracker.visits, self._bindings()))
            await asyncio.sleep(_TICK_S)

    def _take(self, events: tuple[VisitEvent, ...], now: float) -> None:
        for event in events:
            self._collector.visit(event)
            log.info("visit.changed", change=type(event).__name__, **_whose(event), reason=event.reason)
        if events:
            self._stage.show(self._choice.update(now, self._tracker.visits, self._bindings()))


def _whose(event: VisitEvent) -> dict[str, str]:
    """A person's tag is logged by its class only."""
    if event.beacon.kind is BeaconKind.person:
        return {"tag_class": event.beacon.tag_class}
    return {"beacon": str(event.beacon.id)}
