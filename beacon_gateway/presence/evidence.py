"""Tables of the evidence of one packet: how much of its time counts for or against crossing an edge.

The Gaussian log-likelihood ratio of two levels is linear in RSSI; it is clipped (Huber, Ann. Math. Statist. 36, 1965),
so that an outlier counts no more than a clear packet. RSSI is a whole number of dBm, so the weights are calculated
once per dB and shared by all beacons with the same rules.

Two corrections shift a packet along the table. A person who walks shows a trend, so a packet is shifted a little in
the direction of its difference from the smoothed level. Leaving the kiosk is detected by a fall from the usual level
of this visit, which cancels a wrong power and most of a wrong exponent.

Levels are dB against the level at 1 m, so they do not depend on a beacon's power.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

# Tuned together with the constants of estimator.py, by random search over the simulated walk of docs/performance.md
# and similar worlds, with the condition that a person at 2.5 m and 3.2 m is in zone near.
INNER_DB = (1.7, -2.8)
"""Against the level at the inner edge: evidence of nearer is above the first, evidence of farther below the second
(for a usual level equal to that at 1 m). The interval between them prevents flapping."""
OUTER_DB = (4.0, 0.0)
"""The same at the outer edge. Nearer is detected well inside, because 8 m are only 6.6 dB beyond 4 m."""
NEARER_CLEAR_DB, FARTHER_CLEAR_DB = 6.0, 5.0
"""This far beyond the level a packet is clear evidence: it counts with all of its time."""
NEARER_COUNTER, FARTHER_COUNTER = 5.5, 3.0
"""Evidence against a change counts up to this many times as much as evidence for it."""
TREND, LEAVING_TREND = 0.6, 0.45
"""Share of the difference from the smoothed level that is added to a packet; the second for leaving the kiosk. There is
none for leaving the outer edge: stepping back from 1 m to 3 m is not leaving."""
USUAL_SHARE = 0.4
"""Share of the usual level that counts."""

FOLLOWS, LEAVING_FOLLOWS = TREND / (1 + TREND), LEAVING_TREND / (1 + LEAVING_TREND)
"""The trend as a shift along the table, in dB per dB of the smoothed level."""
LEAVING_USUAL = USUAL_SHARE / (1 + LEAVING_TREND)
"""The same per dB of the usual level."""
ZERO = 205
"""Index of 0 dB in a table. RSSI and power of -127 to 20 dBm stay within its ends. The usual indices are below 256:
Python does not allocate such integers."""

Weights = tuple[float, ...]
OptionalWeights = tuple[float | None, ...]
"""None for no evidence of a change."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Seconds of evidence per second, by shifted level + ZERO."""

    nearer_outer: Weights
    nearer_inner: Weights
    farther_inner: Weights
    farther_outer: Weights
    far: OptionalWeights
    """`nearer_outer` while no change is under way."""
    immediate: OptionalWeights
    """`farther_inner` while no change is under way."""


@lru_cache(maxsize=64)
def evidence(immediate_m: float, near_m: float, exponent: float) -> Evidence:
    inner_db, outer_db = (-10 * exponent * math.log10(metres) for metres in (immediate_m, near_m))
    outer_nearer_db, outer_farther_db = (outer_db + offset_db for offset_db in OUTER_DB)
    # if the edges are close together, the levels of the inner one are not below those of the outer one
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


def _for(weights: Weights) -> OptionalWeights:
    return tuple(weight if weight > 0.0 else None for weight in weights)
