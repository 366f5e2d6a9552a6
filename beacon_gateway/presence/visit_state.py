"""The state of one visit: zone, level and times, updated with each frame of its beacon."""

from typing import NamedTuple

from beacon_gateway.model.beacons import Beacon, Sighting, Zone, power_at_1m
from beacon_gateway.model.reasons import EdgesCrossed, FirstFrame, FirstFrameWithoutRssi, FirstRssi, NoRssi, VisitReason
from beacon_gateway.model.visits import Arrived, VisitEvent, ZoneChanged
from beacon_gateway.presence.adapter_levels import AdapterLevels, AdapterLosses
from beacon_gateway.presence.estimator import ZoneEstimator
from beacon_gateway.presence.exit_timeout import FrameGaps
from beacon_gateway.presence.presence_rules import PresenceRules
from sync_contract.catalogue import BeaconKind
from sync_contract.rssi import LEVELS, MAX_DBM, clamp_dbm

_PLAUSIBLE = frozenset(LEVELS)
_IMMEDIATE, _NEAR, _UNKNOWN = Zone.immediate, Zone.near, Zone.unknown  # module globals: enum access is slow


def is_near(zone: Zone) -> bool:
    return zone is _NEAR or zone is _IMMEDIATE


class Visit(NamedTuple):
    """A snapshot of a present beacon, made by `Tracker.visits`. Times: monotonic seconds."""

    beacon: Beacon
    zone: Zone
    since: float
    in_zone_since: float
    last_heard: float
    level_db: float | None
    """Smoothed, against the level at 1 m; None without RSSI. Greater is nearer."""
    distance_m: float | None
    rssi_db: float | None
    """Of the last frame with RSSI, against the level at 1 m."""
    near: bool
    """Near enough to show its project: immediate, near, or a place beacon in zone unknown if the rules allow it."""


class ActiveVisit:
    """The running visit of one beacon."""

    __slots__ = (
        "_first", "_heard", "_levels", "_losses", "_near_s", "_near_since", "_only", "_power", "_rssi",
        "_rssi_at", "_rules", "beacon", "estimator", "gaps", "in_zone_since", "last_heard", "since", "zone",
    )  # fmt: skip

    def __init__(self, beacon: Beacon, first: Sighting, rules: PresenceRules, losses: AdapterLosses) -> None:
        at = first.at
        self.beacon, self.since, self.in_zone_since, self.last_heard, self._rssi_at = beacon, at, at, at, at
        self._power = clamp_dbm(power_at_1m(beacon, first.measured_power))
        self._rssi = 0
        self._first = self._only = first.adapter
        self._levels = AdapterLevels(first.adapter, moves=beacon.kind is BeaconKind.person)
        self.gaps = FrameGaps()
        self._heard = self.gaps.times(first.adapter)
        self._heard.append(at)
        self._rules, self._losses = rules, losses
        self.zone = Zone.unknown
        self._near_s: float | None = None
        self._near_since = at
        self.estimator: ZoneEstimator | None = None

    def start(self, first: Sighting) -> Arrived:
        """Process the first frame, the one given to the constructor."""
        self.hear(first)
        reason: VisitReason = FirstFrameWithoutRssi()
        if self.estimator is not None and first.rssi is not None:
            reason = FirstFrame(first.rssi, self.estimator.distance_m, self.estimator.level_db)
        return Arrived(self.beacon, self.zone, first.at, reason)

    def hear(self, sighting: Sighting) -> tuple[VisitEvent, ...]:
        """Process the first frame, one after a silence that ended nothing, or a late one, which adds no evidence."""
        _, rssi, at, _, adapter = sighting
        if at > self.last_heard:
            return self.hear_next(rssi, at, adapter)
        if rssi not in _PLAUSIBLE:
            return self._hear_without_rssi()
        self._rssi_at = self.last_heard
        if adapter != self._only or self._losses.loss_db:
            rssi = self._correct(rssi, self.last_heard, adapter)
        if self.estimator is None:
            self._start_estimator(rssi, at)
        return self._update_zone()

    def hear_next(self, rssi: int | None, at: float, adapter: str) -> tuple[VisitEvent, ...]:
        """Process a frame that is later than the last one. `rssi`: dBm; `at`: monotonic seconds.

        This runs for each advert, so it is optimised for speed.
        """
        if adapter == self._first:
            self._heard.append(at)
        else:
            self.gaps.times(adapter).append(at)
        self.last_heard = at
        if rssi not in _PLAUSIBLE:
            return self._hear_without_rssi()
        self._rssi_at = at
        if adapter != self._only or self._losses.loss_db:
            rssi = self._correct(rssi, at, adapter)
        self._rssi = rssi
        estimator = self.estimator
        if estimator is None:
            self._start_estimator(rssi, at)
            return self._update_zone()
        estimator.hear(rssi, at if self._only else self._levels.at)
        return () if estimator.zone is self.zone else self._update_zone()

    def _start_estimator(self, rssi: int, at: float) -> None:
        self._rssi = rssi
        self.estimator = ZoneEstimator(self._rules, self._power, self.beacon.path_loss_exponent)
        self.estimator.hear(rssi, at if self._only else self._levels.at)

    def _correct(self, rssi: int, at: float, adapter: str) -> int:
        """Return the common RSSI of the adapters that receive the beacon."""
        level_db = self._levels.correct(adapter, rssi, at, self._losses)
        self._only = self._levels.only
        return min(MAX_DBM, round(level_db))

    def _hear_without_rssi(self) -> tuple[VisitEvent, ...]:
        """Discard the distance after `exit_s` without RSSI."""
        if self.estimator is not None and self.last_heard - self._rssi_at < self._rules.exit_s:
            return ()
        self.estimator = None
        return self._update_zone()

    def _update_zone(self) -> tuple[VisitEvent, ...]:
        before, after = self.zone, Zone.unknown if self.estimator is None else self.estimator.zone
        if after is before:
            return ()
        self._count_near(before, after)
        self.zone, self.in_zone_since = after, self.last_heard
        return (ZoneChanged(self.beacon, before, after, self.last_heard, self._reason(before, after)),)

    def _count_near(self, before: Zone, after: Zone) -> None:
        if is_near(after) and not is_near(before):
            self._near_s, self._near_since = self._near_s or 0.0, self.last_heard
        elif is_near(before) and not is_near(after):
            self._near_s = self.near_s()

    def near_s(self) -> float | None:
        """Return the seconds in which the beacon was near until its last frame; None if it never was."""
        if self._near_s is None or not is_near(self.zone):
            return self._near_s
        return min(self._near_s + self.last_heard - self._near_since, self.last_heard - self.since)

    def _reason(self, before: Zone, after: Zone) -> VisitReason:
        if self.estimator is None:
            return NoRssi(self._rules.exit_s)
        if before is _UNKNOWN:
            return FirstRssi(self.estimator.distance_m, self.estimator.level_db)
        nearer = after is _IMMEDIATE or before is Zone.far
        return EdgesCrossed(nearer, self.estimator.crossed(before, self._rules))

    def resume(self, at: float) -> None:
        """Continue the visit from `at` after the clock was set back; no time counts as passed."""
        back_s = self.last_heard - at
        self.since, self.in_zone_since, self._rssi_at, self._near_since = (
            min(then - back_s, at) for then in (self.since, self.in_zone_since, self._rssi_at, self._near_since)
        )
        self.last_heard = at
        self._levels.resume(at)
        if self.estimator is not None:
            self.estimator.resume(at)

    def snapshot(self, rules: PresenceRules) -> Visit:
        zone = self.zone
        near = is_near(zone)
        if zone is _UNKNOWN and rules.unknown_counts_as_near:
            near = self.beacon.kind is BeaconKind.place
        level_db, distance_m, rssi_db = None, None, None
        if self.estimator is not None:
            rssi_db = float(self._rssi - self._power)
            level_db, distance_m = self.estimator.level_db, self.estimator.distance_m
        return Visit(
            self.beacon, zone, self.since, self.in_zone_since, self.last_heard, level_db, distance_m, rssi_db, near
        )
