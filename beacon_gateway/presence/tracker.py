"""From sightings to visits. Silence ends a visit, so tick it; the clock is the caller's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import Arrived, Left, VisitEvent, ZoneChanged
from beacon_gateway.presence.estimator import ZoneEstimator
from beacon_gateway.presence.rules import PresenceRules
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind


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
        ended = self._end_if_silent(beacon.id, sighting.at)
        if (here := self._here.get(beacon.id)) is not None:
            return here.hear(sighting, self._rules)
        if sighting.at < self._ended.get(beacon.id, sighting.at):
            return ()
        here = self._here[beacon.id] = _Here(beacon, sighting.at)
        here.hear(sighting, self._rules)
        how = "without RSSI" if sighting.rssi is None else f"at {sighting.rssi} dBm, {here.about()}"
        return (*ended, Arrived(beacon, here.zone, sighting.at, f"first frame, {how}"))

    def tick(self, now: float) -> tuple[VisitEvent, ...]:
        """Visits that silence has ended by `now`."""
        return tuple(left for id_ in tuple(self._here) for left in self._end_if_silent(id_, now))

    def _end_if_silent(self, id_: BeaconId, now: float) -> tuple[Left, ...]:
        exit_s = self._rules.exit_s
        here = self._here.get(id_)
        if here is None or now < here.last_heard + exit_s:
            return ()
        del self._here[id_]
        at = self._ended[id_] = here.last_heard + exit_s
        dwell_s = here.last_heard - here.since
        return (Left(here.beacon, at, dwell_s, f"silent for {exit_s:g} s after {dwell_s:.1f} s of being heard"),)


class _Here:
    """What is known of one beacon while it is here."""

    __slots__ = ("beacon", "estimator", "in_zone_since", "last_heard", "rssi_at", "since", "zone")

    def __init__(self, beacon: Beacon, at: float) -> None:
        self.beacon, self.since, self.in_zone_since, self.last_heard, self.rssi_at = beacon, at, at, at, at
        self.zone = Zone.unknown
        self.estimator: ZoneEstimator | None = None

    def hear(self, sighting: Sighting, rules: PresenceRules) -> tuple[VisitEvent, ...]:
        """Weigh one frame in. Without RSSI for `exit_s` the distance is forgotten."""
        self.last_heard = max(self.last_heard, sighting.at)
        if sighting.rssi is not None:
            self.estimator = self.estimator or ZoneEstimator(rules)
            self.estimator.hear(sighting.rssi - self.beacon.measured_power, sighting.at)
            self.rssi_at = self.last_heard
        elif self.last_heard - self.rssi_at >= rules.exit_s:
            self.estimator = None
        before, after = self.zone, Zone.unknown if self.estimator is None else self.estimator.zone
        if after is before:
            return ()
        self.zone, self.in_zone_since = after, self.last_heard
        return (ZoneChanged(self.beacon, before, after, self.last_heard, self._reason(before, after, rules)),)

    def _reason(self, before: Zone, after: Zone, rules: PresenceRules) -> str:
        if after is Zone.unknown:
            return f"no RSSI for {rules.exit_s:g} s"
        if before is Zone.unknown:
            return f"first RSSI: {self.about()}"
        if after is Zone.immediate or before is Zone.far:
            edge_m = rules.immediate_m if after is Zone.immediate else rules.near_m
            return f"at least {rules.dwell_s:g} s of clear evidence within {edge_m:g} m: {self.about()}"
        edge_m = rules.near_m if after is Zone.far else rules.immediate_m
        return f"at least {rules.retreat_s:g} s of clear evidence beyond {edge_m:g} m: {self.about()}"

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
