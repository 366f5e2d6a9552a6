"""From RSSI to a zone: two edges, each judged by a two-sided CUSUM of clipped log-likelihood ratios (`evidence.py`).

Page, Biometrika 41 (1954): evidence for a change adds up, evidence against it takes away, never below nothing;
at a threshold the change is believed. Each packet weighs by the time since the one before: evidence is in seconds,
whatever the advertising interval and the packet loss. An edge crossed often lately takes more evidence.

Most packets speak for no change while none is under way: one look into a table tells, and nothing else is done.
"""

from math import exp, floor, inf

from beacon_gateway.model.beacons import Zone
from beacon_gateway.model.visits import Crossing
from beacon_gateway.presence.evidence import (
    FOLLOWS,
    LEAVING_FOLLOWS,
    LEAVING_USUAL,
    ZERO,
    Doubtful,
    Weights,
    evidence,
)
from beacon_gateway.presence.presence_rules import PresenceRules

# With those of evidence.py one set of figures.
OUTER_PATIENCE = 1.8
"""The outer edge takes so many times the evidence for nearer."""
LONGEST_S = 0.78
"""No packet stands for more time than this."""
SMOOTHING_S = 7.0
"""Time constant of the smoothed level, which is also the one that is shown and compared."""
SMALL_S = 0.4
"""Evidence that one packet against it drops; with more a change is under way, and all packets are weighed."""
LOOK_S = 2.0
"""The smoothed level follows so often, or with each packet where they come seldom."""
USUAL_S = 12.0
"""Time constant of the level that is usual while immediate; it follows the smoothed one."""
USUAL_DB = (-3.5, 1.0)
"""It is believed between these only: further out one is no longer at the kiosk, whatever one is used to."""
UNREST_S = 300.0
"""The more often an edge was crossed lately, the more evidence it takes; a crossing is forgotten at this pace."""
UNREST_SHARE = 0.37
"""So much more for each crossing but the first."""

_SMOOTHING, _USUAL = LOOK_S / (SMOOTHING_S + LOOK_S / 2), LOOK_S / USUAL_S
_LEAST_USUAL, _MOST_USUAL = USUAL_DB
_FAR, _NEAR, _IMMEDIATE = Zone.far, Zone.near, Zone.immediate  # an enumeration is slow to be asked
_NEVER, _ALWAYS = inf, -inf


class _Unrest:
    """How often one edge was crossed lately."""

    __slots__ = ("_at", "_crossings", "asked_s", "before", "evidence_s")

    def __init__(self) -> None:
        self._at = self._crossings = 0.0
        self.asked_s = 0.0
        """So much evidence the last crossing took, or would have taken."""
        self.evidence_s = self.before = 0.0
        """At the last crossing that was believed: what was reached, and how many had been there lately."""

    def believes(self, evidence_s: float, usually_s: float, at: float) -> bool:
        """Is it enough for one more crossing? Then that is remembered."""
        crossings = self._crossings * exp(min(0.0, self._at - at) / UNREST_S)
        self.asked_s = usually_s * (1.0 + UNREST_SHARE * max(0.0, crossings - 1.0))
        if evidence_s < self.asked_s:
            return False
        self._crossings, self._at = crossings + 1.0, at
        self.evidence_s, self.before = evidence_s, crossings
        return True

    def crossing(self, edge_m: float) -> Crossing:
        """The last one, right after it was believed."""
        return Crossing(edge_m, self.evidence_s, self.asked_s, self.before)


class ZoneEstimator:
    """The zone of one beacon during one visit: far until there is evidence of better.

    `power`: its dBm at 1 m; `exponent`: of its path loss; None: the rules' own.

    One edge leads, that which comes first on the way: from far the outer one, from near and immediate the inner one.
    The other is judged beside it once a change is under way: from far the inner one, from the others the outer one.
    """

    __slots__ = (
        "_all", "_at", "_doubtful", "_dwell_s", "_enough_s", "_evidence", "_inner", "_lead_s", "_look_at", "_other",
        "_other_enough_s", "_other_s", "_other_shift", "_outer", "_power", "_retreat_s", "_shift", "_still",
        "_ten_exponents", "_under_way", "_usual_db", "_weighed_at", "_weights", "_zero", "level_db", "zone",
    )  # fmt: skip

    _lead_s: float
    """Seconds of evidence that the leading edge was crossed."""
    _other_s: float
    """The same for the other edge, while a change is under way."""
    _under_way: bool
    """A change: the other edge is weighed too."""
    _weights: Weights | Doubtful
    """Of a packet for the leading edge: None for what speaks for no change, as long as none is under way."""

    def __init__(self, rules: PresenceRules, power: int, exponent: float | None = None) -> None:
        exponent = exponent or rules.path_loss_exponent
        self._evidence = evidence(rules.immediate_m, rules.near_m, exponent)
        self._ten_exponents = 10 * exponent
        self._power, self._still, self._zero = power, ZERO - power, ZERO - power + 0.5
        self._dwell_s, self._retreat_s = rules.dwell_s, rules.retreat_s
        self._inner, self._outer = _Unrest(), _Unrest()
        self._at = self._weighed_at = _NEVER
        self._look_at = _ALWAYS
        self._usual_db = 0.0
        self.level_db = 0.0
        """Smoothed; 0 is the level at 1 m."""
        self._go_far()

    @property
    def distance_m(self) -> float:
        """By the log-distance law, from the smoothed level."""
        return float(10 ** (-self.level_db / self._ten_exponents))

    def crossed(self, before: Zone, rules: PresenceRules) -> tuple[Crossing, ...]:
        """What has just led from `before` to the present zone: the inner edge, the outer one or both. For a reason."""
        after = self.zone
        inner, outer = self._inner, self._outer
        if before is _FAR and after is _IMMEDIATE:  # whoever is within the inner edge is within the outer one
            return (inner.crossing(rules.immediate_m),)
        if before is _IMMEDIATE and after is _FAR:
            return (inner.crossing(rules.immediate_m), outer.crossing(rules.near_m))
        if _IMMEDIATE in (before, after):
            return (inner.crossing(rules.immediate_m),)
        return (outer.crossing(rules.near_m),)

    def resume(self, at: float) -> None:
        """Go on from `at`: the clock was set back."""
        self._weighed_at = at if self._weighed_at == self._at else _NEVER
        self._at = self._look_at = at

    def hear(self, rssi: int, at: float) -> None:
        """One packet. `rssi`: dBm that a controller can measure. `at`: monotonic seconds, later than the packet before;
        the first weighs nothing.

        This runs for each advert and mostly ends at once, so it is written for speed.
        """
        if at >= self._look_at:
            self._look(rssi, at)
        if (weight := self._weights[rssi + self._shift]) is None:
            self._at = at
            return
        before = self._at
        self._at = at
        seconds = at - before
        if seconds > LONGEST_S:
            seconds = LONGEST_S
        if not self._under_way:  # then a weight is for a change
            lead_s = weight * seconds
            if self._weighed_at == before:  # else the packet before spoke for no change, and little was open
                lead_s += self._lead_s
            self._weighed_at = at
            self._lead_s = lead_s
            if lead_s > SMALL_S:
                self._take_note(lead_s, lead_s / weight, rssi, at)
            return
        lead_s = self._lead_s + weight * seconds
        other_s = self._other_s + self._other[rssi + self._other_shift] * seconds
        if other_s < 0.0:
            other_s = 0.0
        if lead_s < 0.0:
            lead_s = 0.0
            if self.zone is not _NEAR:
                self._rest()
        self._lead_s = lead_s
        self._other_s = other_s
        if lead_s >= self._enough_s or other_s >= self._other_enough_s:
            self._judge(lead_s, other_s, at)

    def _look(self, rssi: int, at: float) -> None:
        """Have the smoothed level follow, and the usual one, and by them the place in the table."""
        if self._at == _NEVER:
            self._at = self._look_at = at
            self.level_db = float(rssi - self._power)
            self._move()
            return
        self._look_at = at + LOOK_S
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
            self._expect()
            self._move()

    def _move(self) -> None:
        """Along the tables, by the smoothed level. Leaving the neighbourhood is judged unmoved."""
        follows = LEAVING_FOLLOWS if self.zone is _IMMEDIATE else FOLLOWS  # just come there, the usual level is 0
        self._shift = floor(self._zero - follows * self.level_db)
        self._other_shift = self._shift if self.zone is _FAR else self._still

    def _rest(self) -> None:
        """No change is under way."""
        self._lead_s, self._under_way, self._weights = 0.0, False, self._doubtful

    def _expect(self) -> None:
        """Of evidence as much as usual; `_judge` may ask for more."""
        if self.zone is _FAR:
            self._enough_s, self._other_enough_s = self._dwell_s * OUTER_PATIENCE, self._dwell_s
        elif self.zone is _NEAR:
            self._enough_s, self._other_enough_s = self._dwell_s, self._retreat_s
        else:
            self._enough_s, self._other_enough_s = self._retreat_s, _NEVER

    def _take_note(self, lead_s: float, seconds: float, rssi: int, at: float) -> None:
        """A change is under way, as if for so many seconds all packets had been like this one."""
        self._weights, self._under_way = self._all, True
        self._expect()
        self._other_s = other_s = max(0.0, self._other[rssi + self._other_shift] * seconds)
        if lead_s >= self._enough_s or other_s >= self._other_enough_s:
            self._judge(lead_s, other_s, at)

    def _judge(self, lead_s: float, other_s: float, at: float) -> None:
        """One of the two would do for an edge that was not crossed lately."""
        if self.zone is _FAR:
            if other_s >= self._other_enough_s:
                if self._inner.believes(other_s, self._dwell_s, at):
                    self._come_to_kiosk()
                    return
                self._other_enough_s = self._inner.asked_s
            if lead_s >= self._enough_s:
                if self._outer.believes(lead_s, self._dwell_s * OUTER_PATIENCE, at):
                    self._be_near(inner_s=other_s, outer_s=0.0)
                else:
                    self._enough_s = self._outer.asked_s
        elif self.zone is _NEAR:
            if lead_s >= self._enough_s:
                if self._inner.believes(lead_s, self._dwell_s, at):
                    self._come_to_kiosk()
                    return
                self._enough_s = self._inner.asked_s
            if other_s >= self._other_enough_s:
                if self._outer.believes(other_s, self._retreat_s, at):
                    self._go_far()
                else:
                    self._other_enough_s = self._outer.asked_s
        elif not self._inner.believes(lead_s, self._retreat_s, at):
            self._enough_s = self._inner.asked_s
        elif other_s >= self._retreat_s and self._outer.believes(other_s, self._retreat_s, at):
            self._go_far()
        else:
            self._be_near(inner_s=0.0, outer_s=other_s)

    def _go_far(self) -> None:
        known = self._evidence
        self.zone, self._doubtful, self._all, self._other = _FAR, known.far, known.nearer_outer, known.nearer_inner
        self._begin()

    def _be_near(self, *, inner_s: float, outer_s: float) -> None:
        """Between two edges most packets speak for or against something, so here each of them is weighed."""
        known = self._evidence
        self.zone, self._doubtful = _NEAR, known.nearer_inner
        self._weights, self._all, self._other = known.nearer_inner, known.nearer_inner, known.farther_outer
        self._lead_s, self._other_s, self._under_way = inner_s, outer_s, True
        self._expect()
        self._move()

    def _come_to_kiosk(self) -> None:
        """Whoever is within the inner edge is within the outer one."""
        known = self._evidence
        self.zone, self._usual_db = _IMMEDIATE, 0.0
        self._doubtful, self._all, self._other = known.immediate, known.farther_inner, known.farther_outer
        self._begin()

    def _begin(self) -> None:
        """Without any evidence."""
        self._weighed_at = _NEVER
        self._rest()
        self._expect()
        self._move()
