"""From sightings to visits. Silence ends a visit, so tick it; the clock is the caller's."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import NamedTuple

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import Arrived, Left, VisitEvent, ZoneChanged
from beacon_gateway.presence.adapters import Ears, Levels
from beacon_gateway.presence.estimator import SMOOTHING_S, ZoneEstimator
from beacon_gateway.presence.rules import PresenceRules
from beacon_gateway.presence.silence import FRESH, LONGEST_FACTOR, Gaps
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind

RSSI_LEAST, RSSI_GREATEST = -127, 20
"""dBm that a controller can report; 127 means "not available" (Core 5.4, Vol 4, Part E, 7.7.65.2)."""
_PLAUSIBLE = frozenset(range(RSSI_LEAST, RSSI_GREATEST + 1))
POWER_UNSET = 0
"""A tag that was never calibrated says 0 dBm at 1 m, which no tag reaches."""
USUAL_POWER = -59
DEAF_S = 2.0
"""Nothing at all for so long, where two fixed beacons or more were heard: the radio paused, and nobody left."""
PAUSES = 16
"""The latest ones are remembered."""
PLACE_PATIENCE = 3.0
"""A fixed beacon does not walk away: a farther zone takes so many times the evidence that it takes for a tag."""
_IMMEDIATE, _NEAR, _UNKNOWN = Zone.immediate, Zone.near, Zone.unknown  # an enumeration is slow to be asked
LATEST_S = 1e12
"""No monotonic clock comes here; it also keeps infinity and not-a-number out."""


class Visit(NamedTuple):
    """A beacon that is here now, as it stood when `Tracker.visits` was read. Times: monotonic seconds."""

    beacon: Beacon
    zone: Zone
    since: float
    in_zone_since: float
    last_heard: float
    level_db: float | None
    """Smoothed, against the level at 1 m; None without RSSI. More is nearer."""
    distance_m: float | None
    near: bool
    """Near enough to show its project: immediate, near, or a place beacon in zone unknown when the rules say so."""


class Tracker:
    """Visits of the beacons on the allow-list; others change nothing and are only counted."""

    def __init__(self, beacons: Iterable[Beacon], rules: PresenceRules) -> None:
        self._rules, self._exit_s = rules, rules.exit_s
        self._place_rules = replace(rules, retreat_s=rules.retreat_s * PLACE_PATIENCE)
        self._heard_at = inf
        """When the last frame of anybody came."""
        self._pauses: deque[tuple[float, float]] = deque(maxlen=PAUSES)
        self._known = {beacon.id: _Known(beacon) for beacon in beacons}
        self._here: dict[BeaconId, _Here] = {}
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
        at = sighting[2]  # what a tuple holds is found faster by place than by name
        if at - self._heard_at > DEAF_S:
            self._note_pause(at)
        self._heard_at = at
        known = self._known.get(sighting[0])
        if known is None:
            self.foreign_frames += 1
            self.strangers.append(sighting[4])
            return ()
        known.fresh.append(sighting)
        here = known.here
        if here is not None:
            gap_s = at - here.last_heard
            if 0.0 < gap_s < self._exit_s:
                return here.hear_next(sighting, gap_s)
        return self._hear_out_of_turn(known, sighting)

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
                return here.hear(sighting, at - here.last_heard)
            if not known.fresh:
                known.fresh.append(sighting)
        if 0 < known.ended_at - at <= self._set_back_s:
            return ()
        beacon = known.beacon
        rules = self._place_rules if beacon.kind is BeaconKind.place else self._rules
        here = known.here = self._here[beacon.id] = _Here(beacon, sighting, rules, self._ears)
        here.hear(sighting, 0.0)
        how = f"at {sighting.rssi} dBm, {here.about()}" if here.estimator else "without RSSI"
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
                if known.here is not None and len(known.here.gaps.fresh) >= FRESH:
                    known.here.gaps.count()

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

    __slots__ = ("beacon", "ended_at", "fresh", "here")

    def __init__(self, beacon: Beacon) -> None:
        self.beacon = beacon
        self.fresh: list[Sighting] = []
        self.here: _Here | None = None
        self.ended_at = -inf


class _Here:
    """What is known of one beacon while it is here."""

    __slots__ = (
        "_ears", "_levels", "_power", "_rssi_at", "_rules", "beacon", "estimator", "gaps", "in_zone_since",
        "last_heard", "since", "zone",
    )  # fmt: skip

    def __init__(self, beacon: Beacon, first: Sighting, rules: PresenceRules, ears: Ears) -> None:
        at = first.at
        self.beacon, self.since, self.in_zone_since, self.last_heard, self._rssi_at = beacon, at, at, at, at
        self._power = USUAL_POWER if beacon.measured_power == POWER_UNSET else beacon.measured_power
        self._levels, self.gaps = Levels(first.adapter), Gaps()
        self._rules, self._ears = rules, ears
        self.zone = Zone.unknown
        self.estimator: ZoneEstimator | None = None

    def hear(self, sighting: Sighting, gap_s: float) -> tuple[VisitEvent, ...]:
        """Weigh one frame in, `gap_s` after the last one; a late one (0 or less) weighs nothing."""
        if gap_s > 0.0:
            return self.hear_next(sighting, gap_s)
        _, rssi, at, _, adapter = sighting
        if rssi not in _PLAUSIBLE:
            return self._hear_without_rssi()
        self._rssi_at = self.last_heard
        level_db: float = rssi - self._power
        if adapter != self._levels.only or self._ears.lacks_db:
            level_db = self._levels.corrected(adapter, level_db, at, self._ears)
        if self.estimator is None:
            self.estimator = ZoneEstimator(self._rules, self.beacon.path_loss_exponent)
            self.estimator.hear(level_db, at)
        after = self.estimator.zone
        return () if after is self.zone else self._change(after)

    def hear_next(self, sighting: Sighting, gap_s: float) -> tuple[VisitEvent, ...]:
        """A frame `gap_s`, more than 0, after the last one.

        This runs for each advert, so it is written for speed.
        """
        _, rssi, at, _, adapter = sighting
        self.gaps.fresh.append(gap_s)
        self.last_heard = at
        if rssi not in _PLAUSIBLE:
            return self._hear_without_rssi()
        self._rssi_at = at
        level_db: float = rssi - self._power
        if adapter != self._levels.only or self._ears.lacks_db:
            level_db = self._levels.corrected(adapter, level_db, at, self._ears)
        estimator = self.estimator
        if estimator is None:
            estimator = self.estimator = ZoneEstimator(self._rules, self.beacon.path_loss_exponent)
        estimator.hear(level_db, at)
        after = estimator.zone
        return () if after is self.zone else self._change(after)

    def _hear_without_rssi(self) -> tuple[VisitEvent, ...]:
        """For `exit_s`: then the distance is forgotten."""
        if self.estimator is not None and self.last_heard - self._rssi_at < self._rules.exit_s:
            return ()
        self.estimator = None
        return () if self.zone is Zone.unknown else self._change(Zone.unknown)

    def _change(self, after: Zone) -> tuple[VisitEvent, ...]:
        before = self.zone
        self.zone, self.in_zone_since = after, self.last_heard
        return (ZoneChanged(self.beacon, before, after, self.last_heard, self._reason(before, after)),)

    def resume(self, at: float) -> None:
        """The clock was set back to `at`: nobody left, and no time is known to have passed."""
        back_s = self.last_heard - at
        self.since, self.in_zone_since, self._rssi_at = (
            min(then - back_s, at) for then in (self.since, self.in_zone_since, self._rssi_at)
        )
        self.last_heard = at
        if self.estimator is not None:
            self.estimator.resume(at)

    def _reason(self, before: Zone, after: Zone) -> str:
        rules = self._rules
        if after is Zone.unknown:
            return f"no RSSI for {rules.exit_s:g} s"
        if before is Zone.unknown:
            return f"first RSSI: {self.about()}"
        smoothed = f"smoothed over {SMOOTHING_S:g} s: {self.about()}"  # it lags behind the evidence
        if after is Zone.immediate or before is Zone.far:
            edge_m = rules.immediate_m if after is Zone.immediate else rules.near_m
            return f"at least {rules.dwell_s:g} s of clear evidence within {edge_m:g} m; {smoothed}"
        edge_m = rules.near_m if after is Zone.far else rules.immediate_m
        return f"at least {rules.retreat_s:g} s of clear evidence beyond {edge_m:g} m; {smoothed}"

    def about(self) -> str:
        if self.estimator is None:
            return "distance unknown"
        return f"about {self.estimator.distance_m:.1f} m ({self.estimator.level_db:+.1f} dB against 1 m)"

    def visit(self, rules: PresenceRules) -> Visit:
        zone = self.zone
        near = zone is _IMMEDIATE or zone is _NEAR
        if zone is _UNKNOWN and rules.unknown_counts_as_near:
            near = self.beacon.kind is BeaconKind.place
        level_db, distance_m = None, None
        if self.estimator is not None:
            level_db, distance_m = self.estimator.level_db, self.estimator.distance_m
        return Visit(self.beacon, zone, self.since, self.in_zone_since, self.last_heard, level_db, distance_m, near)
