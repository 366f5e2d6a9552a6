"""From RSSI to a zone: two edges, each judged by a two-sided CUSUM of clipped log-likelihood ratios.

Page, Biometrika 41 (1954): evidence for a change adds up, evidence against it takes away, never below nothing;
at a threshold the change is believed. The Gaussian log-likelihood ratio is linear in RSSI; it is clipped (Huber,
Ann. Math. Statist. 36, 1965), so that one wild packet weighs no more than a clear one, and each packet weighs by
the time since the one before: evidence is in seconds, whatever the advertising interval and the packet loss.

Levels are dB against the level at 1 m, so they do not depend on a beacon's power.
"""

import math

from beacon_gateway.model.beacons import Zone
from beacon_gateway.presence.rules import PresenceRules

# Found by random search over the simulated walk (35 % loss and around it), also with wrong power and exponent.
CLEAR_DB = 5.5
"""So far beyond the judged level a packet is clear evidence: it counts with all of its time."""
COUNTER = 2.0
"""Evidence against a change weighs up to twice as much as evidence for it."""
LONGEST_S = 1.0
"""No packet stands for more time than this."""
UNREST_S = 300.0
"""The more often an edge was crossed lately, the more evidence it takes; a crossing is forgotten at this pace."""
SMOOTHING_S = 2.0
"""Time constant of the level that is shown and compared; no zone depends on it."""

# Nearer and farther are judged at levels so far above the edge's own: between the two, neither gathers evidence,
# so nobody flaps on an edge. At the outer edge both lie inside (someone at 8 m is only 6.6 dB beyond 4 m);
# at the inner edge both lie outside (someone at 1 m is only 3.9 dB within 1.5 m, less than a power set wrong).
IMMEDIATE_DB = (-2.0, -6.5)
NEAR_DB = (4.0, 1.0)


class _Edge:
    """Inside one edge or not, and the seconds of evidence that it has changed."""

    __slots__ = ("_evidence_s", "_farther_db", "_nearer_db", "_unrest", "inside")

    def __init__(self, nearer_db: float, farther_db: float) -> None:
        self._nearer_db, self._farther_db = nearer_db, farther_db
        self.inside = False
        self._evidence_s = self._unrest = 0.0

    def weigh(self, level_db: float, seconds: float, rules: PresenceRules) -> None:
        """One packet that stands for `seconds`."""
        beyond_db = self._farther_db - level_db if self.inside else level_db - self._nearer_db
        clear = max(-COUNTER, min(1.0, beyond_db / CLEAR_DB))
        self._evidence_s = max(0.0, self._evidence_s + clear * seconds)
        self._unrest *= math.exp(-seconds / UNREST_S)
        enough_s = (rules.retreat_s if self.inside else rules.dwell_s) * max(1.0, self._unrest)
        if self._evidence_s >= enough_s:
            self.inside, self._evidence_s = not self.inside, 0.0
            self._unrest += 1.0


class ZoneEstimator:
    """The zone of one beacon during one visit: far until there is evidence of better."""

    def __init__(self, rules: PresenceRules) -> None:
        self._rules = rules
        self._immediate = self._edge(rules.immediate_m, IMMEDIATE_DB)
        self._near = self._edge(rules.near_m, NEAR_DB)
        self._at: float | None = None
        self.level_db = 0.0
        """Smoothed; 0 is the level at 1 m."""

    def _edge(self, metres: float, beside_db: tuple[float, float]) -> _Edge:
        edge_db = -10 * self._rules.path_loss_exponent * math.log10(metres)
        return _Edge(edge_db + beside_db[0], edge_db + beside_db[1])

    @property
    def zone(self) -> Zone:
        if not self._near.inside:
            return Zone.far
        return Zone.immediate if self._immediate.inside else Zone.near

    @property
    def distance_m(self) -> float:
        """By the log-distance law, from the smoothed level."""
        return 10 ** (-self.level_db / (10 * self._rules.path_loss_exponent))

    def hear(self, level_db: float, at: float) -> None:
        """One packet. `at`: monotonic seconds; a late or repeated time weighs nothing."""
        if self._at is None:
            self._at, self.level_db = at, level_db
            return
        seconds = min(LONGEST_S, max(0.0, at - self._at))
        self._at = max(at, self._at)
        self.level_db += (level_db - self.level_db) * (1 - math.exp(-seconds / SMOOTHING_S))
        self._near.weigh(level_db, seconds, self._rules)
        self._immediate.weigh(level_db, seconds, self._rules)
