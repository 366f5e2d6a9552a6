"""Fit the log-distance law to a calibration walk: power at 1 m, exponent, and what each adapter loses.

    level(spot, adapter) = power - 10 x exponent x log10(metres) - loss(adapter) + place(spot) + noise

Linear Gaussian model, solved exactly by one Bayesian update per level (Kalman, Trans. ASME 82, 1960). The priors are
published spreads: exponents of 1.4 to 3 in halls, a place that is a few dB off the law because reflections and
furniture stay where they are. So an exponent from two spots does not claim more than it can know.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10, sqrt

from beacon_gateway.calibration.measurement import Level, Measurement

USUAL_POWER_DBM, POWER_SPREAD_DB = -62.0, 15.0
USUAL_EXPONENT, EXPONENT_SPREAD = 2.1, 0.6
LOSS_SPREAD_DB = 10.0
PLACE_DB = 3.0
"""Standard deviation of a place from the law, the same for all adapters."""
ADAPTER_PLACE_DB = 2.2
"""The same for one adapter alone."""
SURE = 1.645
"""Standard deviations on each side that contain 90 %."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and half the width of its 90 % interval."""

    value: float
    within: float

    def contains(self, truth: float) -> bool:
        return abs(truth - self.value) <= self.within


@dataclass(frozen=True, slots=True)
class HallFit:
    """`power`: dBm at 1 m through the best adapter; `losses_db`: by adapter, 0 for the best one.

    `spread_db`: of single frames at one place; `covariance`: of power and exponent.
    """

    power: Estimate
    exponent: Estimate
    losses_db: dict[str, Estimate]
    spread_db: float
    covariance: float

    def level_dbm(self, metres: float) -> float:
        return self.power.value - 10 * self.exponent.value * log10(metres)

    def level_within_db(self, metres: float) -> float:
        """Return half the width of the 90 % interval of the level at a place this far away."""
        decades = 10 * log10(metres)
        power, exponent = self.power.within / SURE, self.exponent.within / SURE
        variance = power**2 - 2 * decades * self.covariance + (decades * exponent) ** 2 + PLACE_DB**2
        return SURE * sqrt(max(0.0, variance))

    def metres(self, dbm: float) -> float:
        """Return the distance at which the law has this level."""
        return float(10 ** ((self.power.value - dbm) / (10 * self.exponent.value)))


class _Posterior:
    """Means and covariances of the unknowns; `observe` includes one level."""

    def __init__(self, priors: Sequence[tuple[float, float]]) -> None:
        self.means = [mean for mean, _ in priors]
        self.covariance = [
            [spread * spread if row == column else 0.0 for column in range(len(priors))]
            for row, (_, spread) in enumerate(priors)
        ]

    def observe(self, factors: Sequence[float], level: float, variance: float) -> None:
        """Include `level` = sum of factors x unknowns, known with `variance`."""
        with_level = [sum(c * f for c, f in zip(row, factors, strict=True)) for row in self.covariance]
        total = variance + sum(w * f for w, f in zip(with_level, factors, strict=True))
        surprise = level - sum(m * f for m, f in zip(self.means, factors, strict=True))
        for row, gain in enumerate(with_level):
            self.means[row] += gain / total * surprise
            for column, other in enumerate(with_level):
                self.covariance[row][column] -= gain * other / total

    def estimate(self, unknown: int) -> Estimate:
        return Estimate(self.means[unknown], SURE * sqrt(max(0.0, self.covariance[unknown][unknown])))


def fit_hall(measurements: Sequence[Measurement]) -> HallFit:
    """Fit the measurements; those without frames have no influence. Raise ValueError if none has any."""
    levels = [each.levels() for each in measurements]
    best = _find_best_adapter(levels)
    others = sorted({adapter for each in levels for adapter in each} - {best})
    unknowns = [(USUAL_POWER_DBM, POWER_SPREAD_DB), (USUAL_EXPONENT, EXPONENT_SPREAD)]
    unknowns += [(0.0, LOSS_SPREAD_DB)] * len(others) + [(0.0, PLACE_DB)] * len(measurements)
    posterior = _Posterior(unknowns)
    for number, (measurement, by_adapter) in enumerate(zip(measurements, levels, strict=True)):
        for adapter, level in by_adapter.items():
            factors = [0.0] * len(unknowns)
            factors[0], factors[1] = 1.0, -10 * log10(measurement.spot.metres)
            factors[2 + len(others) + number] = 1.0
            if adapter != best:
                factors[2 + others.index(adapter)] = -1.0
            posterior.observe(factors, level.dbm, ADAPTER_PLACE_DB**2 + level.error_db**2)
    losses = {best: Estimate(0.0, 0.0)}
    losses |= {adapter: posterior.estimate(2 + place) for place, adapter in enumerate(others)}
    spreads = [level.spread_db for each in levels for level in each.values()]
    spread_db = sorted(spreads)[len(spreads) // 2]
    return HallFit(posterior.estimate(0), posterior.estimate(1), losses, spread_db, posterior.covariance[0][1])


def _find_best_adapter(levels: Sequence[dict[str, Level]]) -> str:
    """Return the adapter that receives the first spot, or the first one received at all, loudest."""
    for each in levels:
        if each:
            return max(each, key=lambda adapter: (each[adapter].dbm, adapter))
    raise ValueError("no spot has a frame")
