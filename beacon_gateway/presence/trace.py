"""Why it was decided so: the latest decisions with numbers in, rule and numbers out, and samples beside them.

Bounded by count. A person's tag is named by its class only; the samples of its visit are here while the visit runs,
and go with it. Place beacons are fixed and tell of nobody: their samples stay, thinned.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import NamedTuple

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import Arrived, Crossing, Left, VisitEvent, ZoneChanged
from beacon_gateway.presence.choice import Chosen
from beacon_gateway.presence.visit import Visit
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import Door

LONGEST_TRACE = 1000
"""Decisions."""
MOST_SAMPLES = 20_000
"""Of place beacons; people's tags share a tenth of it."""


_new = tuple.__new__


class What(StrEnum):
    arrived = "arrived"
    zone = "zone"
    left = "left"
    shown = "shown"


@dataclass(frozen=True, slots=True)
class Decision:
    """One event of a visit, or one change of what is shown.

    In: `rssi` (dBm) of the frame that decided, None when time did; `level_db` (smoothed, against 1 m) and
    `distance_m` as they stood, which lag; `crossed`: the edges of a zone, each with its evidence. Out: `before` →
    `after`, zones or projects ("" is the attract page); `dwell_s`.
    `beacon`: a place beacon, or None; `tag_class`: of a person's tag, or "".
    """

    number: int
    at: float
    what: What
    beacon: BeaconId | None
    tag_class: str
    rssi: int | None
    level_db: float | None
    distance_m: float | None
    rule: str
    before: str
    after: str
    dwell_s: float | None = None
    door: Door | None = None
    crossed: tuple[Crossing, ...] = ()


class Heard(NamedTuple):
    """A frame that was kept. `at`: monotonic seconds; `rssi`: dBm. A tuple, since many are made."""

    at: float
    beacon: BeaconId
    rssi: int | None
    adapter: str


class Level(NamedTuple):
    """What was believed of a beacon at a tick. `level_db`: smoothed, against the level at 1 m."""

    at: float
    beacon: BeaconId
    level_db: float | None
    distance_m: float | None
    zone: Zone


Sample = Heard | Level


class _Kept:
    """When a beacon's last samples were kept, and when the next ones are due. Monotonic seconds."""

    __slots__ = ("heard_at", "heard_due", "kind", "level_at", "level_due")

    def __init__(self, kind: BeaconKind) -> None:
        self.kind = kind
        self.heard_at = self.heard_due = self.level_at = self.level_due = inf


class Trace:
    """`thinned_s`: one frame and one level of a beacon in so many seconds; 0 keeps all.

    `keep_people`: for the replay of a recording only, which holds the tags already.
    """

    def __init__(
        self,
        beacons: Iterable[Beacon],
        *,
        decisions: int = LONGEST_TRACE,
        samples: int = MOST_SAMPLES,
        thinned_s: float = 1.0,
        keep_people: bool = False,
    ) -> None:
        self.beacons = tuple(beacons)
        self.thinned_s = thinned_s
        self._kept = {beacon.id: _Kept(beacon.kind) for beacon in self.beacons}
        self._keep_people = keep_people
        self._decisions: deque[Decision] = deque(maxlen=decisions)
        self._places: deque[Sample] = deque(maxlen=samples)
        self._people: deque[Sample] = deque(maxlen=max(1, samples if keep_people else samples // 10))
        self._count = 0
        self._shown: Chosen | None = None

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The latest, in the order in which they were taken. Nothing in them tells one person's tag from another."""
        return tuple(self._decisions)

    @property
    def place_samples(self) -> tuple[Sample, ...]:
        return tuple(self._places)

    @property
    def running_samples(self) -> tuple[Sample, ...]:
        """Of people's tags that are here now. For the screen of one who stands beside it: never for disk or wire."""
        return tuple(self._people)

    def heard(self, sighting: Sighting) -> None:
        """A frame; foreign ones leave nothing."""
        self.heard_of(sighting.beacon, (sighting,))

    def heard_of(self, beacon: BeaconId, sightings: Sequence[Sighting]) -> None:
        """One beacon's frames, in the order heard."""
        kept = self._kept.get(beacon)
        if kept is None:
            return
        since, due = kept.heard_at, kept.heard_due
        for sighting in sightings:
            if since <= sighting[2] < due:  # found faster by place than by name
                continue
            _, rssi, since, _, adapter = sighting
            due = since + self.thinned_s
            self._keep(kept.kind, _new(Heard, (since, beacon, rssi, adapter)))
        kept.heard_at, kept.heard_due = since, due

    def levels(self, now: float, visits: Mapping[BeaconId, Visit]) -> None:
        for id_, visit in visits.items():
            kept = self._kept.get(id_)
            if kept is not None and not kept.level_at <= now < kept.level_due:
                kept.level_at, kept.level_due = now, now + self.thinned_s
                self._keep(kept.kind, Level(now, id_, visit.level_db, visit.distance_m, visit.zone))

    def visit(self, event: VisitEvent, rssi: int | None, visit: Visit | None) -> None:
        """`rssi`: of the frame that told it, None for silence; `visit`: as it stands now, None once it has ended."""
        match event:
            case Arrived():
                what, before, after, dwell_s = What.arrived, "", event.zone.value, None
            case ZoneChanged():
                what, before, after, dwell_s = What.zone, event.before.value, event.after.value, None
            case Left():
                what, before, after, dwell_s = What.left, "", "", event.dwell_s
                rssi = None  # a frame after the end has told of the silence: it is the next visit's
                self._forget(event.beacon)
        person = event.beacon.kind is BeaconKind.person
        self._add(
            Decision(
                number=self._count + 1,
                at=event.at,
                what=what,
                beacon=None if person else event.beacon.id,
                tag_class=(event.beacon.tag_class or "unnamed") if person else "",
                rssi=rssi,
                level_db=None if visit is None else visit.level_db,
                distance_m=None if visit is None else visit.distance_m,
                rule=event.reason,
                before=before,
                after=after,
                dwell_s=dwell_s,
                crossed=event.crossed if isinstance(event, ZoneChanged) else (),
            )
        )

    def chosen(self, at: float, chosen: Chosen) -> None:
        """What is shown now; the same again is no decision, and nor is the attract page at the start."""
        before, self._shown = self._shown, chosen
        if chosen == before or (before is None and chosen.project is None):
            return
        self._add(
            Decision(
                number=self._count + 1,
                at=at,
                what=What.shown,
                beacon=chosen.beacon,
                tag_class="",
                rssi=None,
                level_db=None,
                distance_m=None,
                rule=chosen.reason,
                before="" if before is None else before.project or "",
                after=chosen.project or "",
                door=chosen.door,
            )
        )

    def _add(self, decision: Decision) -> None:
        self._count += 1
        self._decisions.append(decision)

    def _keep(self, kind: BeaconKind, sample: Sample) -> None:
        (self._people if kind is BeaconKind.person else self._places).append(sample)

    def _forget(self, beacon: Beacon) -> None:
        """A visit of a person has ended: nothing of that one tag stays."""
        if beacon.kind is not BeaconKind.person or self._keep_people:
            return
        self._kept[beacon.id] = _Kept(beacon.kind)
        self._people = deque((s for s in self._people if s.beacon != beacon.id), maxlen=self._people.maxlen)
