"""Evidence that another beacon is nearer than the shown one: a CUSUM of the difference of their levels.

The log-likelihood ratio of "as near as the shown one" against "nearer" is linear in the difference of two Gaussian
levels; it is clipped, so that a body in between counts no more than a clear difference. Evidence against reduces the
sum, never below zero (Page, Biometrika 41, 1954), so a short fade does not restart the wait.

Who has just come to the kiosk is more likely to want the screen than who has stood there without touching it. Two who
took the screen from each other need more evidence each time, until one of them leaves. Among many, somebody always
seems to be nearer, so each of many needs more evidence, except the one who walks up (`arrivals.py`).
"""

from collections.abc import Iterable, Mapping
from math import exp, inf, log

from beacon_gateway.model.beacons import Zone
from beacon_gateway.presence.arrivals import Arrivals
from beacon_gateway.presence.visit_state import Visit
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

# Tuned with `./dev bench presence takeover`: two who stand at the same place change the screen as rarely as before.
SMOOTHING_S = 1.0
"""Time constant of the levels that are compared; those of a visit are smoothed more."""
CLEAR_DB = 4.0
"""This far beyond the threshold a difference is clear evidence: it counts with all of its time."""
COUNTER = 2.0
"""Evidence against counts up to this many times as much as evidence for."""
NEWCOMER_S = 10.0
"""Time in which a person who is in a zone for the first time of the visit is a newcomer."""
FRESH_S = 2.0
"""A challenger without a frame for longer adds no evidence."""
LONGEST_STEP_S = 1.0
"""The time between two updates counts up to this."""
REPEATED_SHARE = 5.0
"""Additional evidence for each recent change between the same two."""
FORGET_S = 300.0
"""Time constant with which a change between two is forgotten."""
CROWD_SHARE = 2.0
"""Additional evidence for each e-fold of challengers, unless the challenger is arriving."""
SETTLES_S = 1.0
"""An approach counts if it went on for longer than this after the last change between the two."""


_ORDER = {Zone.immediate: 2, Zone.near: 1, Zone.unknown: 1, Zone.far: 0}


class Takeover:
    """Call `update` with all candidates; `margin_db`: a beacon is nearer when it is louder by more than this."""

    def __init__(self, margin_db: float) -> None:
        self._margin_db = margin_db
        self._updated_at: float | None = None
        self._levels: dict[BeaconId, tuple[float, float]] = {}
        """(time of the last frame, smoothed dB) of each candidate."""
        self._evidence_s: dict[BeaconId, float] = {}
        self._changes: dict[frozenset[BeaconId], tuple[float, float]] = {}
        """(recent changes of the screen between two, time of the last one)."""
        self._entered: dict[tuple[BeaconId, int], float] = {}
        """Time at which a candidate was first this near during its visit."""
        self._arrivals = Arrivals()

    def evidence_s(self, challenger: BeaconId) -> float:
        """Return the seconds of clear evidence that it is nearer than the shown one."""
        return self._evidence_s.get(challenger, 0.0)

    def ahead_db(self, challenger: BeaconId, holder: BeaconId) -> float:
        """Return how much louder the challenger is; inf if only the holder has no RSSI."""
        theirs, shown = self._levels.get(challenger), self._levels.get(holder)
        if theirs is None:
            return 0.0 if shown is None else -inf
        return inf if shown is None else theirs[1] - shown[1]

    def watch(self, now: float, visits: Mapping[BeaconId, Visit]) -> None:
        """Note who is arriving, also while nobody can take over. `visits`: all of them, far ones too."""
        self._arrivals.update(now, visits)

    def arriving(self, challenger: BeaconId, holder: BeaconId, now: float) -> bool:
        """Return whether the challenger walks up, since the screen last changed between the two."""
        rose_at = self._arrivals.rose_at(challenger, now)
        changed_at = self._changes.get(frozenset((challenger, holder)), (0.0, -inf))[1]
        return rose_at is not None and rose_at > changed_at + SETTLES_S

    def required_share(self, holder: BeaconId, challenger: BeaconId, now: float) -> float:
        """Return how many times the usual evidence a change between these two takes."""
        if self.arriving(challenger, holder, now):
            return 1.0
        pair = self._changes.get(frozenset((holder, challenger)), (0.0, now))
        repeated = REPEATED_SHARE * _decayed(pair, now, FORGET_S)
        return 1.0 + repeated + CROWD_SHARE * log(max(1, len(self._evidence_s)))

    def reset(self, now: float) -> None:
        """Discard the evidence, for example because the screen changed or a donor uses it."""
        self._evidence_s.clear()
        self._updated_at = now

    def note_change(self, before: BeaconId, after: BeaconId, now: float) -> None:
        """Record that the screen changed from `before` to `after`."""
        pair = frozenset((before, after))
        self._changes[pair] = (_decayed(self._changes.get(pair, (0.0, now)), now, FORGET_S) + 1.0, now)

    def update(
        self, now: float, holder: Visit, challengers: Iterable[tuple[Visit, bool]], visits: Mapping[BeaconId, Visit]
    ) -> None:
        """Add the evidence of the time since the last update. A challenger: its visit, and whether it has priority."""
        step_s = 0.0 if self._updated_at is None else min(LONGEST_STEP_S, max(0.0, now - self._updated_at))
        self._updated_at = now
        self._forget(visits)
        self._smooth(holder)
        before, self._evidence_s = self._evidence_s, {}
        for visit, priority in challengers:
            self._smooth(visit)
            id_ = visit.beacon.id
            rate = self._rate(visit, holder, priority, now) if now - visit.last_heard <= FRESH_S else 0.0
            self._evidence_s[id_] = max(0.0, before.get(id_, 0.0) + rate * step_s)

    def _rate(self, visit: Visit, holder: Visit, priority: bool, now: float) -> float:
        """Return the seconds of evidence per second."""
        id_, shown = visit.beacon.id, holder.beacon.id
        entered = self._entered.setdefault((id_, _ORDER[visit.zone]), visit.in_zone_since)
        zones = _ORDER[visit.zone] - _ORDER[holder.zone] if visit.beacon.kind is BeaconKind.person else 0
        person, at_kiosk = visit.beacon.kind is BeaconKind.person, visit.zone is Zone.immediate
        arriving = person and self.arriving(id_, shown, now)
        newcomer = person and at_kiosk and 0.0 <= now - entered < NEWCOMER_S
        threshold_db = self._margin_db
        if arriving and at_kiosk:
            threshold_db = -self._margin_db
        elif priority or arriving or (newcomer and frozenset((id_, shown)) not in self._changes):
            threshold_db = -self._margin_db / 2
        clear = (self.ahead_db(id_, shown) - threshold_db) / CLEAR_DB
        return max(-COUNTER, min(1.0, clear)) + zones

    def _smooth(self, visit: Visit) -> None:
        id_, at, db = visit.beacon.id, visit.last_heard, visit.rssi_db
        if db is None:
            self._levels.pop(id_, None)
            return
        before = self._levels.get(id_)
        if before is None:
            self._levels[id_] = (at, db)
        elif at != before[0]:  # earlier, if the clock was set back
            self._levels[id_] = (at, before[1] + (db - before[1]) * (1.0 - exp(-abs(at - before[0]) / SMOOTHING_S)))

    def _forget(self, visits: Mapping[BeaconId, Visit]) -> None:
        for id_ in [id_ for id_ in self._levels if id_ not in visits]:
            del self._levels[id_]
        for pair in [pair for pair in self._changes if not all(id_ in visits for id_ in pair)]:
            del self._changes[pair]
        for key in [key for key in self._entered if key[0] not in visits]:
            del self._entered[key]


def _decayed(recent: tuple[float, float], now: float, tau_s: float) -> float:
    count, at = recent
    return count * exp(-abs(now - at) / tau_s)  # also if the clock was set back
