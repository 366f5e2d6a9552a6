"""Where a value lies in the picture, and which round values are written beside an axis."""

import math
from dataclasses import dataclass

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_MOST_TICKS = 16
DISTANCES_M = (0.5, 1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, slots=True)
class Scale:
    """Linear, from values to pixels; values beyond the ends are put at the ends."""

    low: float
    high: float
    at_low: float
    at_high: float

    def __call__(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return self.at_low + min(1.0, max(0.0, part)) * (self.at_high - self.at_low)


def time_ticks(end_s: float) -> tuple[float, ...]:
    """At most 16, at round seconds, minutes or hours."""
    step = next((step for step in _STEPS if end_s / step <= _MOST_TICKS), 86400 * math.ceil(end_s / 86400 / 16))
    return tuple(float(step * n) for n in range(int(end_s // step) + 1))


def rssi_range(values: list[int]) -> tuple[int, int]:
    """Tens of dBm around what was heard, at least 30 dB high."""
    low = math.floor((min(values, default=-80) - 3) / 10) * 10
    high = math.ceil((max(values, default=-50) + 3) / 10) * 10
    return (low, max(high, low + 30))


def rssi_at(metres: float, measured_power: int, path_loss_exponent: float) -> float:
    """dBm by the log-distance law."""
    return measured_power - 10 * path_loss_exponent * math.log10(metres)
