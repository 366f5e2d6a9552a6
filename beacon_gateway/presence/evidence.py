"""What one packet says of the two edges: how much of its time counts for a change, and how much against it.

The Gaussian log-likelihood ratio of two levels is linear in RSSI; it is clipped (Huber, Ann. Math. Statist. 36, 1965),
so that one wild packet weighs no more than a clear one. RSSI is a whole number of dBm, so the weights are worked out
once, dB by dB, and shared by all beacons under the same rules.

Two things beside that, both of which only move a packet along the table. Who walks shows a trend, so a packet counts a
little further on in the direction in which it lies from the smoothed level. Who stands at the kiosk is judged to leave
it by a fall from the level usual on this visit, which cancels a wrong power and most of a wrong exponent.

Levels are dB against the level at 1 m, so they do not depend on a beacon's power.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

# With those of estimator.py one set of figures, found by random search over the simulated walk of docs/performance.md
# and the worlds around it, and for somebody who stands at 2.5 m and 3.2 m to be in zone near.
INNER_DB = (1.7, -2.8)
"""Against the level at the inner edge: evidence of nearer lies above the first; of farther below the second, where
the level usual at the kiosk is that at 1 m. Between the two nobody flaps."""
OUTER_DB = (4.0, 0.0)
"""The same at the outer edge. Coming near is judged well inside: 8 m are only 6.6 dB beyond 4 m."""
NEARER_CLEAR_DB, FARTHER_CLEAR_DB = 6.0, 5.0
"""So far beyond the judged level a packet is clear evidence: it counts with all of its time."""
NEARER_COUNTER, FARTHER_COUNTER = 5.5, 3.0
"""Evidence against a change weighs up to so many times as much as evidence for it."""
TREND, LEAVING_TREND = 0.6, 0.45
"""So much of the way from the smoothed level to a packet is added to it; the second where leaving the kiosk is judged,
nothing where leaving the neighbourhood is: stepping back from 1 m to 3 m is no way out."""
USUAL_SHARE = 0.4
"""So much of the usual level counts."""

FOLLOWS, LEAVING_FOLLOWS = TREND / (1 + TREND), LEAVING_TREND / (1 + LEAVING_TREND)
"""The trend as a move along the table: so many dB for each dB of the smoothed level."""
LEAVING_USUAL = USUAL_SHARE / (1 + LEAVING_TREND)
"""And for each dB of the usual level."""
ZERO = 205
"""Where 0 dB stands in a table. No RSSI and power, each -127 to 20 dBm, lead beyond its ends. Where the usual ones lead
is below 256: such numbers need not be made."""

Weights = tuple[float, ...]
Doubtful = tuple[float | None, ...]
"""None for what speaks for no change."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Seconds for each second, by moved level + ZERO."""

    nearer_outer: Weights
    nearer_inner: Weights
    farther_inner: Weights
    farther_outer: Weights
    far: Doubtful
    """`nearer_outer`, as long as nothing speaks for it."""
    immediate: Doubtful
    """`farther_inner`, likewise."""


@lru_cache(maxsize=64)
def evidence(immediate_m: float, near_m: float, exponent: float) -> Evidence:
    inner_db, outer_db = (-10 * exponent * math.log10(metres) for metres in (immediate_m, near_m))
    outer_nearer_db, outer_farther_db = (outer_db + beside for beside in OUTER_DB)
    # where the edges lie close together, the inner one is still judged no farther out than the outer one
    inner_nearer_db = max(inner_db + INNER_DB[0], outer_nearer_db)
    inner_farther_db = max(inner_db + INNER_DB[1], outer_farther_db)
    moved = range(-ZERO, ZERO)
    nearer_outer, nearer_inner = (
        tuple(_clipped(((1 + TREND) * db - edge_db) / NEARER_CLEAR_DB, NEARER_COUNTER) for db in moved)
        for edge_db in (outer_nearer_db, inner_nearer_db)
    )
    farther_inner, farther_outer = (
        tuple(_clipped((edge_db - (1 + trend) * db) / FARTHER_CLEAR_DB, FARTHER_COUNTER) for db in moved)
        for edge_db, trend in ((inner_farther_db, LEAVING_TREND), (outer_farther_db, 0.0))
    )
    return Evidence(
        nearer_outer, nearer_inner, farther_inner, farther_outer, far=_for(nearer_outer), immediate=_for(farther_inner)
    )


def _clipped(clear: float, counter: float) -> float:
    return max(-counter, min(1.0, clear))


def _for(weights: Weights) -> Doubtful:
    return tuple(weight if weight > 0.0 else None for weight in weights)
