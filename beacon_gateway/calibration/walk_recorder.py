"""Collect the sightings of a walk: the tag in the installer's hand, other known tags, and the beacons on the walls."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from beacon_gateway.calibration.measurement import Frame, Level, Measurement, Spot, measure_levels
from beacon_gateway.model.beacons import Beacon, Sighting
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.rssi import LEVELS

MAX_FRAMES = 100_000
"""Of one spot; a minute of 500 frames a second is 30,000."""


@dataclass(frozen=True, slots=True)
class SpotRecording:
    """All known beacons at one spot. `received`: frames by beacon, also those without RSSI."""

    spot: Spot
    began: float
    seconds: float
    frames: Mapping[BeaconId, tuple[Frame, ...]]
    received: Mapping[BeaconId, int]

    def measurement(self, tag: BeaconId) -> Measurement:
        return Measurement(self.spot, self.began, self.seconds, self.frames.get(tag, ()))

    def loudest(self, beacons: Iterable[Beacon]) -> Beacon | None:
        """Return the beacon with the highest level; None if none was received."""
        levels = {beacon: level for beacon in beacons if (level := self.level(beacon.id)) is not None}
        return max(levels, key=lambda beacon: levels[beacon].dbm) if levels else None

    def level(self, beacon: BeaconId) -> Level | None:
        """Return its level through the adapter that receives it best."""
        return max(self.measurement(beacon).levels().values(), key=lambda level: level.dbm, default=None)


class WalkRecorder:
    """Call `begin` and `end` around each spot, and `hear` with each sighting."""

    def __init__(self, beacons: Iterable[Beacon]) -> None:
        self._known = {beacon.id: beacon for beacon in beacons}
        self._frames: dict[BeaconId, list[Frame]] = defaultdict(list)
        self._received: dict[BeaconId, int] = defaultdict(int)
        self._spot: Spot | None = None
        self._began, self._count = 0.0, 0
        self._walls: dict[BeaconId, list[Frame]] = defaultdict(list)

    @property
    def frames(self) -> int:
        """Frames of people's tags at this spot so far."""
        return self._count

    def begin(self, spot: Spot, at: float) -> None:
        self._frames.clear()
        self._received.clear()
        self._spot, self._began, self._count = spot, at, 0

    def hear(self, sighting: Sighting) -> None:
        beacon = self._known.get(sighting.beacon)
        if self._spot is None or beacon is None or sighting.at < self._began:
            return
        self._received[beacon.id] += 1
        if sighting.rssi not in LEVELS or sighting.rssi is None or len(self._frames[beacon.id]) >= MAX_FRAMES:
            return
        frame = Frame(sighting.at, sighting.rssi, sighting.adapter)
        self._frames[beacon.id].append(frame)
        if beacon.kind is BeaconKind.person:
            self._count += 1
        elif len(self._walls[beacon.id]) < MAX_FRAMES:
            self._walls[beacon.id].append(frame)

    def end(self, at: float) -> SpotRecording:
        assert self._spot is not None
        frames = {id_: tuple(each for each in found if each.at <= at) for id_, found in self._frames.items()}
        recording = SpotRecording(self._spot, self._began, at - self._began, frames, dict(self._received))
        self._spot = None
        return recording

    def wall_levels(self) -> dict[BeaconId, dict[str, Level]]:
        """Return the level of each place beacon through each adapter, over the whole walk."""
        return {id_: measure_levels(found) for id_, found in self._walls.items()}
