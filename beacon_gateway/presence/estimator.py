"""Estimate the zone from RSSI: two edges, each decided by a two-sided CUSUM of clipped log-likelihood ratios.

Page, Biometrika 41 (1954): evidence for a change accumulates, evidence against it reduces the sum, never below zero;
at a threshold the change is accepted. The log-likelihood ratio of two Gaussian levels is linear in RSSI; it is clipped
(Huber, Ann. Math. Statist. 36, 1965), so that an outlier counts no more than a clear packet.

Each packet counts with the time since the previous one, so evidence is in seconds, independent of the advertising
interval and packet loss. An edge that was crossed often recently takes more evidence.

Levels are dB against the level at 1 m, so they do not depend on a beacon's power. The reasons and the rejected
alternatives are in docs/decisions/0026-zones-from-evidence.md.
"""

from functools import lru_cache
from math import exp, inf, log10
from typing import NamedTuple

from beacon_gateway.model.beacons import Zone
from beacon_gateway.model.reasons import Crossing
from beacon_gateway.presence.presence_rules import PresenceRules

# These constants were tuned together, on the simulated worlds of docs/performance.md and on recorded walks.
OUTER_PATIENCE = 1.8
"""From far, the outer edge takes this many times the evidence for nearer."""
NEARER_CLEAR_DB, FARTHER_CLEAR_DB = 6.0, 5.0
"""This far beyond its threshold a packet is clear evidence: it counts with all of its time."""
NEARER_COUNTER, FARTHER_COUNTER = 5.5, 3.0
"""Evidence against a change counts up to this many times as much as evidence for it."""
OPEN_EXPONENT, HALL_EXPONENT = 2.2, 1.45
"""Between these exponents the thresholds change in proportion, from OPEN to HALL."""
LONGEST_S = 0.78
"""A packet counts for at most this time, so one of a quick tag is no approach,"""
LONGEST_GAPS = 1.1
"""or for so many usual gaps between the packets of this beacon: a slow tag would otherwise be late by many packets."""
GAP_LEARNING = 0.1
"""Weight of each gap in the usual one."""
MAX_GAP_S = 5.0
"""A longer gap is a silence and counts as this much."""
SMOOTHING_S = 6.0
"""Time constant of the smoothed level, which is displayed and compared; the latest packet has at most MOST_GAIN."""
MOST_GAIN = 0.2
USUAL_S = 12.0
"""Time constant of the usual level while immediate; it follows the smoothed level."""
USUAL_SHARE = 0.5
"""Leaving the kiosk is a fall from the usual level by this share: a wrong power cancels in part."""
USUAL_DB = (-3.5, 1.0)
"""Bounds of the usual level: a person beyond them is not at the kiosk."""
UNREST_S = 300.0
"""Time constant with which a crossing is forgotten."""
UNREST_SHARE = 0.37
"""Additional evidence for each recent crossing but the first."""

_LEAST_USUAL, _MOST_USUAL = USUAL_DB
_FAR, _NEAR, _IMMEDIATE = Zone.far, Zone.near, Zone.immediate  # module globals: enum access is slow


class Thresholds(NamedTuple):
    """Levels beyond which a packet is evidence for crossing an edge, and the shares of a trend added to the packet.

    A person who walks shows a trend: the difference of a packet from the smoothed level.
    """

    nearer_inner: float
    nearer_outer: float
    farther_inner: float
    farther_outer: float
    trend: float
    """For nearer."""
    leaving_trend: float
    """For leaving the kiosk. There is none at the outer edge outwards: a body in between would look like leaving."""


OPEN = Thresholds(1.7, 4.0, -2.8, 0.0, 0.6, 0.45)
"""At OPEN_EXPONENT, in dB above the level at the edge. Nearer is detected well inside, because 8 m are only
6.6 dB beyond 4 m."""
HALL = Thresholds(0.95, -0.9, 3.0, 1.0, 0.0, 0.0)
"""At HALL_EXPONENT. The edges are 6 dB apart, as far as the levels of two advertising channels, so any interval between
two thresholds is too wide, and a trend would take one loud channel for an approach."""


@lru_cache(maxsize=64)
def thresholds(immediate_m: float, near_m: float, exponent: float) -> Thresholds:
    inner_db, outer_db = (-10 * exponent * log10(metres) for metres in (immediate_m, near_m))
    hall = min(1.0, max(0.0, (OPEN_EXPONENT - exponent) / (OPEN_EXPONENT - HALL_EXPONENT)))
    above = Thresholds(*(opened + (narrow - opened) * hall for opened, narrow in zip(OPEN, HALL, strict=True)))
    nearer_outer, farther_outer = outer_db + above.nearer_outer, outer_db + above.farther_outer
    return above._replace(
        # if the edges are close together, the thresholds of the inner one are not below those of the outer one
        nearer_inner=max(inner_db + above.nearer_inner, nearer_outer),
        nearer_outer=nearer_outer,
        farther_inner=max(inner_db + above.farther_inner, farther_outer),
        farther_outer=farther_outer,
    )


class _Edge:
    """The evidence for crossing one edge, in seconds, and its recent crossings."""

    __slots__ = ("_at", "_crossings", "before", "crossing_s", "evidence_s", "required_s")

    def __init__(self) -> None:
        self._at = self._crossings = 0.0
        self.evidence_s = 0.0
        self.required_s = self.crossing_s = self.before = 0.0
        """At the last accepted crossing: the evidence required and found, and the recent crossings before it."""

    def add_nearer(self, above_db: float, seconds: float) -> None:
        """Add a packet's evidence for nearer. `above_db`: of its level above the threshold."""
        self._add(above_db / NEARER_CLEAR_DB, NEARER_COUNTER, seconds)

    def add_farther(self, below_db: float, seconds: float) -> None:
        self._add(below_db / FARTHER_CLEAR_DB, FARTHER_COUNTER, seconds)

    def _add(self, clear: float, counter: float, seconds: float) -> None:
        weight = 1.0 if clear > 1.0 else clear if clear > -counter else -counter
        evidence_s = self.evidence_s + weight * seconds
        self.evidence_s = evidence_s if evidence_s > 0.0 else 0.0

    def cross(self, usually_s: float, at: float) -> bool:
        """Return whether the evidence is enough for one more crossing, and if so record it."""
        if self.evidence_s < usually_s:
            return False
        crossings = self._crossings * exp(min(0.0, self._at - at) / UNREST_S)
        required_s = usually_s * (1.0 + UNREST_SHARE * max(0.0, crossings - 1.0))
        if self.evidence_s < required_s:
            return False
        self.required_s, self.crossing_s, self.before = required_s, self.evidence_s, crossings
        self._crossings, self._at, self.evidence_s = crossings + 1.0, at, 0.0
        return True

    def crossing(self, edge_m: float) -> Crossing:
        """Return the crossing that was just accepted."""
        return Crossing(edge_m, self.crossing_s, self.required_s, self.before)


class ZoneEstimator:
    """The zone of one beacon during one visit: far until there is evidence of nearer.

    `power`: its dBm at 1 m; `exponent`: of its path loss, None for the one of the rules.
    """

    __slots__ = (
        "_at", "_dwell_s", "_gap_s", "_inner", "_outer", "_power", "_retreat_s", "_ten_exponents", "_thresholds",
        "_usual_db", "level_db", "zone",
    )  # fmt: skip

    def __init__(self, rules: PresenceRules, power: int, exponent: float | None = None) -> None:
        exponent = exponent or rules.path_loss_exponent
        self._thresholds = thresholds(rules.immediate_m, rules.near_m, exponent)
        self._ten_exponents = 10 * exponent
        self._power = power
        self._dwell_s, self._retreat_s = rules.dwell_s, rules.retreat_s
        self._inner, self._outer = _Edge(), _Edge()
        self._at = -inf
        self._gap_s = 0.0
        """The usual gap between packets; 0 until there are two."""
        self._usual_db = 0.0
        self.level_db = 0.0
        """Smoothed; 0 is the level at 1 m."""
        self.zone = _FAR

    @property
    def distance_m(self) -> float:
        """By the log-distance law, from the smoothed level."""
        return float(10 ** (-self.level_db / self._ten_exponents))

    def crossed(self, before: Zone, rules: PresenceRules) -> tuple[Crossing, ...]:
        """Return the crossings that just led from `before` to the current zone: inner edge, outer edge or both."""
        after = self.zone
        inner, outer = self._inner, self._outer
        if before is _IMMEDIATE and after is _FAR:
            return (inner.crossing(rules.immediate_m), outer.crossing(rules.near_m))
        if _IMMEDIATE in (before, after):
            return (inner.crossing(rules.immediate_m),)
        return (outer.crossing(rules.near_m),)

    def resume(self, at: float) -> None:
        """Continue from `at` after the clock was set back."""
        self._at = at

    def hear(self, rssi: int, at: float) -> None:
        """Process a packet; the first one adds no evidence.

        `rssi`: dBm that a controller can measure. `at`: monotonic seconds, later than the previous packet.
        """
        level_db = float(rssi - self._power)
        gap_s = at - self._at
        self._at = at
        if gap_s == inf:
            self.level_db = level_db
            return
        usual_gap_s = self._gap_s or gap_s
        self._gap_s = usual_gap_s + ((gap_s if gap_s < MAX_GAP_S else MAX_GAP_S) - usual_gap_s) * GAP_LEARNING
        gain = gap_s / (gap_s + SMOOTHING_S)
        self.level_db += (level_db - self.level_db) * (gain if gain < MOST_GAIN else MOST_GAIN)
        trend_db = level_db - self.level_db
        inner, outer, zone = self._inner, self._outer, self.zone
        nearer_inner, nearer_outer, farther_inner, farther_outer, trend, leaving_trend = self._thresholds
        # Most packets are evidence against a change of which there is no evidence yet: they add nothing.
        if zone is _IMMEDIATE:
            below_db = farther_inner + self._usual_share(gap_s) - level_db - leaving_trend * trend_db
            if below_db > 0.0 or inner.evidence_s:
                inner.add_farther(below_db, self._counts_s(gap_s))
        elif (above_db := level_db + trend * trend_db - nearer_inner) > 0.0 or inner.evidence_s:
            inner.add_nearer(above_db, self._counts_s(gap_s))
        if zone is _FAR:
            if (above_db := level_db + trend * trend_db - nearer_outer) > 0.0 or outer.evidence_s:
                outer.add_nearer(above_db, self._counts_s(gap_s))
        elif (below_db := farther_outer - level_db) > 0.0 or outer.evidence_s:
            outer.add_farther(below_db, self._counts_s(gap_s))
        if inner.evidence_s or outer.evidence_s:
            self._judge(at)

    def _counts_s(self, gap_s: float) -> float:
        """Return the time with which a packet counts."""
        return min(gap_s, max(LONGEST_S, LONGEST_GAPS * self._gap_s))

    def _usual_share(self, gap_s: float) -> float:
        """Update the usual level and return its share in dB."""
        self._usual_db += (self.level_db - self._usual_db) * min(1.0, gap_s / USUAL_S)
        return USUAL_SHARE * min(_MOST_USUAL, max(_LEAST_USUAL, self._usual_db))

    def _judge(self, at: float) -> None:
        inner, outer = self._inner, self._outer
        if self.zone is _IMMEDIATE:
            if inner.cross(self._retreat_s, at):
                self.zone = _FAR if outer.cross(self._retreat_s, at) else _NEAR
        elif inner.cross(self._dwell_s, at):
            self.zone, self._usual_db, outer.evidence_s = _IMMEDIATE, 0.0, 0.0
        elif self.zone is _FAR:
            if outer.cross(self._dwell_s * OUTER_PATIENCE, at):
                self.zone = _NEAR
        elif outer.cross(self._retreat_s, at):
            self.zone, inner.evidence_s = _FAR, 0.0
