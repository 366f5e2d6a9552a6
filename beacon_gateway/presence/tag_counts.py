"""Count the visits of people's tags by class. What it remembers of a single tag is in memory, until the day ends."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from beacon_gateway.model.beacons import Beacon
from beacon_gateway.model.visits import Arrived, Left, VisitEvent, ZoneChanged
from beacon_gateway.presence.visit_state import is_near
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import DWELL_HISTOGRAM_EDGES_S, ClassStatistics, ClockReading

UNNAMED_CLASS = "unnamed"
MIN_CLASS_TAGS = 5
"""A class of fewer known tags is reported once a day: counts of five minutes would describe the day of one person."""
ABSENCE_S = 1800.0
"""A tag that was received within this time had not gone: at the edge of range, adverts arrive minutes apart."""


@dataclass(slots=True)
class _ClassCounts:
    entries: int = 0
    visits: int = 0
    dwell: list[int] = field(default_factory=lambda: [0] * (len(DWELL_HISTOGRAM_EDGES_S) + 1))


class TagCounts:
    """Counts since the last harvest. A visit counts when its tag comes near; entries into range count separately."""

    def __init__(self, beacons: Iterable[Beacon]) -> None:
        self._known = Counter(_class_of(beacon) for beacon in beacons if beacon.kind is BeaconKind.person)
        self._counts: dict[str, _ClassCounts] = {}
        self._left_at: dict[BeaconId, float] = {}
        """When each tag's last visit of this day ended, monotonic seconds."""
        self._visiting: set[BeaconId] = set()
        """Present tags that have been near."""
        self._near_before: set[tuple[str, BeaconId]] = set()
        """Class and identity of each tag that was near on this day, before this period."""
        self._near: set[tuple[str, BeaconId]] = set()
        """The same, in this period."""
        self._day: date | None = None

    def add(self, event: VisitEvent) -> None:
        """Add an event of a person's tag."""
        tag, name = event.beacon.id, _class_of(event.beacon)
        if isinstance(event, Left):
            self._visiting.discard(tag)
            self._left_at[tag] = event.at
            if event.near_s is not None:
                self._counts_of(name).dwell[bisect_right(DWELL_HISTOGRAM_EDGES_S, event.near_s)] += 1
            return
        if isinstance(event, Arrived):
            left_at = self._left_at.pop(tag, None)
            if left_at is None or not 0.0 <= event.at - left_at < ABSENCE_S:
                self._counts_of(name).entries += 1
        zone = event.after if isinstance(event, ZoneChanged) else event.zone
        if is_near(zone) and tag not in self._visiting:
            self._visiting.add(tag)
            self._near.add((name, tag))
            self._counts_of(name).visits += 1

    def harvest(self, start: ClockReading) -> tuple[ClassStatistics, ...]:
        """Return the figures of the period that began at `start`, and reset them.

        A class of fewer than MIN_CLASS_TAGS tags is included only in the first period of the next day; until then its
        counts are in memory.
        """
        day, before = start.wall.astimezone(OFFICIAL_TIME).date(), self._day
        ended = before is not None and day != before
        of_ended_day = Counter(name for name, _ in self._near_before | self._near)
        if ended:
            self._near_before = set()
            self._left_at = {}
        self._day, self._near_before, self._near = day, self._near_before | self._near, set()
        of_day = Counter(name for name, _ in self._near_before)
        large = {name for name in self._counts if self._known[name] >= MIN_CLASS_TAGS}
        taken = {name: each for name, each in self._counts.items() if ended or name in large}
        self._counts = {name: each for name, each in self._counts.items() if name not in taken}
        return tuple(
            ClassStatistics(
                tag_class=name,
                entries=each.entries,
                visits=each.visits,
                tags=(of_day if name in large else of_ended_day)[name],
                dwell_histogram=tuple(each.dwell),
            )
            for name, each in sorted(taken.items())
        )

    def _counts_of(self, name: str) -> _ClassCounts:
        return self._counts.setdefault(name, _ClassCounts())


def _class_of(beacon: Beacon) -> str:
    return beacon.tag_class or UNNAMED_CLASS
