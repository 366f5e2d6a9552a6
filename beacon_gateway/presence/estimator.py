"""From RSSI to a zone: two edges, each judged by a two-sided CUSUM of clipped log-likelihood ratios.

Page, Biometrika 41 (1954): evidence for a change adds up, evidence against it takes away, never below nothing;
at a threshold the change is believed. The Gaussian log-likelihood ratio is linear in RSSI; it is clipped (Huber,
Ann. Math. Statist. 36, 1965), so that one wild packet weighs no more than a clear one, and each packet weighs by
the time since the one before: evidence is in seconds, whatever the advertising interval and the packet loss.

Three things beside that. Who walks shows a trend, so a packet counts a little further on in the direction in which
it lies from the smoothed level. Who stands at the kiosk is judged to leave it by a fall from the level usual on this
visit, which cancels a wrong power and most of a wrong exponent. And an edge crossed often lately takes more evidence.

Levels are dB against the level at 1 m, so they do not depend on a beacon's power.
"""

import math

from beacon_gateway.model.beacons import Zone
from beacon_gateway.presence.rules import PresenceRules

# One set of figures, found by random search over the simulated walk of docs/performance.md and the worlds around it,
# and for somebody who stands at 2.5 m and 3.2 m to be in zone near.
INNER_DB = (1.7, -2.8)
"""Against the level at the inner edge: evidence of nearer lies above the first; of farther below the second, where
the level usual at the kiosk is that at 1 m. Between the two nobody flaps."""
OUTER_DB = (4.0, 0.0)
"""The same at the outer edge. Coming near is judged well inside: 8 m are only 6.6 dB beyond 4 m."""
NEARER_CLEAR_DB, FARTHER_CLEAR_DB = 6.0, 5.0
"""So far beyond the judged level a packet is clear evidence: it counts with all of its time."""
OUTER_PATIENCE = 1.8
"""The outer edge takes so many times the evidence for nearer."""
NEARER_COUNTER, FARTHER_COUNTER = 5.5, 3.0
"""Evidence against a change weighs up to so many times as much as evidence for it."""
TREND, LEAVING_TREND = 0.7, 0.45
"""So much of the way from the smoothed level to a packet is added to it; the second where leaving the kiosk is judged,
nothing where leaving the neighbourhood is: stepping back from 1 m to 3 m is no way out."""
LONGEST_S = 0.78
"""No packet stands for more time than this."""
SMOOTHING_S = 5.0
"""Time constant of the smoothed level, which is also the one that is shown and compared."""
USUAL_S = 12.0
"""Time constant of the level that is usual while immediate; it follows the smoothed one."""
USUAL_SHARE = 0.4
"""So much of it counts."""
USUAL_DB = (-3.5, 1.0)
"""It is believed between these only: further out one is no longer at the kiosk, whatever one is used to."""
UNREST_S = 300.0
"""The more often an edge was crossed lately, the more evidence it takes; a crossing is forgotten at this pace."""
UNREST_SHARE = 0.37
"""So much more for each crossing but the first."""

_SMOOTHING = 1 / SMOOTHING_S
_NEARER, _FARTHER = 1 / NEARER_CLEAR_DB, 1 / FARTHER_CLEAR_DB
_LEAST_USUAL, _MOST_USUAL = USUAL_DB


class _Edge:
    """Inside one edge or not, and the seconds of evidence that it has changed."""

    __slots__ = ("_crossed_at", "_dwell_s", "_retreat_s", "_unrest", "evidence_s", "inside")

    def __init__(self, dwell_s: float, retreat_s: float) -> None:
        self._dwell_s, self._retreat_s = dwell_s, retreat_s
        self.inside = False
        self.evidence_s = self._unrest = self._crossed_at = 0.0

    def enter(self) -> None:
        """Whoever is within an inner edge is within this one."""
        if not self.inside:
            self.inside, self.evidence_s = True, 0.0

    def weigh(self, beyond_db: float, seconds: float, at: float) -> bool:
        """One packet, so far beyond the judged level, stands for `seconds`. True when the edge is crossed by it."""
        if self.inside:
            clear, enough_s = beyond_db * _FARTHER, self._retreat_s
            clear = 1.0 if clear > 1.0 else -FARTHER_COUNTER if clear < -FARTHER_COUNTER else clear
        else:
            clear, enough_s = beyond_db * _NEARER, self._dwell_s
            clear = 1.0 if clear > 1.0 else -NEARER_COUNTER if clear < -NEARER_COUNTER else clear
        evidence_s = self.evidence_s + clear * seconds
        if evidence_s < enough_s:
            self.evidence_s = evidence_s if evidence_s > 0.0 else 0.0
            return False
        self.evidence_s = evidence_s
        unrest = self._unrest * math.exp(min(0.0, self._crossed_at - at) / UNREST_S)
        if evidence_s < enough_s * (1.0 + UNREST_SHARE * max(0.0, unrest - 1.0)):
            return False
        self.inside, self.evidence_s, self._unrest, self._crossed_at = not self.inside, 0.0, unrest + 1.0, at
        return True


class ZoneEstimator:
    """The zone of one beacon during one visit: far until there is evidence of better.

    `exponent`: of this beacon's path loss; None: the rules' own.
    """

    __slots__ = (
        "_at", "_inner", "_inner_farther_db", "_inner_nearer_db", "_outer", "_outer_farther_db", "_outer_nearer_db",
        "_quiet_above_db", "_quiet_below_db", "_ten_exponents", "_trend", "_usual_at", "_usual_db", "level_db", "zone",
    )  # fmt: skip

    def __init__(self, rules: PresenceRules, exponent: float | None = None) -> None:
        self._ten_exponents = 10 * (exponent or rules.path_loss_exponent)
        inner_db = -self._ten_exponents * math.log10(rules.immediate_m)
        outer_db = -self._ten_exponents * math.log10(rules.near_m)
        self._outer_nearer_db, self._outer_farther_db = (outer_db + beside for beside in OUTER_DB)
        # where the edges lie close together, the inner one is still judged no farther out than the outer one
        self._inner_nearer_db = max(inner_db + INNER_DB[0], self._outer_nearer_db)
        self._inner_farther_db = max(inner_db + INNER_DB[1], self._outer_farther_db)
        self._inner = _Edge(rules.dwell_s, rules.retreat_s)
        self._outer = _Edge(rules.dwell_s * OUTER_PATIENCE, rules.retreat_s)
        self._usual_db = self._usual_at = 0.0
        self._at = math.inf
        self.zone = Zone.far
        self.level_db = 0.0
        """Smoothed; 0 is the level at 1 m."""
        # A packet between these, moved by its trend, says nothing new: no evidence is open, and it would open none.
        self._trend, self._quiet_above_db, self._quiet_below_db = TREND, -math.inf, self._outer_nearer_db

    @property
    def distance_m(self) -> float:
        """By the log-distance law, from the smoothed level."""
        return float(10 ** (-self.level_db / self._ten_exponents))

    def resume(self, at: float) -> None:
        """Go on from `at`: the clock was set back."""
        self._at = at
        self._usual_at = min(self._usual_at, at)

    def hear(self, level_db: float, at: float) -> None:
        """One packet. `at`: monotonic seconds; the first, a late or a repeated time weighs nothing.

        This runs for each advert and mostly ends at the quiet levels, so it is written for speed.
        """
        seconds = at - self._at
        if seconds <= 0.0:
            if self._at == math.inf:
                self._at, self.level_db = at, level_db
            return
        if seconds > LONGEST_S:
            seconds = LONGEST_S
        self._at = at
        smoothed_db = self.level_db
        trend_db = level_db - smoothed_db
        self.level_db = smoothed_db + trend_db * seconds * _SMOOTHING
        if not self._quiet_above_db < level_db + self._trend * trend_db < self._quiet_below_db:
            self._weigh(level_db, trend_db, seconds, at)

    def _weigh(self, level_db: float, trend_db: float, seconds: float, at: float) -> None:
        inner, outer = self._inner, self._outer
        ahead_db = level_db + TREND * trend_db
        if inner.inside:
            farther_db = self._inner_farther_db + USUAL_SHARE * self._usual(at)
            crossed = inner.weigh(farther_db - level_db - LEAVING_TREND * trend_db, seconds, at)
        else:
            farther_db = self._inner_farther_db
            crossed = inner.weigh(ahead_db - self._inner_nearer_db, seconds, at)
            if crossed:
                self._usual_db, self._usual_at = 0.0, at
                outer.enter()
        beyond_db = self._outer_farther_db - level_db if outer.inside else ahead_db - self._outer_nearer_db
        if beyond_db > 0.0 or outer.evidence_s:
            crossed |= outer.weigh(beyond_db, seconds, at)
        if crossed:
            self.zone = Zone.immediate if inner.inside else Zone.near if outer.inside else Zone.far
        self._quiet_below_db, self._trend = math.inf, LEAVING_TREND
        if self.zone is Zone.near or inner.evidence_s or outer.evidence_s:
            self._quiet_above_db = math.inf
        elif self.zone is Zone.immediate:
            self._quiet_above_db = farther_db
        else:
            self._trend, self._quiet_above_db, self._quiet_below_db = TREND, -math.inf, self._outer_nearer_db

    def _usual(self, at: float) -> float:
        """The level that is usual at the kiosk on this visit; it is looked at only when something is to be weighed."""
        share = min(1.0, (at - self._usual_at) / USUAL_S)
        self._usual_db += (self.level_db - self._usual_db) * share
        self._usual_at = at
        if self._usual_db < _LEAST_USUAL:
            return _LEAST_USUAL
        return min(self._usual_db, _MOST_USUAL)
