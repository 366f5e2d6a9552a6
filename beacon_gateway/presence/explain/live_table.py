"""What is heard right now, for the one who stands at the site with a tag: rows, counts and the reason of the screen."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import Left, VisitEvent
from beacon_gateway.presence.decision_engine import DecisionEngine
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

RATE_OVER_S = 10.0
MOST_IN_RATE = 2_000
MOST_STRANGERS = 256


@dataclass(frozen=True, slots=True)
class Row:
    """One beacon on the allow-list. `age_s`: since its last frame, None when not heard; `per_s`: frames a second,
    through the adapter that hears most."""

    beacon: Beacon
    project: str
    rssi: int | None
    distance_m: float | None
    zone: Zone | None
    age_s: float | None
    per_s: float


@dataclass(frozen=True, slots=True)
class Stranger:
    """An iBeacon that is not on the allow-list: perhaps a tag to be entered. `rssi`: dBm of its last frame."""

    beacon: BeaconId
    rssi: int | None
    frames: int
    at: float


class Listening:
    """`strangers`: remember unknown identities, in memory, the latest 256; else their frames are only counted."""

    def __init__(
        self,
        beacons: tuple[Beacon, ...],
        decide: DecisionEngine,
        bindings: Mapping[BeaconId, str],
        *,
        strangers: bool,
        at: float,
    ) -> None:
        self._beacons = {beacon.id: beacon for beacon in beacons}
        self._bindings = bindings
        self._decide = decide
        self._began = at
        self._last: dict[BeaconId, Sighting] = {}
        self._times: dict[BeaconId, dict[str, deque[float]]] = {}
        """By adapter: each hears each frame for itself."""
        self._strangers: dict[BeaconId, Stranger] | None = {} if strangers else None

    @property
    def foreign_frames(self) -> int:
        """iBeacon frames of identities that are not on the allow-list."""
        return self._decide.tracker.foreign_frames

    @property
    def strangers(self) -> tuple[Stranger, ...]:
        """The loudest first: hold the new tag close."""
        found = (self._strangers or {}).values()
        return tuple(sorted(found, key=lambda s: (-(s.rssi if s.rssi is not None else -999), s.beacon)))

    def hear(self, sighting: Sighting) -> None:
        self._forget(self._decide.hear(sighting))
        if sighting.beacon in self._beacons:
            self._last[sighting.beacon] = sighting
            adapters = self._times.setdefault(sighting.beacon, {})
            adapters.setdefault(sighting.adapter, deque(maxlen=MOST_IN_RATE)).append(sighting.at)
        elif self._strangers is not None:
            before = self._strangers.pop(sighting.beacon, None)
            frames = 1 if before is None else before.frames + 1
            self._strangers[sighting.beacon] = Stranger(sighting.beacon, sighting.rssi, frames, sighting.at)
            if len(self._strangers) > MOST_STRANGERS:
                del self._strangers[next(iter(self._strangers))]

    def tick(self, now: float) -> None:
        self._forget(self._decide.tick(now))

    def rows(self, now: float) -> tuple[Row, ...]:
        """People's tags that are not here tell nothing of when they were."""
        visits = self._decide.tracker.visits
        rows = []
        for beacon in self._beacons.values():
            visit, last = visits.get(beacon.id), self._last.get(beacon.id)
            adapters = self._times.get(beacon.id, {}).values()
            over_s = max(1.0, min(RATE_OVER_S, now - self._began))
            rows.append(
                Row(
                    beacon=beacon,
                    project=self._bindings.get(beacon.id, beacon.project or ""),
                    rssi=None if visit is None or last is None else last.rssi,
                    distance_m=None if visit is None else visit.distance_m,
                    zone=None if visit is None else visit.zone,
                    age_s=None if last is None else max(0.0, now - last.at),
                    per_s=max((sum(at > now - over_s for at in times) for times in adapters), default=0) / over_s,
                )
            )
        return tuple(rows)

    def _forget(self, events: tuple[VisitEvent, ...]) -> None:
        for event in events:
            if isinstance(event, Left) and event.beacon.kind is BeaconKind.person:
                self._last.pop(event.beacon.id, None)
                self._times.pop(event.beacon.id, None)
