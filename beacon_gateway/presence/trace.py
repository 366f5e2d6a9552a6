"""Record the latest decisions with their inputs, reason and results, and samples of frames and levels.

Bounded by count. A person's tag is named by its class only, and the samples of its visit are deleted at its end.
Place beacons are fixed and identify no person: their samples stay, thinned.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import NamedTuple

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.reasons import Reason
from beacon_gateway.model.visits import Arrived, Left, VisitEvent, ZoneChanged
from beacon_gateway.presence.choice import Chosen
from beacon_gateway.presence.visit_state import Visit
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import Door

MAX_DECISIONS = 1000
MAX_SAMPLES = 20_000
"""Of place beacons; people's tags share a tenth of it."""


_new = tuple.__new__


class DecisionKind(StrEnum):
    arrived = "arrived"
    zone = "zone"
    left = "left"
    shown = "shown"


@dataclass(frozen=True, slots=True)
class Decision:
    """One event of a visit, or one change of what is shown.

    `at`: monotonic seconds. Inputs: `rssi` (dBm) of the frame that decided, None when time did; `level_db` (smoothed,
    against 1 m) and `distance_m` at that time, which lag. Results: `before` → `after`, zones or projects ("" is the
    attract page); `in_range_s`; `door`.
    `beacon`: a place beacon, or None; `tag_class`: of a person's tag, or "".
    """

    number: int
    at: float
    kind: DecisionKind
    beacon: BeaconId | None
    tag_class: str
    rssi: int | None
    level_db: float | None
    distance_m: float | None
    reason: Reason
    before: str
    after: str
    in_range_s: float | None = None
    door: Door | None = None


class Heard(NamedTuple):
    """A stored frame. `at`: monotonic seconds; `rssi`: dBm; `power`: announced dBm at 1 m. A tuple: there are many."""

    at: float
    beacon: BeaconId
    rssi: int | None
    adapter: str
    power: int | None


class Level(NamedTuple):
    """The state of a visit at a tick. `level_db`: smoothed, against the level at 1 m."""

    at: float
    beacon: BeaconId
    level_db: float | None
    distance_m: float | None
    zone: Zone


Sample = Heard | Level


class _SampleTimes:
    """When a beacon's last samples were stored, and when the next ones are due. Monotonic seconds."""

    __slots__ = ("heard_at", "heard_due", "kind", "level_at", "level_due")

    def __init__(self, kind: BeaconKind) -> None:
        self.kind = kind
        self.heard_at = self.heard_due = self.level_at = self.level_due = inf


class Trace:
    """`thinned_s`: store one frame and one level of a beacon in this many seconds; 0 stores all.

    `keep_people`: keep the samples of people's tags after their visits. Only for a replay: the recording contains them.
    """

    def __init__(
        self,
        beacons: Iterable[Beacon],
        *,
        decisions: int = MAX_DECISIONS,
        samples: int = MAX_SAMPLES,
        thinned_s: float = 1.0,
        keep_people: bool = False,
    ) -> None:
        self.beacons = tuple(beacons)
        self.thinned_s = thinned_s
        self._times = {beacon.id: _SampleTimes(beacon.kind) for beacon in self.beacons}
        self._keep_people = keep_people
        self._decisions: deque[Decision] = deque(maxlen=decisions)
        self._places: deque[Sample] = deque(maxlen=samples)
        self._people: deque[Sample] = deque(maxlen=max(1, samples if keep_people else samples // 10))
        self._count = 0
        self._shown: Chosen | None = None

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The latest, in order. They do not distinguish one person's tag from another."""
        return tuple(self._decisions)

    @property
    def place_samples(self) -> tuple[Sample, ...]:
        return tuple(self._places)

    @property
    def running_samples(self) -> tuple[Sample, ...]:
        """Of people's tags that are present now. Only for the device's own screen, never for disk or network."""
        return tuple(self._people)

    def add_frame(self, sighting: Sighting) -> None:
        self.add_frames(sighting.beacon, (sighting,))

    def add_frames(self, beacon: BeaconId, sightings: Sequence[Sighting]) -> None:
        """Add one beacon's frames, in the order received; frames of unknown beacons are ignored."""
        times = self._times.get(beacon)
        if times is None:
            return
        since, due = times.heard_at, times.heard_due
        for sighting in sightings:
            if since <= sighting[2] < due:  # faster than by name
                continue
            _, rssi, since, power, adapter = sighting
            due = since + self.thinned_s
            self._store(times.kind, _new(Heard, (since, beacon, rssi, adapter, power)))
        times.heard_at, times.heard_due = since, due

    def add_levels(self, now: float, visits: Mapping[BeaconId, Visit]) -> None:
        for id_, visit in visits.items():
            times = self._times.get(id_)
            if times is not None and not times.level_at <= now < times.level_due:
                times.level_at, times.level_due = now, now + self.thinned_s
                self._store(times.kind, Level(now, id_, visit.level_db, visit.distance_m, visit.zone))

    def add_visit(self, event: VisitEvent, rssi: int | None, visit: Visit | None) -> None:
        """`rssi`: of the frame that decided, None for silence; `visit`: the current state, None after its end."""
        match event:
            case Arrived():
                kind, before, after, in_range_s = DecisionKind.arrived, "", event.zone.value, None
            case ZoneChanged():
                kind, before, after, in_range_s = DecisionKind.zone, event.before.value, event.after.value, None
            case Left():
                kind, before, after, in_range_s = DecisionKind.left, "", "", event.in_range_s
                rssi = None  # a frame after the end belongs to the next visit
                self._forget(event.beacon)
        person = event.beacon.kind is BeaconKind.person
        self._add(
            Decision(
                number=self._count + 1,
                at=event.at,
                kind=kind,
                beacon=None if person else event.beacon.id,
                tag_class=(event.beacon.tag_class or "unnamed") if person else "",
                rssi=rssi,
                level_db=None if visit is None else visit.level_db,
                distance_m=None if visit is None else visit.distance_m,
                reason=event.reason,
                before=before,
                after=after,
                in_range_s=in_range_s,
            )
        )

    def add_choice(self, at: float, chosen: Chosen) -> None:
        """Record a change of what is shown; the attract page at the start is none."""
        before, self._shown = self._shown, chosen
        if chosen == before or (before is None and chosen.project is None):
            return
        self._add(
            Decision(
                number=self._count + 1,
                at=at,
                kind=DecisionKind.shown,
                beacon=chosen.beacon,
                tag_class="",
                rssi=None,
                level_db=None,
                distance_m=None,
                reason=chosen.reason,
                before="" if before is None else before.project or "",
                after=chosen.project or "",
                door=chosen.door,
            )
        )

    def _add(self, decision: Decision) -> None:
        self._count += 1
        self._decisions.append(decision)

    def _store(self, kind: BeaconKind, sample: Sample) -> None:
        (self._people if kind is BeaconKind.person else self._places).append(sample)

    def _forget(self, beacon: Beacon) -> None:
        """Delete the samples of a person's tag after its visit."""
        if beacon.kind is not BeaconKind.person or self._keep_people:
            return
        self._times[beacon.id] = _SampleTimes(beacon.kind)
        self._people = deque((s for s in self._people if s.beacon != beacon.id), maxlen=self._people.maxlen)
