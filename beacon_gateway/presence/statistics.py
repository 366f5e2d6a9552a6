"""What was heard, as figures that add up: place beacons one by one, people's tags only by class."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.visits import Arrived, Left, VisitEvent
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import (
    DWELL_HISTOGRAM_EDGES_S,
    RSSI_HISTOGRAM_BINS,
    RSSI_HISTOGRAM_FROM,
    RSSI_HISTOGRAM_STEP,
    AdvertisedSeconds,
    BeaconStatistics,
    ClassStatistics,
    ClockReading,
    PlaceBeaconStatistics,
)

UNNAMED_CLASS = "unnamed"
RSSI_LEAST, RSSI_GREATEST = -127, 20
"""dBm that a controller can report (Core 5.4, Vol 4, Part E, 7.7.65.2)."""


@dataclass(slots=True)
class _Place:
    frames: int = 0
    without_rssi: int = 0
    rssi_sum: int = 0
    rssi_min: int = RSSI_GREATEST
    rssi_max: int = RSSI_LEAST
    histogram: list[int] = field(default_factory=lambda: [0] * RSSI_HISTOGRAM_BINS)

    def add(self, rssi: int | None) -> None:
        self.frames += 1
        if rssi is None:
            self.without_rssi += 1
            return
        rssi = max(RSSI_LEAST, min(RSSI_GREATEST, rssi))
        self.rssi_sum += rssi
        self.rssi_min, self.rssi_max = min(self.rssi_min, rssi), max(self.rssi_max, rssi)
        bin_ = (rssi - RSSI_HISTOGRAM_FROM) // RSSI_HISTOGRAM_STEP
        self.histogram[max(0, min(RSSI_HISTOGRAM_BINS - 1, bin_))] += 1

    def record(self, beacon: BeaconId) -> PlaceBeaconStatistics:
        measured = self.frames > self.without_rssi
        return PlaceBeaconStatistics(
            beacon=beacon,
            frames=self.frames,
            frames_without_rssi=self.without_rssi,
            rssi_min=self.rssi_min if measured else None,
            rssi_max=self.rssi_max if measured else None,
            rssi_sum=self.rssi_sum,
            rssi_histogram=tuple(self.histogram),
        )


@dataclass(slots=True)
class _Class:
    arrivals: int = 0
    dwell: list[int] = field(default_factory=lambda: [0] * (len(DWELL_HISTOGRAM_EDGES_S) + 1))


class Collector:
    """Counts since the last harvest. Nothing here tells of a single tag."""

    def __init__(self, beacons: Iterable[Beacon]) -> None:
        self._place_ids = {beacon.id for beacon in beacons if beacon.kind is BeaconKind.place}
        self._reset()

    def _reset(self) -> None:
        self._places: dict[BeaconId, _Place] = {}
        self._classes: dict[str, _Class] = {}
        self._advertised: dict[BeaconId, float] = {}

    def heard(self, sighting: Sighting) -> None:
        if sighting.beacon in self._place_ids:
            self._places.setdefault(sighting.beacon, _Place()).add(sighting.rssi)

    def visit(self, event: VisitEvent) -> None:
        if event.beacon.kind is not BeaconKind.person:
            return
        name = event.beacon.tag_class or UNNAMED_CLASS
        if isinstance(event, Arrived):
            self._classes.setdefault(name, _Class()).arrivals += 1
        elif isinstance(event, Left):
            bin_ = bisect_right(DWELL_HISTOGRAM_EDGES_S, event.dwell_s)
            self._classes.setdefault(name, _Class()).dwell[bin_] += 1

    def advertised(self, beacon: BeaconId, seconds: float) -> None:
        """Our own frame was on the air for `seconds` more."""
        self._advertised[beacon] = self._advertised.get(beacon, 0.0) + seconds

    def harvest(self, start: ClockReading, seconds: float) -> BeaconStatistics | None:
        """The figures of the stretch that began at `start`, and begin anew. None when nothing was counted."""
        places, classes, advertised = self._places, self._classes, self._advertised
        self._reset()
        if not (places or classes or advertised):
            return None
        return BeaconStatistics(
            start=start,
            seconds=seconds,
            places=tuple(place.record(beacon) for beacon, place in sorted(places.items())),
            classes=tuple(
                ClassStatistics(tag_class=name, arrivals=counts.arrivals, dwell_histogram=tuple(counts.dwell))
                for name, counts in sorted(classes.items())
            ),
            advertised=tuple(AdvertisedSeconds(beacon=beacon, seconds=s) for beacon, s in sorted(advertised.items())),
        )
