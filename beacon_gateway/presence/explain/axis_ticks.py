"""Scales and tick values of the axes of a trace picture."""

import math
from dataclasses import dataclass

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_MAX_TICKS = 16
DISTANCES_M = (0.5, 1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear map from values to pixels; values beyond the ends are clamped."""

    low: float
    high: float
    at_low: float
    at_high: float

    def __call__(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return self.at_low + min(1.0, max(0.0, part)) * (self.at_high - self.at_low)


def build_time_ticks(end_s: float) -> tuple[float, ...]:
    """Return at most 16 ticks at round seconds, minutes or hours."""
    step = next((step for step in _STEPS if end_s / step <= _MAX_TICKS), 86400 * math.ceil(end_s / 86400 / 16))
    return tuple(float(step * n) for n in range(int(end_s // step) + 1))


def find_rssi_range(values: list[int]) -> tuple[int, int]:
    """Return bounds in tens of dBm around the values, at least 30 dB apart."""
    low = math.floor((min(values, default=-80) - 3) / 10) * 10
    high = math.ceil((max(values, default=-50) + 3) / 10) * 10
    return (low, max(high, low + 30))


def rssi_at(metres: float, measured_power: int, path_loss_exponent: float) -> float:
    """Return dBm at a distance, by the log-distance law."""
    return measured_power - 10 * path_loss_exponent * math.log10(metres)
