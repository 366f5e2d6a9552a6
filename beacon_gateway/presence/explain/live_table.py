"""Rows of the beacons received now, for `scan`: signal, distance, zone, age and rate."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from beacon_gateway.model.beacons import POWER_UNSET, Beacon, Sighting, Zone
from beacon_gateway.model.visits import Left, VisitEvent
from beacon_gateway.presence.decision_engine import DecisionEngine
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

RATE_OVER_S = 10.0
MAX_TIMES = 2_000
MAX_STRANGERS = 256


@dataclass(frozen=True, slots=True)
class Row:
    """One beacon on the allow-list. `age_s`: since its last frame, None without one; `per_s`: frames per second through
    the adapter that receives most."""

    beacon: Beacon
    project: str
    rssi: int | None
    distance_m: float | None
    zone: Zone | None
    age_s: float | None
    per_s: float
    announced_dbm: int | None
    """The power at 1 m that its last frame states; None without a frame."""

    @property
    def power_differs(self) -> bool:
        return None not in (self.announced_dbm, self.set_dbm) and self.announced_dbm != self.set_dbm

    @property
    def set_dbm(self) -> int | None:
        """The power of the settings; None if they leave it to the beacon."""
        return None if self.beacon.measured_power == POWER_UNSET else self.beacon.measured_power


@dataclass(frozen=True, slots=True)
class Stranger:
    """An iBeacon that is not on the allow-list, perhaps a new tag. `rssi`: dBm of its last frame."""

    beacon: BeaconId
    rssi: int | None
    frames: int
    at: float


class Listening:
    """`strangers`: list the latest 256 unknown identities; else their frames are only counted."""

    def __init__(
        self,
        beacons: tuple[Beacon, ...],
        engine: DecisionEngine,
        bindings: Mapping[BeaconId, str],
        *,
        strangers: bool,
        at: float,
    ) -> None:
        self._beacons = {beacon.id: beacon for beacon in beacons}
        self._bindings = bindings
        self._engine = engine
        self._began = at
        self._last: dict[BeaconId, Sighting] = {}
        self._times: dict[BeaconId, dict[str, deque[float]]] = {}
        """By adapter: each receives each frame separately."""
        self._strangers: dict[BeaconId, Stranger] | None = {} if strangers else None

    @property
    def foreign_frames(self) -> int:
        """iBeacon frames of identities that are not on the allow-list."""
        return self._engine.tracker.foreign_frames

    @property
    def strangers(self) -> tuple[Stranger, ...]:
        """The loudest first, so that a new tag at the antenna is on top."""
        found = (self._strangers or {}).values()
        return tuple(sorted(found, key=lambda s: (-(s.rssi if s.rssi is not None else -999), s.beacon)))

    def hear(self, sighting: Sighting) -> None:
        self._forget(self._engine.hear(sighting))
        if sighting.beacon in self._beacons:
            self._last[sighting.beacon] = sighting
            adapters = self._times.setdefault(sighting.beacon, {})
            adapters.setdefault(sighting.adapter, deque(maxlen=MAX_TIMES)).append(sighting.at)
        elif self._strangers is not None:
            before = self._strangers.pop(sighting.beacon, None)
            frames = 1 if before is None else before.frames + 1
            self._strangers[sighting.beacon] = Stranger(sighting.beacon, sighting.rssi, frames, sighting.at)
            if len(self._strangers) > MAX_STRANGERS:
                del self._strangers[next(iter(self._strangers))]

    def tick(self, now: float) -> None:
        self._forget(self._engine.tick(now))

    def rows(self, now: float) -> tuple[Row, ...]:
        """Return one row per beacon; that of an absent person's tag does not show when it was present."""
        visits = self._engine.tracker.visits
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
                    announced_dbm=None if visit is None or last is None else last.measured_power,
                    per_s=max((sum(at > now - over_s for at in times) for times in adapters), default=0) / over_s,
                )
            )
        return tuple(rows)

    def _forget(self, events: tuple[VisitEvent, ...]) -> None:
        for event in events:
            if isinstance(event, Left) and event.beacon.kind is BeaconKind.person:
                self._last.pop(event.beacon.id, None)
                self._times.pop(event.beacon.id, None)
