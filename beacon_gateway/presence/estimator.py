"""Estimate the zone from RSSI: two edges, each decided by a two-sided CUSUM of clipped log-likelihood ratios.

Page, Biometrika 41 (1954): evidence for a change accumulates, evidence against it reduces the sum, never below zero;
at a threshold the change is accepted. Each packet counts with the time since the previous one, so evidence is in
seconds, independent of the advertising interval and packet loss. An edge that was crossed often recently takes more
evidence. The weights are in `evidence.py`.

While no change is under way, most packets give no evidence for one: a single table look-up detects them.
"""

from math import exp, floor, inf

from beacon_gateway.model.beacons import Zone
from beacon_gateway.model.reasons import Crossing
from beacon_gateway.presence.evidence import (
    FOLLOWS,
    LEAVING_FOLLOWS,
    LEAVING_USUAL,
    ZERO,
    OptionalWeights,
    Weights,
    evidence,
)
from beacon_gateway.presence.presence_rules import PresenceRules

# These constants and those of evidence.py were tuned together.
OUTER_PATIENCE = 1.8
"""The outer edge takes this many times the evidence for nearer."""
LONGEST_S = 0.78
"""A packet counts for at most this time."""
SMOOTHING_S = 7.0
"""Time constant of the smoothed level, which is also displayed and compared."""
SMALL_S = 0.4
"""Evidence up to this is dropped by one packet against it; above, a change is under way and every packet counts."""
SMOOTHING_STEP_S = 2.0
"""The smoothed level is updated this often, or with each packet if they are rarer."""
USUAL_S = 12.0
"""Time constant of the usual level while immediate; it follows the smoothed level."""
USUAL_DB = (-3.5, 1.0)
"""Bounds of the usual level: a person beyond them is not at the kiosk."""
UNREST_S = 300.0
"""Time constant with which a crossing is forgotten."""
UNREST_SHARE = 0.37
"""Additional evidence for each recent crossing but the first."""

_SMOOTHING, _USUAL = SMOOTHING_STEP_S / (SMOOTHING_S + SMOOTHING_STEP_S / 2), SMOOTHING_STEP_S / USUAL_S
_LEAST_USUAL, _MOST_USUAL = USUAL_DB
_FAR, _NEAR, _IMMEDIATE = Zone.far, Zone.near, Zone.immediate  # module globals: enum access is slow
_NEVER, _ALWAYS = inf, -inf


class _EdgeHistory:
    """Recent crossings of one edge."""

    __slots__ = ("_at", "_crossings", "before", "evidence_s", "required_s")

    def __init__(self) -> None:
        self._at = self._crossings = 0.0
        self.required_s = 0.0
        """The evidence that the last crossing took, or would have taken."""
        self.evidence_s = self.before = 0.0
        """At the last accepted crossing: the evidence, and the recent crossings before it."""

    def accept(self, evidence_s: float, usually_s: float, at: float) -> bool:
        """Return whether the evidence is enough for one more crossing, and if so record it."""
        crossings = self._crossings * exp(min(0.0, self._at - at) / UNREST_S)
        self.required_s = usually_s * (1.0 + UNREST_SHARE * max(0.0, crossings - 1.0))
        if evidence_s < self.required_s:
            return False
        self._crossings, self._at = crossings + 1.0, at
        self.evidence_s, self.before = evidence_s, crossings
        return True

    def crossing(self, edge_m: float) -> Crossing:
        """Return the crossing that was just accepted."""
        return Crossing(edge_m, self.evidence_s, self.required_s, self.before)


class ZoneEstimator:
    """The zone of one beacon during one visit: far until there is evidence of nearer.

    `power`: its dBm at 1 m; `exponent`: of its path loss, None for the one of the rules.

    The leading edge is the next one on the way: from far the outer edge, from near and immediate the inner one. The
    other edge is evaluated too once a change is under way: from far the inner one, from the others the outer one.
    """

    __slots__ = (
        "_all", "_at", "_dwell_s", "_enough_s", "_evidence", "_idle_weights", "_inner", "_lead_s", "_other",
        "_other_enough_s", "_other_s", "_other_shift", "_outer", "_power", "_retreat_s", "_shift", "_smooth_at",
        "_still", "_ten_exponents", "_under_way", "_usual_db", "_weighed_at", "_weights", "_zero", "level_db", "zone",
    )  # fmt: skip

    _lead_s: float
    """Seconds of evidence that the leading edge was crossed."""
    _other_s: float
    """The same for the other edge, while a change is under way."""
    _under_way: bool
    """A change is under way: the other edge is evaluated too."""
    _weights: Weights | OptionalWeights
    """Weight of a packet for the leading edge; None for no evidence, while no change is under way."""

    def __init__(self, rules: PresenceRules, power: int, exponent: float | None = None) -> None:
        exponent = exponent or rules.path_loss_exponent
        self._evidence = evidence(rules.immediate_m, rules.near_m, exponent)
        self._ten_exponents = 10 * exponent
        self._power, self._still, self._zero = power, ZERO - power, ZERO - power + 0.5
        self._dwell_s, self._retreat_s = rules.dwell_s, rules.retreat_s
        self._inner, self._outer = _EdgeHistory(), _EdgeHistory()
        self._at = self._weighed_at = _NEVER
        self._smooth_at = _ALWAYS
        self._usual_db = 0.0
        self.level_db = 0.0
        """Smoothed; 0 is the level at 1 m."""
        self._go_far()

    @property
    def distance_m(self) -> float:
        """By the log-distance law, from the smoothed level."""
        return float(10 ** (-self.level_db / self._ten_exponents))

    def crossed(self, before: Zone, rules: PresenceRules) -> tuple[Crossing, ...]:
        """Return the crossings that just led from `before` to the current zone: inner edge, outer edge or both."""
        after = self.zone
        inner, outer = self._inner, self._outer
        if before is _FAR and after is _IMMEDIATE:
            return (inner.crossing(rules.immediate_m),)
        if before is _IMMEDIATE and after is _FAR:
            return (inner.crossing(rules.immediate_m), outer.crossing(rules.near_m))
        if _IMMEDIATE in (before, after):
            return (inner.crossing(rules.immediate_m),)
        return (outer.crossing(rules.near_m),)

    def resume(self, at: float) -> None:
        """Continue from `at` after the clock was set back."""
        self._weighed_at = at if self._weighed_at == self._at else _NEVER
        self._at = self._smooth_at = at

    def hear(self, rssi: int, at: float) -> None:
        """Process a packet; the first one adds no evidence.

        `rssi`: dBm that a controller can measure. `at`: monotonic seconds, later than the previous packet.

        This runs for each advert and mostly returns early, so it is optimised for speed.
        """
        if at >= self._smooth_at:
            self._smooth(rssi, at)
        if (weight := self._weights[rssi + self._shift]) is None:
            self._at = at
            return
        before = self._at
        self._at = at
        seconds = at - before
        if seconds > LONGEST_S:
            seconds = LONGEST_S
        if not self._under_way:  # then a weight is not None only for evidence of a change
            lead_s = weight * seconds
            if self._weighed_at == before:  # else the previous packet was evidence against a change
                lead_s += self._lead_s
            self._weighed_at = at
            self._lead_s = lead_s
            if lead_s > SMALL_S:
                self._start_change(lead_s, lead_s / weight, rssi, at)
            return
        lead_s = self._lead_s + weight * seconds
        other_s = self._other_s + self._other[rssi + self._other_shift] * seconds
        if other_s < 0.0:
            other_s = 0.0
        if lead_s < 0.0:
            lead_s = 0.0
            if self.zone is not _NEAR:
                self._end_change()
        self._lead_s = lead_s
        self._other_s = other_s
        if lead_s >= self._enough_s or other_s >= self._other_enough_s:
            self._judge(lead_s, other_s, at)

    def _smooth(self, rssi: int, at: float) -> None:
        """Update the smoothed level, the usual level and the table offsets that depend on them."""
        if self._at == _NEVER:
            self._at = self._smooth_at = at
            self.level_db = float(rssi - self._power)
            self._set_shifts()
            return
        self._smooth_at = at + SMOOTHING_STEP_S
        level_db = self.level_db
        self.level_db = level_db = level_db + (rssi - self._power - level_db) * _SMOOTHING
        zone = self.zone
        if zone is _FAR:
            self._shift = self._other_shift = floor(self._zero - FOLLOWS * level_db)
        elif zone is _IMMEDIATE:
            self._usual_db = usual_db = self._usual_db + (level_db - self._usual_db) * _USUAL
            if usual_db < _LEAST_USUAL:
                usual_db = _LEAST_USUAL
            elif usual_db > _MOST_USUAL:
                usual_db = _MOST_USUAL
            self._shift = floor(self._zero - LEAVING_FOLLOWS * level_db - LEAVING_USUAL * usual_db)
        else:
            self._set_required()
            self._set_shifts()

    def _set_shifts(self) -> None:
        """Set the table offsets from the smoothed level. The outer edge outwards is evaluated without offset."""
        follows = LEAVING_FOLLOWS if self.zone is _IMMEDIATE else FOLLOWS  # just arrived, the usual level is 0
        self._shift = floor(self._zero - follows * self.level_db)
        self._other_shift = self._shift if self.zone is _FAR else self._still

    def _end_change(self) -> None:
        """Reset to no change under way."""
        self._lead_s, self._under_way, self._weights = 0.0, False, self._idle_weights

    def _set_required(self) -> None:
        """Set the usual required evidence; `_judge` may raise it."""
        if self.zone is _FAR:
            self._enough_s, self._other_enough_s = self._dwell_s * OUTER_PATIENCE, self._dwell_s
        elif self.zone is _NEAR:
            self._enough_s, self._other_enough_s = self._dwell_s, self._retreat_s
        else:
            self._enough_s, self._other_enough_s = self._retreat_s, _NEVER

    def _start_change(self, lead_s: float, seconds: float, rssi: int, at: float) -> None:
        """Start a change, as if all packets of the last `seconds` had been like this one."""
        self._weights, self._under_way = self._all, True
        self._set_required()
        self._other_s = other_s = max(0.0, self._other[rssi + self._other_shift] * seconds)
        if lead_s >= self._enough_s or other_s >= self._other_enough_s:
            self._judge(lead_s, other_s, at)

    def _judge(self, lead_s: float, other_s: float, at: float) -> None:
        """DecisionEngine, when one sum is enough for an edge without recent crossings."""
        if self.zone is _FAR:
            if other_s >= self._other_enough_s:
                if self._inner.accept(other_s, self._dwell_s, at):
                    self._go_immediate()
                    return
                self._other_enough_s = self._inner.required_s
            if lead_s >= self._enough_s:
                if self._outer.accept(lead_s, self._dwell_s * OUTER_PATIENCE, at):
                    self._go_near(inner_s=other_s, outer_s=0.0)
                else:
                    self._enough_s = self._outer.required_s
        elif self.zone is _NEAR:
            if lead_s >= self._enough_s:
                if self._inner.accept(lead_s, self._dwell_s, at):
                    self._go_immediate()
                    return
                self._enough_s = self._inner.required_s
            if other_s >= self._other_enough_s:
                if self._outer.accept(other_s, self._retreat_s, at):
                    self._go_far()
                else:
                    self._other_enough_s = self._outer.required_s
        elif not self._inner.accept(lead_s, self._retreat_s, at):
            self._enough_s = self._inner.required_s
        elif other_s >= self._retreat_s and self._outer.accept(other_s, self._retreat_s, at):
            self._go_far()
        else:
            self._go_near(inner_s=0.0, outer_s=other_s)

    def _go_far(self) -> None:
        known = self._evidence
        self.zone, self._idle_weights, self._all, self._other = _FAR, known.far, known.nearer_outer, known.nearer_inner
        self._clear_evidence()

    def _go_near(self, *, inner_s: float, outer_s: float) -> None:
        """Between two edges most packets are evidence for or against a change, so each of them counts."""
        known = self._evidence
        self.zone, self._idle_weights = _NEAR, known.nearer_inner
        self._weights, self._all, self._other = known.nearer_inner, known.nearer_inner, known.farther_outer
        self._lead_s, self._other_s, self._under_way = inner_s, outer_s, True
        self._set_required()
        self._set_shifts()

    def _go_immediate(self) -> None:
        known = self._evidence
        self.zone, self._usual_db = _IMMEDIATE, 0.0
        self._idle_weights, self._all, self._other = known.immediate, known.farther_inner, known.farther_outer
        self._clear_evidence()

    def _clear_evidence(self) -> None:
        self._weighed_at = _NEVER
        self._end_change()
        self._set_required()
        self._set_shifts()
