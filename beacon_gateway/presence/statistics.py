"""What was heard, as figures that add up: place beacons one by one, people's tags only by class."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.visits import Arrived, Left, VisitEvent
from beacon_gateway.presence.clones import Transmitters
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import (
    DWELL_HISTOGRAM_EDGES_S,
    GAP_HISTOGRAM_EDGES_MS,
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


SILENCE_S = 10.0
"""A stretch shorter than this says nothing about who was silent."""

_RSSI_BIN = tuple(
    max(0, min(RSSI_HISTOGRAM_BINS - 1, (rssi - RSSI_HISTOGRAM_FROM) // RSSI_HISTOGRAM_STEP))
    for rssi in range(RSSI_LEAST, RSSI_GREATEST + 1)
)


@dataclass(slots=True)
class _Place:
    frames: int = 0
    without_rssi: int = 0
    suspect: int = 0
    rssi_sum: int = 0
    rssi_min: int = RSSI_GREATEST
    rssi_max: int = RSSI_LEAST
    rssi: list[int] = field(default_factory=lambda: [0] * RSSI_HISTOGRAM_BINS)
    longest_gap_ms: int = 0
    gaps: list[int] = field(default_factory=lambda: [0] * (len(GAP_HISTOGRAM_EDGES_MS) + 1))
    adapters: set[str] = field(default_factory=set)

    def add(self, rssi: int | None, adapter: str) -> None:
        self.frames += 1
        self.adapters.add(adapter)
        if rssi is None:
            self.without_rssi += 1
            return
        if not RSSI_LEAST <= rssi <= RSSI_GREATEST:
            rssi = max(RSSI_LEAST, min(RSSI_GREATEST, rssi))
        self.rssi_sum += rssi
        if rssi < self.rssi_min:
            self.rssi_min = rssi
        if rssi > self.rssi_max:
            self.rssi_max = rssi
        self.rssi[_RSSI_BIN[rssi - RSSI_LEAST]] += 1

    def add_gap(self, ms: int) -> None:
        self.gaps[bisect_right(GAP_HISTOGRAM_EDGES_MS, ms)] += 1
        if ms > self.longest_gap_ms:
            self.longest_gap_ms = ms

    def record(self, beacon: BeaconId, *, expected: int, open_gap_ms: int) -> PlaceBeaconStatistics:
        measured = self.frames > self.without_rssi
        expected *= max(1, len(self.adapters))  # each adapter hears each frame for itself
        return PlaceBeaconStatistics(
            beacon=beacon,
            frames=self.frames,
            frames_without_rssi=self.without_rssi,
            frames_suspect=min(self.suspect, self.frames),
            expected_frames=expected,
            heard_of_expected=self.frames if expected else 0,
            longest_gap_ms=max(self.longest_gap_ms, open_gap_ms),
            gap_histogram=tuple(self.gaps),
            rssi_min=self.rssi_min if measured else None,
            rssi_max=self.rssi_max if measured else None,
            rssi_sum=self.rssi_sum,
            rssi_histogram=tuple(self.rssi),
        )


@dataclass(slots=True)
class _Class:
    arrivals: int = 0
    dwell: list[int] = field(default_factory=lambda: [0] * (len(DWELL_HISTOGRAM_EDGES_S) + 1))


class _Known:
    """A beacon on the allow-list: one look-up a frame, since an identity is dear to hash."""

    __slots__ = ("counts", "heard_at", "place", "transmitters")

    def __init__(self, *, place: bool, interval_ms: int | None) -> None:
        self.place = place
        self.counts: _Place | None = None
        self.heard_at: float | None = None
        self.transmitters = Transmitters(interval_ms)


class Collector:
    """Counts since the last harvest. Nothing here tells of a single tag.

    `interval_ms`: how often a beacon advertises, where it is known. `expected`: the place beacons whose silence is a
    fault; None for all of them (our own advert is not among them: a radio does not hear itself).
    """

    def __init__(
        self,
        beacons: Iterable[Beacon],
        *,
        interval_ms: Mapping[BeaconId, int] | None = None,
        expected: Collection[BeaconId] | None = None,
    ) -> None:
        self._interval_ms = dict(interval_ms or {})
        self._known = {
            beacon.id: _Known(place=beacon.kind is BeaconKind.place, interval_ms=self._interval_ms.get(beacon.id))
            for beacon in beacons
        }
        self._place_ids = {id_ for id_, known in self._known.items() if known.place}
        self._expected = self._place_ids if expected is None else self._place_ids & set(expected)
        self._suspects: set[BeaconId] = set()
        self.foreign = 0
        """Frames of strangers since the start; they change nothing."""
        self._foreign_before = 0
        self._reset()

    def _reset(self) -> None:
        self._classes: dict[str, _Class] = {}
        self._advertised: dict[BeaconId, float] = {}
        for known in self._known.values():
            known.counts = None

    def heard(self, sighting: Sighting) -> None:
        known = self._known.get(sighting.beacon)
        if known is None:
            self.foreign += 1
            return
        rssi, at, adapter = sighting.rssi, sighting.at, sighting.adapter
        suspect = known.transmitters.heard(rssi, at, adapter)
        if suspect:
            self._suspects.add(sighting.beacon)
        if not known.place:
            return
        counts = known.counts
        if counts is None:
            counts = known.counts = _Place()
        counts.add(rssi, adapter)
        counts.suspect += suspect
        before = known.heard_at
        if before is None:
            known.heard_at = at
        elif at >= before:
            counts.add_gap(round((at - before) * 1000))
            known.heard_at = at
        else:  # a late frame ends no gap twice
            counts.add_gap(0)

    def cloned(self, now: float) -> Mapping[BeaconId, str]:
        """Beacons whose identity another transmitter seems to use at `now` (monotonic seconds), and why it seems so."""
        told = {beacon: self._known[beacon].transmitters.cloned(now) for beacon in self._suspects}
        return {beacon: why for beacon, why in told.items() if why}

    def describe(self, now: float) -> dict[str, object]:
        """For /healthz: frames of strangers, and how many beacons seem to be cloned; a person's tag is not named."""
        cloned = self.cloned(now)
        places = {str(beacon): why for beacon, why in cloned.items() if beacon in self._place_ids}
        return {"foreign": self.foreign, "cloned": len(cloned), "cloned_places": places}

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

    def harvest(self, start: ClockReading, seconds: float, *, until: float | None = None) -> BeaconStatistics | None:
        """The figures of the stretch that began at `start`, and begin anew. None when nothing was counted.

        `until`: its end in the sightings' time; silence since a beacon's last frame is measured to it. A beacon that
        was expected and not heard in a stretch of SILENCE_S or more stands there with no frames.
        """
        places = {id_: known.counts for id_, known in self._known.items() if known.counts is not None}
        classes, advertised = self._classes, self._advertised
        foreign, self._foreign_before = self.foreign - self._foreign_before, self.foreign
        self._reset()
        if seconds >= SILENCE_S:
            places = {id_: _Place() for id_ in self._expected} | places
        if not (places or classes or advertised or foreign):
            return None
        return BeaconStatistics(
            start=start,
            seconds=seconds,
            foreign_frames=foreign,
            places=tuple(
                place.record(
                    beacon,
                    expected=self._expected_frames(beacon, seconds),
                    open_gap_ms=self._silent_ms(beacon, seconds, until),
                )
                for beacon, place in sorted(places.items())
            ),
            classes=tuple(
                ClassStatistics(tag_class=name, arrivals=counts.arrivals, dwell_histogram=tuple(counts.dwell))
                for name, counts in sorted(classes.items())
            ),
            advertised=tuple(AdvertisedSeconds(beacon=beacon, seconds=s) for beacon, s in sorted(advertised.items())),
        )

    def _expected_frames(self, beacon: BeaconId, seconds: float) -> int:
        interval_ms = self._interval_ms.get(beacon)
        return 0 if interval_ms is None else round(seconds * 1000 / interval_ms)

    def _silent_ms(self, beacon: BeaconId, seconds: float, until: float | None) -> int:
        """Since its last frame; the whole stretch when it was never heard."""
        heard_at = self._known[beacon].heard_at
        if heard_at is None:
            return round(seconds * 1000)
        return 0 if until is None else max(0, round((until - heard_at) * 1000))
