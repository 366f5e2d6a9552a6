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
SMALL_S = 0.4
"""One packet that speaks against it drops evidence no greater than this; so most packets need not be weighed."""
LOOK_S = 1.0
"""The smoothed level follows so often, or with each packet where they come seldom."""
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

_NEARER, _FARTHER = 1 / NEARER_CLEAR_DB, 1 / FARTHER_CLEAR_DB
_AGAINST_NEARER, _AGAINST_FARTHER = -NEARER_COUNTER, -FARTHER_COUNTER
_LEAST_USUAL, _MOST_USUAL = USUAL_DB
_FAR, _NEAR, _IMMEDIATE = Zone.far, Zone.near, Zone.immediate  # an enumeration is slow to be asked
_NEVER = math.inf


class _Unrest:
    """How often one edge was crossed lately."""

    __slots__ = ("_at", "_crossings")

    def __init__(self) -> None:
        self._at = self._crossings = 0.0

    def believes(self, evidence_s: float, enough_s: float, at: float) -> bool:
        """Is it enough for one more crossing? Then that is remembered."""
        crossings = self._crossings * math.exp(min(0.0, self._at - at) / UNREST_S)
        if evidence_s < enough_s * (1.0 + UNREST_SHARE * max(0.0, crossings - 1.0)):
            return False
        self._crossings, self._at = crossings + 1.0, at
        return True


class ZoneEstimator:
    """The zone of one beacon during one visit: far until there is evidence of better.

    `exponent`: of this beacon's path loss; None: the rules' own.
    """

    __slots__ = (
        "_at", "_dwell_s", "_inner", "_inner_farther_db", "_inner_nearer_db", "_inner_s", "_leaving_db", "_look_at",
        "_outer", "_outer_dwell_s", "_outer_farther_db", "_outer_nearer_db", "_outer_s", "_quiet_above_db",
        "_quiet_below_db", "_retreat_s", "_smoothed_at", "_ten_exponents", "_usual_db", "_weighed_at", "level_db",
        "zone",
    )  # fmt: skip

    def __init__(self, rules: PresenceRules, exponent: float | None = None) -> None:
        self._ten_exponents = 10 * (exponent or rules.path_loss_exponent)
        inner_db = -self._ten_exponents * math.log10(rules.immediate_m)
        outer_db = -self._ten_exponents * math.log10(rules.near_m)
        self._outer_nearer_db, self._outer_farther_db = (outer_db + beside for beside in OUTER_DB)
        # where the edges lie close together, the inner one is still judged no farther out than the outer one
        self._inner_nearer_db = max(inner_db + INNER_DB[0], self._outer_nearer_db)
        self._inner_farther_db = max(inner_db + INNER_DB[1], self._outer_farther_db)
        self._leaving_db = self._inner_farther_db
        """Where leaving the kiosk is judged, by what is usual there on this visit."""
        self._usual_db = 0.0
        self._dwell_s, self._outer_dwell_s = rules.dwell_s, rules.dwell_s * OUTER_PATIENCE
        self._retreat_s = rules.retreat_s
        self._inner, self._outer = _Unrest(), _Unrest()
        self._inner_s = self._outer_s = 0.0
        """Seconds of evidence that the edge was crossed."""
        self._at = self._smoothed_at = self._weighed_at = _NEVER
        self._look_at = -_NEVER
        self._quiet_above_db, self._quiet_below_db = 0.0, -_NEVER
        """A packet between these speaks for no change; nothing is above _NEVER, so then all are weighed."""
        self.zone = Zone.far
        self.level_db = 0.0
        """Smoothed; 0 is the level at 1 m."""

    @property
    def distance_m(self) -> float:
        """By the log-distance law, from the smoothed level."""
        return float(10 ** (-self.level_db / self._ten_exponents))

    def resume(self, at: float) -> None:
        """Go on from `at`: the clock was set back."""
        self._weighed_at = at if self._weighed_at == self._at else _NEVER
        self._at = self._smoothed_at = self._look_at = at

    def hear(self, level_db: float, at: float) -> None:
        """One packet. `at`: monotonic seconds, later than the packet before; the first weighs nothing.

        This runs for each advert and mostly ends at once, so it is written for speed.
        """
        if at < self._look_at:
            if self._quiet_above_db < level_db < self._quiet_below_db:
                self._at = at
                return
            seconds = at - self._at
            if seconds > LONGEST_S:
                seconds = LONGEST_S
        else:
            seconds = self._look(level_db, at)
            if self._quiet_above_db < level_db < self._quiet_below_db:
                self._at = at
                return
        if seconds <= 0.0:
            return
        if self._weighed_at != self._at:  # the packet before spoke for no change, and little was open
            self._inner_s = self._outer_s = 0.0
        self._at = self._weighed_at = at
        zone = self.zone
        if zone is _FAR:
            self._weigh_far(level_db + TREND * (level_db - self.level_db), seconds)
        elif zone is _IMMEDIATE:
            self._weigh_immediate(level_db, level_db + LEAVING_TREND * (level_db - self.level_db), seconds)
        else:
            self._weigh_near(level_db, level_db + TREND * (level_db - self.level_db), seconds)

    def _look(self, level_db: float, at: float) -> float:
        """Have the smoothed level follow. Gives the seconds that this packet stands for."""
        if self._at == _NEVER:
            self._at = self._smoothed_at = self._look_at = at
            self.level_db = level_db
            return 0.0
        seconds = at - self._at
        if seconds <= 0.0:
            return 0.0
        if seconds > LONGEST_S:
            seconds = LONGEST_S
        since_s = self._at - self._smoothed_at + seconds
        smoothed_db = self.level_db
        self.level_db = smoothed_db = smoothed_db + (level_db - smoothed_db) * since_s / (SMOOTHING_S + since_s / 2)
        self._smoothed_at, self._look_at = at, at + LOOK_S
        if self.zone is _IMMEDIATE:
            usual_db = self._usual_db + (smoothed_db - self._usual_db) * since_s / USUAL_S
            self._usual_db = usual_db
            usual_db = _LEAST_USUAL if usual_db < _LEAST_USUAL else _MOST_USUAL if usual_db > _MOST_USUAL else usual_db
            self._leaving_db = self._inner_farther_db + USUAL_SHARE * usual_db
        if self._quiet_above_db != _NEVER:
            self._rest()
        return seconds

    def _rest(self) -> None:
        """Which packets would speak for no change, now that none is under way."""
        zone, level_db = self.zone, self.level_db
        if zone is _FAR:
            self._quiet_above_db = -_NEVER
            self._quiet_below_db = (self._outer_nearer_db + TREND * level_db) / (1 + TREND)
        elif zone is _IMMEDIATE:
            self._quiet_above_db = (self._leaving_db + LEAVING_TREND * level_db) / (1 + LEAVING_TREND)
            self._quiet_below_db = _NEVER
        else:
            self._quiet_above_db = self._outer_farther_db
            self._quiet_below_db = (self._inner_nearer_db + TREND * level_db) / (1 + TREND)

    def _weigh_far(self, ahead_db: float, seconds: float) -> None:
        clear = (ahead_db - self._outer_nearer_db) * _NEARER
        clear = 1.0 if clear > 1.0 else _AGAINST_NEARER if clear < _AGAINST_NEARER else clear
        outer_s = self._outer_s + clear * seconds
        self._outer_s = outer_s if outer_s > 0.0 else 0.0
        clear = (ahead_db - self._inner_nearer_db) * _NEARER
        if clear > 0.0 or self._inner_s:
            clear = 1.0 if clear > 1.0 else _AGAINST_NEARER if clear < _AGAINST_NEARER else clear
            inner_s = self._inner_s + clear * seconds
            self._inner_s = inner_s if inner_s > 0.0 else 0.0
        if outer_s <= SMALL_S:
            if self._quiet_above_db == _NEVER:
                self._rest()
            return
        self._quiet_above_db = _NEVER
        if self._inner_s >= self._dwell_s and self._inner.believes(self._inner_s, self._dwell_s, self._at):
            self._come_to_kiosk()
        elif outer_s >= self._outer_dwell_s and self._outer.believes(outer_s, self._outer_dwell_s, self._at):
            self.zone, self._outer_s = _NEAR, 0.0

    def _weigh_near(self, level_db: float, ahead_db: float, seconds: float) -> None:
        clear = (ahead_db - self._inner_nearer_db) * _NEARER
        clear = 1.0 if clear > 1.0 else _AGAINST_NEARER if clear < _AGAINST_NEARER else clear
        inner_s = self._inner_s + clear * seconds
        self._inner_s = inner_s = inner_s if inner_s > 0.0 else 0.0
        clear = (self._outer_farther_db - level_db) * _FARTHER
        clear = 1.0 if clear > 1.0 else _AGAINST_FARTHER if clear < _AGAINST_FARTHER else clear
        outer_s = self._outer_s + clear * seconds
        self._outer_s = outer_s = outer_s if outer_s > 0.0 else 0.0
        if inner_s <= SMALL_S and outer_s <= SMALL_S:
            if self._quiet_above_db == _NEVER:
                self._rest()
            return
        self._quiet_above_db = _NEVER
        if inner_s >= self._dwell_s and self._inner.believes(inner_s, self._dwell_s, self._at):
            self._come_to_kiosk()
        elif outer_s >= self._retreat_s and self._outer.believes(outer_s, self._retreat_s, self._at):
            self.zone, self._outer_s = _FAR, 0.0

    def _weigh_immediate(self, level_db: float, ahead_db: float, seconds: float) -> None:
        clear = (self._leaving_db - ahead_db) * _FARTHER
        clear = 1.0 if clear > 1.0 else _AGAINST_FARTHER if clear < _AGAINST_FARTHER else clear
        inner_s = self._inner_s + clear * seconds
        self._inner_s = inner_s if inner_s > 0.0 else 0.0
        clear = (self._outer_farther_db - level_db) * _FARTHER
        if clear > 0.0 or self._outer_s:
            clear = 1.0 if clear > 1.0 else _AGAINST_FARTHER if clear < _AGAINST_FARTHER else clear
            outer_s = self._outer_s + clear * seconds
            self._outer_s = outer_s if outer_s > 0.0 else 0.0
        if inner_s <= SMALL_S:
            if self._quiet_above_db == _NEVER:
                self._rest()
            return
        self._quiet_above_db = _NEVER
        if inner_s >= self._retreat_s and self._inner.believes(inner_s, self._retreat_s, self._at):
            self.zone, self._inner_s = _NEAR, 0.0
            if self._outer_s >= self._retreat_s and self._outer.believes(self._outer_s, self._retreat_s, self._at):
                self.zone, self._outer_s = _FAR, 0.0

    def _come_to_kiosk(self) -> None:
        """Whoever is within the inner edge is within the outer one."""
        self.zone, self._inner_s, self._outer_s = _IMMEDIATE, 0.0, 0.0
        self._usual_db, self._leaving_db = 0.0, self._inner_farther_db
