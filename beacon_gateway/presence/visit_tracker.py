"""Turn sightings into visits. A silence ends a visit, so call `tick` regularly with the caller's clock."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.reasons import Silence
from beacon_gateway.model.visits import Left, VisitEvent
from beacon_gateway.presence.adapter_levels import AdapterLosses
from beacon_gateway.presence.exit_timeout import LONGEST_FACTOR
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit_state import ActiveVisit, Visit
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

PAUSE_S = 2.0
"""No frame at all for this long, where two fixed beacons or more were received: the radio paused, and no visit ends."""
MAX_PAUSES = 16
PLACE_PATIENCE = 3.0
"""A fixed beacon does not move: a farther zone takes this many times the evidence that it takes for a tag."""
LATEST_S = 1e12
"""No monotonic clock reaches this; the bound also rejects infinity and NaN."""


class Tracker:
    """Tracks visits of the beacons on the allow-list; frames of other beacons are only counted."""

    def __init__(self, beacons: Iterable[Beacon], rules: PresenceRules) -> None:
        self._rules, self._exit_s = rules, rules.exit_s
        self._place_rules = replace(rules, retreat_s=rules.retreat_s * PLACE_PATIENCE)
        self._heard_at = inf
        """Time of the last frame of any beacon."""
        self._pauses: deque[tuple[float, float]] = deque(maxlen=MAX_PAUSES)
        self._known = {beacon.id: _Known(beacon) for beacon in beacons}
        self._by_object: dict[int, _Known] = {}
        """By id() of the identity object: hashing it is slow, and the scanner reuses one object per sender."""
        self._active: dict[BeaconId, ActiveVisit] = {}
        self._losses = AdapterLosses(rules.adapter_losses)
        self._set_back_s = LONGEST_FACTOR * rules.exit_s
        """A time this far before the last one is no late frame: the clock was set back."""
        self.foreign_frames = 0
        """Frames of beacons that are not on the allow-list."""
        self.strangers: list[str] = []
        """The adapter of each of these frames since `forget_frames`."""

    @property
    def fresh(self) -> Iterator[tuple[BeaconId, Sequence[Sighting]]]:
        """Frames of each beacon on the allow-list since `forget_frames`, in the order received."""
        return ((id_, known.fresh) for id_, known in self._known.items() if known.fresh)

    @property
    def visits(self) -> Mapping[BeaconId, Visit]:
        return {id_: active.snapshot(self._rules) for id_, active in self._active.items()}

    def hear(self, sighting: Sighting) -> tuple[VisitEvent, ...]:
        """Return the events of this frame. A frame from before the end of the beacon's last visit has none."""
        beacon, rssi, at, _, adapter = sighting
        if at - self._heard_at > PAUSE_S:
            self._note_pause(at)
        self._heard_at = at
        known = self._by_object.get(id(beacon)) or self._look_up(beacon)
        if known is None:
            self.foreign_frames += 1
            self.strangers.append(adapter)
            return ()
        known.fresh.append(sighting)
        active = known.active
        if active is not None:
            gap_s = at - active.last_heard
            if 0.0 < gap_s < self._exit_s:
                return active.hear_next(rssi, at, adapter)
        return self._hear_out_of_turn(known, sighting)

    def _look_up(self, beacon: BeaconId) -> "_Known | None":
        """Find the beacon by value. The object is stored, so its id() cannot be reused."""
        known = self._known.get(beacon)
        if known is not None:
            self._by_object.pop(id(known.identity), None)
            known.identity = beacon
            self._by_object[id(beacon)] = known
        return known

    def _hear_out_of_turn(self, known: "_Known", sighting: Sighting) -> tuple[VisitEvent, ...]:
        """Process the first frame, one after a silence, a late one, or one after the clock was set back."""
        at, active = sighting.at, known.active
        if not -LATEST_S < at < LATEST_S:
            return ()
        ended: tuple[Left, ...] = ()
        if active is not None:
            if at < active.last_heard - self._set_back_s:
                active.resume(at)
            if at < active.last_heard + self._exit_s or not (ended := self._end_if_silent(known, at)):
                return active.hear(sighting)
            if not known.fresh:
                known.fresh.append(sighting)
        if 0 < known.ended_at - at <= self._set_back_s:
            return ()
        beacon = known.beacon
        rules = self._place_rules if beacon.kind is BeaconKind.place else self._rules
        active = known.active = self._active[beacon.id] = ActiveVisit(beacon, sighting, rules, self._losses)
        return (*ended, active.start(sighting))

    def tick(self, now: float) -> tuple[VisitEvent, ...]:
        """Return the visits that a silence has ended by `now`."""
        since, latest = now - self._exit_s, now + self._set_back_s
        due = [id_ for id_, active in self._active.items() if not since < active.last_heard <= latest]
        return tuple(left for id_ in due for left in self._end_if_silent(self._known[id_], now))

    def forget_frames(self) -> None:
        """Discard the stored frames. Call it regularly, after they are counted or if no one counts them."""
        self.strangers.clear()
        for known in self._known.values():
            if known.fresh:
                known.fresh.clear()

    def _end_if_silent(self, known: "_Known", now: float) -> tuple[Left, ...]:
        active = known.active
        if active is None:
            return ()
        if now < active.last_heard - self._set_back_s:
            active.resume(now)
        exit_s = self._exit_s
        if now < active.last_heard + exit_s or now < active.last_heard + (exit_s := active.gaps.exit_s(exit_s)):
            return ()
        exit_s = min(exit_s + self._pause_s(active.last_heard, now), max(exit_s, LONGEST_FACTOR * self._exit_s))
        if now < active.last_heard + exit_s:
            return ()
        known.active = None
        del self._active[known.beacon.id]
        if known.beacon.kind is BeaconKind.person:
            known.fresh.clear()  # no data of a person after the visit
        at = known.ended_at = active.last_heard + exit_s
        in_range_s = active.last_heard - active.since
        return (Left(active.beacon, at, in_range_s, active.near_s(), Silence(exit_s, in_range_s)),)

    def _note_pause(self, until: float) -> None:
        if until < LATEST_S and self._hears_fixed_beacons():
            self._pauses.append((self._heard_at, until))

    def _hears_fixed_beacons(self) -> bool:
        """Return whether two or more were present before this silence: one alone may have an empty battery."""
        fixed = (known for known in self._known.values() if known.beacon.kind is BeaconKind.place)
        return sum(known.active is not None or known.ended_at > self._heard_at for known in fixed) > 1

    def _pause_s(self, since: float, until: float) -> float:
        """Return the seconds of this interval in which the radio paused."""
        pauses = [*self._pauses]
        if until - self._heard_at > PAUSE_S and self._hears_fixed_beacons():
            pauses.append((self._heard_at, until))
        return sum(max(0.0, min(end, until) - max(begin, since)) for begin, end in pauses)


class _Known:
    """A beacon on the allow-list and its visit, found with one look-up per frame."""

    __slots__ = ("active", "beacon", "ended_at", "fresh", "identity")

    def __init__(self, beacon: Beacon) -> None:
        self.beacon = beacon
        self.identity = beacon.id
        """The identity object of the last frame."""
        self.fresh: list[Sighting] = []
        self.active: ActiveVisit | None = None
        self.ended_at = -inf
