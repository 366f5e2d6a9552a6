"""Count what was received, as additive figures: place beacons one by one, people's tags only by class."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.reasons import CloneEvidence, OwnIdentityHeard
from beacon_gateway.model.visits import Left, VisitEvent
from beacon_gateway.presence.clone_detection import BLOCK, CloneDetector, group_by_adapter
from beacon_gateway.presence.frame_counts import FrameCounts
from beacon_gateway.presence.tag_counts import TagCounts
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import AdvertisedSeconds, BeaconStatistics, ClockReading, PlaceBeaconStatistics

MIN_SILENCE_PERIOD_S = 10.0
"""A shorter period does not report silent beacons."""


MEAN_DELAY_MS = 5.0
"""Each advert comes up to 10 ms after its interval (Core 5.4, Vol 6, Part B, 4.4.2.2.1)."""


class _Known:
    """A beacon on the allow-list and its counts, found with one look-up per frame.

    Frames are counted in blocks: this is faster, and clones are detected per block. Each adapter receives each frame
    separately, so each has its own counts; the reported figures are those of the adapter that received most.
    """

    __slots__ = ("clones", "counted", "counts", "heard_at", "interval_ms", "own", "place", "recent")

    def __init__(self, *, place: bool, own: bool, interval_ms: int | None) -> None:
        self.place, self.own, self.interval_ms = place, own, interval_ms
        self.counts: dict[str, FrameCounts] = {}
        self.heard_at: dict[str, float] = {}
        """Time of the last frame, by adapter."""
        self.recent: list[Sighting] = []
        self.counted = 0
        """How many of the recent frames are counted."""
        self.clones = CloneDetector(interval_ms)

    def forget_visit(self) -> None:
        """Discard the data of a person's tag after its visit."""
        self.recent.clear()
        self.clones = CloneDetector(self.interval_ms)

    def count_recent(self) -> None:
        """Count the frames of the open block too."""
        if self.place and self.counted < len(self.recent):
            self._count_frames(self.recent[self.counted :])
            self.counted = len(self.recent)

    def _count_frames(self, fresh: Sequence[Sighting]) -> None:
        for adapter, rssi, times in group_by_adapter(fresh):
            counts = self.counts.get(adapter)
            if counts is None:
                counts = self.counts[adapter] = FrameCounts()
            counts.add(rssi)
            self.heard_at[adapter] = counts.add_gaps(times, self.heard_at.get(adapter))

    def close_block(self, *, foreign: bool) -> bool:
        """Evaluate the first BLOCK frames; return whether they are suspect. `foreign`: we sent none of them."""
        block = self.recent[:BLOCK]
        del self.recent[:BLOCK]
        if self.place:
            self._count_frames(block[self.counted :])
            self.counted = 0
        suspect = BLOCK if foreign else self.clones.add(block)
        for counts in self.counts.values() if suspect else ():
            counts.suspect += suspect
        return suspect > 0

    def best(self) -> FrameCounts | None:
        """Return the counts of the adapter that received most; None when there are none."""
        return max(self.counts.values(), key=lambda counts: counts.frames, default=None)


class Collector:
    """Counts since the last harvest; none of them identifies a single tag.

    `interval_ms`: advertising intervals, where known. `expected`: the place beacons whose silence is a fault; None for
    all of them (exclude our own advert: a radio does not receive itself). `foreign`: our own identities that, according
    to the radio, another transmitter sends now.
    """

    def __init__(
        self,
        beacons: Iterable[Beacon],
        *,
        interval_ms: Mapping[BeaconId, int] | None = None,
        expected: Collection[BeaconId] | None = None,
        foreign: Callable[[], Collection[BeaconId]] = tuple,
    ) -> None:
        beacons = tuple(beacons)
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
        self._tags = TagCounts(beacons)
        self._last_places: tuple[PlaceBeaconStatistics, ...] = ()
        self._reset()

    def _reset(self) -> None:
        self._advertised: dict[BeaconId, float] = {}
        for known in self._known.values():
            known.counts = {}

    @property
    def foreign(self) -> int:
        """Frames of unknown beacons since the start, through the adapter that received most."""
        return max(self._foreign.values(), default=0)

    def add_frame(self, sighting: Sighting) -> None:
        self.add_frames(sighting.beacon, (sighting,))

    def add_frames(self, beacon: BeaconId, sightings: Sequence[Sighting]) -> None:
        """Add one beacon's frames, in the order received. They are counted per block or at the harvest."""
        known = self._known.get(beacon)
        if known is None:
            self.add_strangers(sighting.adapter for sighting in sightings)
            return
        recent = known.recent
        recent += sightings
        while len(recent) >= BLOCK:
            if known.close_block(foreign=known.own and beacon in self._foreign_own()):
                self._suspects.add(beacon)

    def add_strangers(self, adapters: Iterable[str]) -> None:
        """Count frames of unknown beacons, given the adapter of each."""
        self._foreign.update(adapters)

    def cloned(self, now: float) -> Mapping[BeaconId, CloneEvidence]:
        """Return the beacons whose identity another transmitter seems to use at `now` (monotonic seconds)."""
        found = {beacon: self._known[beacon].clones.evidence(now) for beacon in self._suspects}
        cloned: dict[BeaconId, CloneEvidence] = {beacon: each for beacon, each in found.items() if each is not None}
        return cloned | dict.fromkeys(self._foreign_own(), OwnIdentityHeard())

    def describe(self, now: float) -> dict[str, object]:
        """Return figures for /healthz: frames of unknown beacons, suspected clones, and how place beacons were received
        in the last period (`describe_reception`). A person's tag is not named.
        """
        cloned = self.cloned(now)
        places = {str(beacon): asdict(each) for beacon, each in cloned.items() if beacon in self._place_ids}
        return {
            "foreign": self.foreign,
            "cloned": len(cloned),
            "cloned_places": places,
            "reception": describe_reception(self._last_places),
        }

    def add_visit(self, event: VisitEvent) -> None:
        if event.beacon.kind is not BeaconKind.person:
            return
        self._tags.add(event)
        if isinstance(event, Left):
            self._suspects.discard(event.beacon.id)
            if (known := self._known.get(event.beacon.id)) is not None:
                known.forget_visit()

    def add_advertised(self, beacon: BeaconId, seconds: float) -> None:
        """Add `seconds` in which our own advert was on the air."""
        self._advertised[beacon] = self._advertised.get(beacon, 0.0) + seconds

    def harvest(self, start: ClockReading, seconds: float, *, until: float | None = None) -> BeaconStatistics | None:
        """Return the figures of the period that began at `start` and reset them; None when there are none.

        `until`: the end of the period on the clock of the sightings, to which the silence since the last frame is
        measured. In a period of MIN_SILENCE_PERIOD_S or more, an expected beacon without frames is included with 0.
        """
        for known in self._known.values():
            known.count_recent()
        places = {id_: best for id_, known in self._known.items() if (best := known.best()) is not None}
        classes, advertised = self._tags.harvest(start), self._advertised
        foreign, self._foreign_before = self.foreign - self._foreign_before, self.foreign
        self._reset()
        if seconds >= MIN_SILENCE_PERIOD_S:
            places = {id_: FrameCounts() for id_ in self._expected} | places
        records = tuple(
            place.record(
                beacon,
                expected=self._expected_frames(beacon, seconds),
                open_gap_ms=self._silent_ms(beacon, seconds, until),
            )
            for beacon, place in sorted(places.items())
        )
        if seconds >= MIN_SILENCE_PERIOD_S:
            self._last_places = records
        if not (places or classes or advertised or foreign):
            return None
        return BeaconStatistics(
            start=start,
            seconds=seconds,
            foreign_frames=foreign,
            places=records,
            classes=classes,
            advertised=tuple(AdvertisedSeconds(beacon=beacon, seconds=s) for beacon, s in sorted(advertised.items())),
        )

    def _expected_frames(self, beacon: BeaconId, seconds: float) -> int:
        """Return 0 for our own adverts: they may be off or take turns, and not every adapter can receive them."""
        if self._known[beacon].own:
            return 0
        interval_ms = self._interval_ms.get(beacon)
        return 0 if interval_ms is None else round(seconds * 1000 / (interval_ms + MEAN_DELAY_MS))

    def _silent_ms(self, beacon: BeaconId, seconds: float, until: float | None) -> int:
        """Return milliseconds since its last frame; the whole period if there was none."""
        heard_at = max(self._known[beacon].heard_at.values(), default=None)
        if heard_at is None:
            return round(seconds * 1000)
        return 0 if until is None else max(0, round((until - heard_at) * 1000))


def describe_reception(places: Iterable[PlaceBeaconStatistics]) -> dict[str, dict[str, float]]:
    """Return, by place beacon with a known interval, the `share` of its adverts that was received and their mean `dbm`.

    A beacon that was not received, or never with RSSI, is left out.
    """
    return {
        str(each.beacon): {
            "share": round(each.heard_of_expected / each.expected_frames, 2),
            "dbm": round(each.rssi_sum / (each.frames - each.frames_without_rssi), 1),
        }
        for each in places
        if each.expected_frames and each.frames > each.frames_without_rssi
    }
