"""From sightings to visits. Silence ends a visit, so tick it; the clock is the caller's."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.visits import Arrived, Left, VisitEvent
from beacon_gateway.presence.adapter_levels import Ears
from beacon_gateway.presence.exit_timeout import LONGEST_FACTOR
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit import Here, Visit
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

DEAF_S = 2.0
"""Nothing at all for so long, where two fixed beacons or more were heard: the radio paused, and nobody left."""
PAUSES = 16
"""The latest ones are remembered."""
PLACE_PATIENCE = 3.0
"""A fixed beacon does not walk away: a farther zone takes so many times the evidence that it takes for a tag."""
LATEST_S = 1e12
"""No monotonic clock comes here; it also keeps infinity and not-a-number out."""


class Tracker:
    """Visits of the beacons on the allow-list; others change nothing and are only counted."""

    def __init__(self, beacons: Iterable[Beacon], rules: PresenceRules) -> None:
        self._rules, self._exit_s = rules, rules.exit_s
        self._place_rules = replace(rules, retreat_s=rules.retreat_s * PLACE_PATIENCE)
        self._heard_at = inf
        """When the last frame of anybody came."""
        self._pauses: deque[tuple[float, float]] = deque(maxlen=PAUSES)
        self._known = {beacon.id: _Known(beacon) for beacon in beacons}
        self._by_object: dict[int, _Known] = {}
        """By the identity's place in memory: its hash is dear, and the scanner names a sender by the same object."""
        self._here: dict[BeaconId, Here] = {}
        self._ears = Ears()
        self._set_back_s = LONGEST_FACTOR * rules.exit_s
        """A time so far before the last one is no late frame: the clock was set back."""
        self.foreign_frames = 0
        """Frames of beacons that are not on the allow-list."""
        self.strangers: list[str] = []
        """By which adapter each of theirs was heard since they were forgotten."""

    @property
    def fresh(self) -> Iterator[tuple[BeaconId, Sequence[Sighting]]]:
        """What was heard of each beacon of the allow-list since the frames were forgotten, as heard."""
        return ((id_, known.fresh) for id_, known in self._known.items() if known.fresh)

    @property
    def visits(self) -> Mapping[BeaconId, Visit]:
        return {id_: here.visit(self._rules) for id_, here in self._here.items()}

    def hear(self, sighting: Sighting) -> tuple[VisitEvent, ...]:
        """What this frame tells. A frame from before the end of the beacon's last visit tells nothing."""
        beacon, rssi, at, _, adapter = sighting
        if at - self._heard_at > DEAF_S:
            self._note_pause(at)
        self._heard_at = at
        known = self._by_object.get(id(beacon)) or self._recognised(beacon)
        if known is None:
            self.foreign_frames += 1
            self.strangers.append(adapter)
            return ()
        known.fresh.append(sighting)
        here = known.here
        if here is not None:
            gap_s = at - here.last_heard
            if 0.0 < gap_s < self._exit_s:
                return here.hear_next(rssi, at, adapter)
        return self._hear_out_of_turn(known, sighting)

    def _recognised(self, beacon: BeaconId) -> "_Known | None":
        """By what it says. The object is kept, so no other one takes its place in memory."""
        known = self._known.get(beacon)
        if known is not None:
            self._by_object.pop(id(known.named), None)
            known.named = beacon
            self._by_object[id(beacon)] = known
        return known

    def _hear_out_of_turn(self, known: "_Known", sighting: Sighting) -> tuple[VisitEvent, ...]:
        """The first frame, one after a silence, a late one, or one after the clock was set back."""
        at, here = sighting.at, known.here
        if not -LATEST_S < at < LATEST_S:
            return ()
        ended: tuple[Left, ...] = ()
        if here is not None:
            if at < here.last_heard - self._set_back_s:
                here.resume(at)
            if at < here.last_heard + self._exit_s or not (ended := self._end_if_silent(known, at)):
                return here.hear(sighting)
            if not known.fresh:
                known.fresh.append(sighting)
        if 0 < known.ended_at - at <= self._set_back_s:
            return ()
        beacon = known.beacon
        rules = self._place_rules if beacon.kind is BeaconKind.place else self._rules
        here = known.here = self._here[beacon.id] = Here(beacon, sighting, rules, self._ears)
        here.hear(sighting)
        if here.estimator:
            how = f"at {sighting.rssi} dBm, {here.about()}; far until there is evidence of nearer"
        else:
            how = "without RSSI"
        return (*ended, Arrived(beacon, here.zone, at, f"first frame, {how}"))

    def tick(self, now: float) -> tuple[VisitEvent, ...]:
        """Visits that silence has ended by `now`."""
        since, latest = now - self._exit_s, now + self._set_back_s
        due = [id_ for id_, here in self._here.items() if not since < here.last_heard <= latest]
        return tuple(left for id_ in due for left in self._end_if_silent(self._known[id_], now))

    def forget_frames(self) -> None:
        """The single frames. Call it now and then, when they are counted or nobody counts them."""
        self.strangers.clear()
        for known in self._known.values():
            if known.fresh:
                known.fresh.clear()

    def _end_if_silent(self, known: "_Known", now: float) -> tuple[Left, ...]:
        here = known.here
        if here is None:
            return ()
        if now < here.last_heard - self._set_back_s:
            here.resume(now)
        exit_s = self._exit_s
        if now < here.last_heard + exit_s or now < here.last_heard + (exit_s := here.gaps.exit_s(exit_s)):
            return ()
        exit_s = min(exit_s + self._deaf_s(here.last_heard, now), max(exit_s, LONGEST_FACTOR * self._exit_s))
        if now < here.last_heard + exit_s:
            return ()
        known.here = None
        del self._here[known.beacon.id]
        if known.beacon.kind is BeaconKind.person:
            known.fresh.clear()  # nothing of a person once a visit has ended
        at = known.ended_at = here.last_heard + exit_s
        dwell_s = here.last_heard - here.since
        return (Left(here.beacon, at, dwell_s, f"silent for {exit_s:.3g} s after {dwell_s:.1f} s of being heard"),)

    def _note_pause(self, until: float) -> None:
        if until < LATEST_S and self._hears_fixed_ones():
            self._pauses.append((self._heard_at, until))

    def _hears_fixed_ones(self) -> bool:
        """Before this silence, two at least, so that it is not one's empty battery."""
        fixed = (known for known in self._known.values() if known.beacon.kind is BeaconKind.place)
        return sum(known.here is not None or known.ended_at > self._heard_at for known in fixed) > 1

    def _deaf_s(self, since: float, until: float) -> float:
        """So much of this time nothing at all was heard, though it should have been."""
        pauses = [*self._pauses]
        if until - self._heard_at > DEAF_S and self._hears_fixed_ones():
            pauses.append((self._heard_at, until))
        return sum(max(0.0, min(end, until) - max(begin, since)) for begin, end in pauses)


class _Known:
    """A beacon on the allow-list: one look-up a frame."""

    __slots__ = ("beacon", "ended_at", "fresh", "here", "named")

    def __init__(self, beacon: Beacon) -> None:
        self.beacon = beacon
        self.named = beacon.id
        """The object by which it was named last."""
        self.fresh: list[Sighting] = []
        self.here: Here | None = None
        self.ended_at = -inf
