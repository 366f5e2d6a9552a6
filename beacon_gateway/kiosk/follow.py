"""From sightings to the scene: visits are followed, a project is chosen, the kiosk shows it."""

import asyncio
import time
from collections.abc import Callable, Mapping

import structlog

from beacon_gateway.kiosk.stage import Stage
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.visits import VisitEvent
from beacon_gateway.presence.choice import Choice, Chosen
from beacon_gateway.presence.decide import TICK_S, Decide
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.tracker import Tracker
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind

log = structlog.get_logger()


class Follow:
    """`bindings` gives the current beacon → project bindings; they change with the catalogue.

    `trace`: in memory only, for those who ask why. Without one, decisions only are kept, no samples.
    """

    def __init__(
        self,
        tracker: Tracker,
        choice: Choice,
        collector: Collector,
        stage: Stage,
        *,
        bindings: Callable[[], Mapping[BeaconId, str]],
        trace: Trace | None = None,
    ) -> None:
        self.trace = Trace(()) if trace is None else trace
        self._decide = Decide(tracker, choice, self.trace, bindings)
        self._collector = collector
        self._stage = stage
        self._heard: list[Sighting] = []

    @property
    def chosen(self) -> Chosen:
        return self._decide.chosen

    def hear(self, sighting: Sighting) -> None:
        """Decides at once. Figures and trace can wait for the tick: many frames at a time cost much less."""
        self._heard.append(sighting)
        if events := self._decide.judge(sighting):
            self._tell(events)

    def count(self) -> None:
        """Have what was heard since the last tick in the figures and in the trace."""
        heard, self._heard = self._heard, []
        for sighting in heard:
            self._collector.heard(sighting)
            self.trace.heard(sighting)

    async def tick(self, progress: Callable[[], None]) -> None:
        """Silence counts too: look four times a second, until cancelled."""
        while True:
            progress()
            self.count()
            self._tell(self._decide.tick(time.monotonic()))
            self._stage.show(self._decide.chosen)
            await asyncio.sleep(TICK_S)

    def _tell(self, events: tuple[VisitEvent, ...]) -> None:
        for event in events:
            self._collector.visit(event)
            log.info("visit.changed", change=type(event).__name__, **_whose(event), reason=event.reason)
        if events:
            self._stage.show(self._decide.chosen)


def _whose(event: VisitEvent) -> dict[str, str]:
    """A person's tag is logged by its class only."""
    if event.beacon.kind is BeaconKind.person:
        return {"tag_class": event.beacon.tag_class}
    return {"beacon": str(event.beacon.id)}
