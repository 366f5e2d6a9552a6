"""What was heard, as figures that add up: place beacons one by one, people's tags only by class."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.visits import Arrived, Left, VisitEvent
from beacon_gateway.presence.clone_detection import BLOCK, Transmitters, by_adapter
from beacon_gateway.presence.frame_counts import FrameCounts
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import (
    DWELL_HISTOGRAM_EDGES_S,
    AdvertisedSeconds,
    BeaconStatistics,
    ClassStatistics,
    ClockReading,
)

UNNAMED_CLASS = "unnamed"
_NOT_OURS = "it is our own identity, heard while we do not send it or where we cannot hear it"
SILENCE_S = 10.0
"""A stretch shorter than this says nothing about who was silent."""


@dataclass(slots=True)
class _Class:
    arrivals: int = 0
    dwell: list[int] = field(default_factory=lambda: [0] * (len(DWELL_HISTOGRAM_EDGES_S) + 1))


class _Known:
    """A beacon on the allow-list: one look-up a frame, since an identity is dear to hash.

    Frames are counted by the block: that is quicker than one by one, and clones are told by the block anyway. Each
    adapter hears each frame for itself: each counts alone, and the figures told are those of the one that heard most.
    """

    __slots__ = ("counted", "counts", "heard_at", "interval_ms", "own", "place", "recent", "transmitters")

    def __init__(self, *, place: bool, own: bool, interval_ms: int | None) -> None:
        self.place, self.own, self.interval_ms = place, own, interval_ms
        self.counts: dict[str, FrameCounts] = {}
        self.heard_at: dict[str, float] = {}
        """By adapter, as the counts."""
        self.recent: list[Sighting] = []
        self.counted = 0
        """So many of the recent ones."""
        self.transmitters = Transmitters(interval_ms)

    def forget(self) -> None:
        """A person's visit has ended: nothing of that one tag stays."""
        self.recent.clear()
        self.transmitters = Transmitters(self.interval_ms)

    def count(self) -> None:
        """Have all frames in the figures."""
        if self.place and self.counted < len(self.recent):
            self._count(self.recent[self.counted :])
            self.counted = len(self.recent)

    def _count(self, fresh: Sequence[Sighting]) -> None:
        for adapter, rssi, times in by_adapter(fresh):
            counts = self.counts.get(adapter)
            if counts is None:
                counts = self.counts[adapter] = FrameCounts()
            counts.add(rssi)
            self.heard_at[adapter] = counts.add_gaps(times, self.heard_at.get(adapter))

    def close_block(self, *, foreign: bool) -> bool:
        """Of the first BLOCK frames, whether it is suspect. `foreign`: all of them are, we cannot have sent them."""
        block = self.recent[:BLOCK]
        del self.recent[:BLOCK]
        if self.place:
            self._count(block[self.counted :])
            self.counted = 0
        suspect = BLOCK if foreign else self.transmitters.heard(block)
        for counts in self.counts.values() if suspect else ():
            counts.suspect += suspect
        return suspect > 0

    def best(self) -> FrameCounts | None:
        """Of the adapter that heard most; None when none has heard it."""
        return max(self.counts.values(), key=lambda counts: counts.frames, default=None)


class Collector:
    """Counts since the last harvest. Nothing here tells of a single tag.

    `interval_ms`: how often a beacon advertises, where it is known. `expected`: the place beacons whose silence is a
    fault; None for all of them (our own advert is not among them: a radio does not hear itself). `foreign`: those of
    our own that the radio knows to be sent by another just now.
    """

    def __init__(
        self,
        beacons: Iterable[Beacon],
        *,
        interval_ms: Mapping[BeaconId, int] | None = None,
        expected: Collection[BeaconId] | None = None,
        foreign: Callable[[], Collection[BeaconId]] = tuple,
    ) -> None:
        self._foreign_own = foreign
        self._interval_ms = dict(interval_ms or {})
        self._known = {
            beacon.id: _Known(
                place=beacon.kind is BeaconKind.place, own=beacon.own, interval_ms=self._interval_ms.get(beacon.id)
            )
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
            if known.close_block(foreign=known.own and beacon in self._foreign_own()):
                self._suspects.add(beacon)

    def strangers(self, adapters: Iterable[str]) -> None:
        """By which adapter each frame of a stranger was heard."""
        self._foreign.update(adapters)

    def cloned(self, now: float) -> Mapping[BeaconId, str]:
        """Beacons whose identity another transmitter seems to use at `now` (monotonic seconds), and why it seems so."""
        told = {beacon: self._known[beacon].transmitters.cloned(now) for beacon in self._suspects}
        told |= dict.fromkeys(self._foreign_own(), _NOT_OURS)
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
            self._suspects.discard(event.beacon.id)
            if (known := self._known.get(event.beacon.id)) is not None:
                known.forget()

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
            places = {id_: FrameCounts() for id_ in self._expected} | places
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
        """None of our own: it may be off, or take turns with others, and not everybody is to hear it."""
        if self._known[beacon].own:
            return 0
        interval_ms = self._interval_ms.get(beacon)
        return 0 if interval_ms is None else round(seconds * 1000 / interval_ms)

    def _silent_ms(self, beacon: BeaconId, seconds: float, until: float | None) -> int:
        """Since its last frame; the whole stretch when it was never heard."""
        heard_at = max(self._known[beacon].heard_at.values(), default=None)
        if heard_at is None:
            return round(seconds * 1000)
        return 0 if until is None else max(0, round((until - heard_at) * 1000))
