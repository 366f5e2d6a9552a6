"""One beacon while it is here: what its frames have told so far, and how its visit stands."""

from typing import NamedTuple

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.visits import Crossing, VisitEvent, ZoneChanged
from beacon_gateway.presence.adapter_levels import Ears, Levels
from beacon_gateway.presence.estimator import ZoneEstimator
from beacon_gateway.presence.exit_timeout import Gaps
from beacon_gateway.presence.presence_rules import PresenceRules
from sync_contract.catalogue import BeaconKind
from sync_contract.rssi import LEVELS, MAX_DBM, clamp_dbm

_PLAUSIBLE = frozenset(LEVELS)
POWER_UNSET = 0
"""A tag that was never calibrated says 0 dBm at 1 m, which no tag reaches."""
USUAL_POWER = -59
_IMMEDIATE, _NEAR, _UNKNOWN = Zone.immediate, Zone.near, Zone.unknown  # an enumeration is slow to be asked


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


class Here:
    """What is known of one beacon while it is here."""

    __slots__ = (
        "_ears", "_heard", "_lacks_db", "_levels", "_only", "_power", "_rssi_at", "_rules", "beacon", "estimator",
        "gaps", "in_zone_since", "last_heard", "since", "zone",
    )  # fmt: skip

    def __init__(self, beacon: Beacon, first: Sighting, rules: PresenceRules, ears: Ears) -> None:
        at = first.at
        self.beacon, self.since, self.in_zone_since, self.last_heard, self._rssi_at = beacon, at, at, at, at
        power = USUAL_POWER if beacon.measured_power == POWER_UNSET else beacon.measured_power
        self._power = clamp_dbm(power)
        self._levels, self._only, self.gaps = Levels(first.adapter), first.adapter, Gaps()
        self._heard = self.gaps.heard
        self._heard.append(at)
        self._rules, self._ears, self._lacks_db = rules, ears, ears.lacks_db
        self.zone = Zone.unknown
        self.estimator: ZoneEstimator | None = None

    def hear(self, sighting: Sighting) -> tuple[VisitEvent, ...]:
        """Weigh in the first frame, one after a silence that ended nothing, or a late one, which weighs nothing."""
        _, rssi, at, _, adapter = sighting
        if at > self.last_heard:
            return self.hear_next(rssi, at, adapter)
        if rssi not in _PLAUSIBLE:
            return self._hear_without_rssi()
        self._rssi_at = self.last_heard
        if adapter != self._only or self._lacks_db:
            rssi = self._corrected(rssi, at, adapter)
        if self.estimator is None:
            self._estimate(rssi, at)
        return self._judged()

    def hear_next(self, rssi: int | None, at: float, adapter: str) -> tuple[VisitEvent, ...]:
        """Weigh in a frame that is later than the last one. `rssi`: dBm; `at`: monotonic seconds.

        This runs for each advert, so it is written for speed.
        """
        self._heard.append(at)
        self.last_heard = at
        if rssi not in _PLAUSIBLE:
            return self._hear_without_rssi()
        self._rssi_at = at
        if adapter != self._only or self._lacks_db:
            rssi = self._corrected(rssi, at, adapter)
        estimator = self.estimator
        if estimator is None:
            self._estimate(rssi, at)
            return self._judged()
        estimator.hear(rssi, at)
        return () if estimator.zone is self.zone else self._judged()

    def _estimate(self, rssi: int, at: float) -> None:
        self.estimator = ZoneEstimator(self._rules, self._power, self.beacon.path_loss_exponent)
        self.estimator.hear(rssi, at)

    def _corrected(self, rssi: int, at: float, adapter: str) -> int:
        """As the loudest adapter would have heard it."""
        level_db = self._levels.corrected(adapter, rssi, at, self._ears)
        self._only = self._levels.only
        return min(MAX_DBM, round(level_db))

    def _judged(self) -> tuple[VisitEvent, ...]:
        after = Zone.unknown if self.estimator is None else self.estimator.zone
        return () if after is self.zone else self._change(after)

    def _hear_without_rssi(self) -> tuple[VisitEvent, ...]:
        """For `exit_s`: then the distance is forgotten."""
        if self.estimator is not None and self.last_heard - self._rssi_at < self._rules.exit_s:
            return ()
        self.estimator = None
        return self._judged()

    def _change(self, after: Zone) -> tuple[VisitEvent, ...]:
        before = self.zone
        self.zone, self.in_zone_since = after, self.last_heard
        crossed: tuple[Crossing, ...] = ()
        if self.estimator is not None and _UNKNOWN not in (before, after):
            crossed = self.estimator.crossed(before, self._rules)
        reason = self._reason(before, after, crossed)
        return (ZoneChanged(self.beacon, before, after, self.last_heard, reason, crossed),)

    def resume(self, at: float) -> None:
        """The clock was set back to `at`: nobody left, and no time is known to have passed."""
        back_s = self.last_heard - at
        self.since, self.in_zone_since, self._rssi_at = (
            min(then - back_s, at) for then in (self.since, self.in_zone_since, self._rssi_at)
        )
        self.last_heard = at
        if self.estimator is not None:
            self.estimator.resume(at)

    def _reason(self, before: Zone, after: Zone, crossed: tuple[Crossing, ...]) -> str:
        if after is Zone.unknown:
            return f"no RSSI for {self._rules.exit_s:g} s"
        if before is Zone.unknown:
            return f"first RSSI: {self.about()}"
        side = "within" if after is Zone.immediate or before is Zone.far else "beyond"
        # the smoothed level and its distance lag behind the evidence: they stand beside it in the decision
        return " and ".join(
            f"{edge.evidence_s:.1f} s of clear evidence {side} {edge.edge_m:g} m"
            f" ({edge.asked_s:.1f} s asked, {edge.crossings:.1f} crossings lately)"
            for edge in crossed
        )

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
