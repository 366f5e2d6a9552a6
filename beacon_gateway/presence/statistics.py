"""What was heard, as figures that add up: place beacons one by one, people's tags only by class."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import sub

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.visits import Arrived, Left, VisitEvent
from beacon_gateway.presence.clones import BLOCK, Transmitters, by_adapter
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
    for rssi in (*range(RSSI_GREATEST + 1), *range(RSSI_LEAST, 0))
)
"""Of an RSSI; a negative one counts from the end."""

_SHORT_S = (GAP_HISTOGRAM_EDGES_MS[0] - 0.5) / 1000
"""Gaps below this are in the first bin, as most are."""


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

    def add(self, measured: Sequence[int | None]) -> None:
        """RSSI of each frame, None where it is not known."""
        self.frames += len(measured)
        rssi = [each for each in measured if each is not None]
        self.without_rssi += len(measured) - len(rssi)
        if not rssi:
            return
        least, greatest = min(rssi), max(rssi)
        if least < RSSI_LEAST or greatest > RSSI_GREATEST:
            rssi = [max(RSSI_LEAST, min(RSSI_GREATEST, each)) for each in rssi]
            least, greatest = min(rssi), max(rssi)
        self.rssi_sum += sum(rssi)
        self.rssi_min = min(least, self.rssi_min)
        self.rssi_max = max(greatest, self.rssi_max)
        histogram = self.rssi
        for each in rssi:
            histogram[_RSSI_BIN[each]] += 1

    def add_gaps(self, times: Sequence[float], before: float | None) -> float:
        """`before`: when the beacon was last heard, monotonic seconds; None for never. Gives when it is last heard now.

        A late frame makes a gap of nothing, and ends no gap twice.
        """
        last = times[0] if before is None else before
        gaps = [*map(sub, times, (last, *times[:-1]))]
        if before is None:
            del gaps[0]
        if not gaps:
            return last
        if min(gaps) < 0.0:
            gaps, last = _without_late_ones(gaps, last)
        else:
            last = times[-1]
        longest_s = max(gaps)
        if longest_s < _SHORT_S:
            self.gaps[0] += len(gaps)
        else:
            for gap_s in gaps:
                self.gaps[bisect_right(GAP_HISTOGRAM_EDGES_MS, round(gap_s * 1000))] += 1
        self.longest_gap_ms = max(self.longest_gap_ms, round(longest_s * 1000))
        return last

    def record(self, beacon: BeaconId, *, expected: int, open_gap_ms: int) -> PlaceBeaconStatistics:
        measured = self.frames > self.without_rssi
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
    """A beacon on the allow-list: one look-up a frame, since an identity is dear to hash.

    Frames are counted by the block: that is quicker than one by one, and clones are told by the block anyway. Each
    adapter hears each frame for itself: each counts alone, and the figures told are those of the one that heard most.
    """

    __slots__ = ("counted", "counts", "heard_at", "place", "recent", "transmitters")

    def __init__(self, *, place: bool, interval_ms: int | None) -> None:
        self.place = place
        self.counts: dict[str, _Place] = {}
        self.heard_at: dict[str, float] = {}
        """By adapter, as the counts."""
        self.recent: list[Sighting] = []
        self.counted = 0
        """So many of the recent ones."""
        self.transmitters = Transmitters(interval_ms)

    def count(self) -> None:
        """Have all frames in the figures."""
        if self.place and self.counted < len(self.recent):
            self._count(self.recent[self.counted :])
            self.counted = len(self.recent)

    def _count(self, fresh: Sequence[Sighting]) -> None:
        for adapter, rssi, times in by_adapter(fresh):
            counts = self.counts.get(adapter)
            if counts is None:
                counts = self.counts[adapter] = _Place()
            counts.add(rssi)
            self.heard_at[adapter] = counts.add_gaps(times, self.heard_at.get(adapter))

    def close_block(self) -> bool:
        """Of the first BLOCK frames, whether it is suspect."""
        block = self.recent[:BLOCK]
        del self.recent[:BLOCK]
        if self.place:
            self._count(block[self.counted :])
            self.counted = 0
        suspect = self.transmitters.heard(block)
        for counts in self.counts.values() if suspect else ():
            counts.suspect += suspect
        return suspect > 0

    def best(self) -> _Place | None:
        """Of the adapter that heard most; None when none has heard it."""
        return max(self.counts.values(), key=lambda counts: counts.frames, default=None)


def _without_late_ones(gaps: Sequence[float], last: float) -> tuple[list[float], float]:
    """A frame from before the latest one ends no gap: 0. Also gives when the latest one was, from `last` on."""
    found: list[float] = []
    now = last
    for gap_s in gaps:
        now += gap_s
        found.append(max(0.0, now - last))
        last = max(last, now)
    return found, last


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
        self._foreign: Counter[str] = Counter()
        self._foreign_before = 0
        self._reset()

    def _reset(self) -> None:
        self._classes: dict[str, _Class] = {}
        self._advertised: dict[BeaconId, float] = {}
        for known in self._known.values():
            known.counts = {}

    @property
    def foreign(self) -> int:
        """Frames of strangers since the start, by the adapter that heard most; they change nothing."""
        return max(self._foreign.values(), default=0)

    def heard(self, sighting: Sighting) -> None:
        self.heard_of(sighting.beacon, (sighting,))

    def heard_of(self, beacon: BeaconId, sightings: Sequence[Sighting]) -> None:
        """One beacon's frames, in the order heard. Counted by the block, or when asked for."""
        known = self._known.get(beacon)
        if known is None:
            self.strangers(sighting.adapter for sighting in sightings)
            return
        recent = known.recent
        recent += sightings
        while len(recent) >= BLOCK:
            if known.close_block():
                self._suspects.add(beacon)

    def strangers(self, adapters: Iterable[str]) -> None:
        """By which adapter each frame of a stranger was heard."""
        self._foreign.update(adapters)

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
        for known in self._known.values():
            known.count()
        places = {id_: best for id_, known in self._known.items() if (best := known.best()) is not None}
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
        heard_at = max(self._known[beacon].heard_at.values(), default=None)
        if heard_at is None:
            return round(seconds * 1000)
        return 0 if until is None else max(0, round((until - heard_at) * 1000))
