"""From sightings to visits. Silence ends a visit, so tick it; the clock is the caller's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import Arrived, Left, VisitEvent, ZoneChanged
from beacon_gateway.presence.adapters import Ears, Levels
from beacon_gateway.presence.estimator import SMOOTHING_S, ZoneEstimator
from beacon_gateway.presence.rules import PresenceRules
from beacon_gateway.presence.silence import LONGEST_FACTOR, Gaps
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind

RSSI_LEAST, RSSI_GREATEST = -127, 20
"""dBm that a controller can report; 127 means "not available" (Core 5.4, Vol 4, Part E, 7.7.65.2)."""
POWER_UNSET = 0
"""A tag that was never calibrated says 0 dBm at 1 m, which no tag reaches."""
USUAL_POWER = -59
LATEST_S = 1e12
"""No monotonic clock comes here; it also keeps infinity and not-a-number out."""


@dataclass(frozen=True, slots=True)
class Visit:
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
        self._rules = rules
        self._known = {beacon.id: beacon for beacon in beacons}
        self._here: dict[BeaconId, _Here] = {}
        self._ended: dict[BeaconId, float] = {}
        self._ears = Ears()
        self._set_back_s = LONGEST_FACTOR * rules.exit_s
        """A time so far before the last one is no late frame: the clock was set back."""
        self.foreign_frames = 0
        """Frames of beacons that are not on the allow-list."""

    @property
    def visits(self) -> Mapping[BeaconId, Visit]:
        return {id_: here.visit(self._rules) for id_, here in self._here.items()}

    def hear(self, sighting: Sighting) -> tuple[VisitEvent, ...]:
        """What this frame tells. A frame from before the end of the beacon's last visit tells nothing."""
        beacon = self._known.get(sighting.beacon)
        if beacon is None:
            self.foreign_frames += 1
            return ()
        at = sighting.at
        if not -LATEST_S < at < LATEST_S:
            return ()
        id_ = beacon.id
        ended: tuple[Left, ...] = ()
        here = self._here.get(id_)
        if here is not None:
            if at < here.last_heard - self._set_back_s:
                here.resume(at)
            if at < here.last_heard + self._rules.exit_s or not (ended := self._end_if_silent(id_, at)):
                return here.hear(sighting, self._rules, self._ears)
        if 0 < self._ended.get(id_, at) - at <= self._set_back_s:
            return ()
        here = self._here[id_] = _Here(beacon, sighting)
        here.hear(sighting, self._rules, self._ears)
        how = f"at {sighting.rssi} dBm, {here.about()}" if here.estimator else "without RSSI"
        return (*ended, Arrived(beacon, here.zone, at, f"first frame, {how}"))

    def tick(self, now: float) -> tuple[VisitEvent, ...]:
        """Visits that silence has ended by `now`."""
        return tuple(left for id_ in tuple(self._here) for left in self._end_if_silent(id_, now))

    def _end_if_silent(self, id_: BeaconId, now: float) -> tuple[Left, ...]:
        here = self._here.get(id_)
        if here is None:
            return ()
        if now < here.last_heard - self._set_back_s:
            here.resume(now)
        exit_s = self._rules.exit_s
        if now < here.last_heard + exit_s or now < here.last_heard + (exit_s := here.gaps.exit_s(exit_s)):
            return ()
        del self._here[id_]
        at = self._ended[id_] = here.last_heard + exit_s
        dwell_s = here.last_heard - here.since
        return (Left(here.beacon, at, dwell_s, f"silent for {exit_s:.3g} s after {dwell_s:.1f} s of being heard"),)


class _Here:
    """What is known of one beacon while it is here."""

    __slots__ = (
        "_levels", "_power", "_rssi_at", "beacon", "estimator", "gaps", "in_zone_since", "last_heard", "since", "zone",
    )  # fmt: skip

    def __init__(self, beacon: Beacon, first: Sighting) -> None:
        at = first.at
        self.beacon, self.since, self.in_zone_since, self.last_heard, self._rssi_at = beacon, at, at, at, at
        self._power = USUAL_POWER if beacon.measured_power == POWER_UNSET else beacon.measured_power
        self._levels, self.gaps = Levels(first.adapter), Gaps()
        self.zone = Zone.unknown
        self.estimator: ZoneEstimator | None = None

    def hear(self, sighting: Sighting, rules: PresenceRules, ears: Ears) -> tuple[VisitEvent, ...]:
        """Weigh one frame in. Without RSSI for `exit_s` the distance is forgotten."""
        at, rssi = sighting.at, sighting.rssi
        if (gap_s := at - self.last_heard) > 0.0:
            self.gaps.add(gap_s)
            self.last_heard = at
        if rssi is not None and RSSI_LEAST <= rssi <= RSSI_GREATEST:
            if (estimator := self.estimator) is None:
                estimator = self.estimator = ZoneEstimator(rules, self.beacon.path_loss_exponent)
            estimator.hear(self._levels.corrected(sighting.adapter, rssi - self._power, at, ears), at)
            self._rssi_at = self.last_heard
            after = estimator.zone
        elif self.estimator is None or self.last_heard - self._rssi_at >= rules.exit_s:
            self.estimator, after = None, Zone.unknown
        else:
            return ()
        before = self.zone
        if after is before:
            return ()
        self.zone, self.in_zone_since = after, self.last_heard
        return (ZoneChanged(self.beacon, before, after, self.last_heard, self._reason(before, after, rules)),)

    def resume(self, at: float) -> None:
        """The clock was set back to `at`: nobody left, and no time is known to have passed."""
        back_s = self.last_heard - at
        self.since, self.in_zone_since, self._rssi_at = (
            min(then - back_s, at) for then in (self.since, self.in_zone_since, self._rssi_at)
        )
        self.last_heard = at
        if self.estimator is not None:
            self.estimator.resume(at)

    def _reason(self, before: Zone, after: Zone, rules: PresenceRules) -> str:
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
        near = self.zone in (Zone.immediate, Zone.near)
        if self.zone is Zone.unknown and rules.unknown_counts_as_near:
            near = self.beacon.kind is BeaconKind.place
        level_db, distance_m = None, None
        if self.estimator is not None:
            level_db, distance_m = self.estimator.level_db, self.estimator.distance_m
        return Visit(
            self.beacon, self.zone, self.since, self.in_zone_since, self.last_heard, level_db, distance_m, near
        )
