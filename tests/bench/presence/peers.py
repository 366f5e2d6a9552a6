"""Estimators of the peers, reimplemented from their sources, each with its published defaults.

One judge per visit receives (seconds, dBm) and returns the distance in metres by the peer's own formula.

- AltBeacon (AltBeacon/android-beacon-library 42e672e9): running average over 20 s without the top and bottom tenth,
  or ARMA with speed 0.1; distance by the fitted curve of the default phone model.
- ESPresense (ESPresense a6f1105e, BleFingerprint, AdaptivePercentileRSSI): mean within Tukey's fences over 15 s,
  at first 20, at most 200 samples; absorption 2.7.
- kalmanjs (wouterbulten/kalmanjs, README): process noise 0.01, measurement noise 3, the log-distance law.
- Bermuda (agittins/bermuda cd46d17e, bermuda_advert): each 1.05 s the newest advert, retreats above 3 m/s refused,
  the mean of running minima over 20 cycles; attenuation 3, reference -55 dBm.
"""

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable

from tests.bench.presence.world import POWER

Judge = Callable[[float, int], float]
Make = Callable[[], Judge]
Law = Callable[[float], float]
"""Metres from dBm."""

BEFORE_ANY = 8.0
HISTORY = 10


class Window:
    """The samples of the last seconds, also sorted by value."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._queue = seconds, deque[tuple[float, int]]()
        self.values: list[int] = []

    def add(self, at: float, rssi: int, most: int | None = None) -> None:
        self._queue.append((at, rssi))
        insort(self.values, rssi)
        while at - self._queue[0][0] > self._seconds or (most is not None and len(self._queue) > most):
            self.values.pop(bisect_left(self.values, self._queue.popleft()[1]))

    def span_s(self) -> float:
        return self._queue[-1][0] - self._queue[0][0]


def altbeacon_m(rssi: float, offset_db: float) -> float:
    """The default model's curve: coefficients 0.42093, 6.9476, 0.54992."""
    ratio = (rssi + offset_db) / POWER
    return ratio**10 if ratio < 1 else 0.42093 * ratio**6.9476 + 0.54992


def log_m(rssi: float, reference: float, exponent: float) -> float:
    return float(10 ** ((reference - rssi) / (10 * exponent)))


def altbeacon_average(
    window_s: float = 20.0, trim: float = 0.1, offset_db: float = 0.0, metres: Law | None = None
) -> Judge:
    """`metres`: from a level; None for the default model."""
    window = Window(window_s)
    metres = metres or (lambda level: altbeacon_m(level, offset_db))

    def judge(at: float, rssi: int) -> float:
        window.add(at, rssi)
        values, cut = window.values, int(len(window.values) * trim)
        trimmed = values[cut + 1 : len(values) - cut - 1] if len(values) > 2 else values
        return metres(sum(trimmed) / len(trimmed) if trimmed else values[len(values) // 2])

    return judge


def altbeacon_arma(speed: float = 0.1, offset_db: float = 0.0, metres: Law | None = None) -> Judge:
    level: float | None = None
    metres = metres or (lambda level: altbeacon_m(level, offset_db))

    def judge(_at: float, rssi: int) -> float:
        nonlocal level
        level = rssi if level is None else level - speed * (level - rssi)
        return metres(level)

    return judge


def espresense(window_s: float = 15.0, absorption: float = 2.7, offset_db: float = 0.0) -> Judge:
    window, most, checked = Window(window_s), 20, 0.0

    def percentile(values: list[int], share: float) -> float:
        place = share * (len(values) - 1)
        low, rest = int(place), place % 1
        return values[low] * (1 - rest) + values[low + 1] * rest if low + 1 < len(values) else values[low]

    def judge(at: float, rssi: int) -> float:
        nonlocal most, checked
        window.add(at, rssi, most)
        values = window.values
        if at - checked > 10:
            checked, span = at, window.span_s()
            wanted = int(math.ceil(len(values) / span * window_s) * 1.5) if span > 0 else most
            wanted = max(10, min(200, wanted))
            most = wanted if abs(wanted - most) > most // 4 else most
        low, high = percentile(values, 0.25), percentile(values, 0.75)
        fence = 1.5 * (high - low)
        inliers = values[bisect_left(values, low - fence) : bisect_right(values, high + fence)]
        return log_m(sum(inliers) / len(inliers) + offset_db, POWER, absorption)

    return judge


def bermuda(
    reference: float = -55.0, attenuation: float = 3.0, velocity: float = 3.0, samples: int = 20, every_s: float = 1.05
) -> Judge:
    history: list[tuple[float, float]] = []
    cycles: list[float] = []
    due, shown = 0.0, BEFORE_ANY

    def judge(at: float, rssi: int) -> float:
        nonlocal due, shown
        if at < due:
            return shown
        due = at + every_s - (at - due) % every_s if due else at + every_s
        raw = log_m(rssi, reference, attenuation)
        history.insert(0, (at, raw))
        del history[HISTORY:]
        if not cycles:
            cycles.append(raw)
            shown = raw
            return shown
        speeds = [(raw - metres) / (at - then) for then, metres in history[1:] if at > then]
        # a decrease of distance is always accepted
        refused = bool(speeds) and speeds[0] >= 0 and max(speeds) > velocity
        cycles.insert(0, cycles[0] if refused else raw)
        del cycles[int(samples) :]
        least, total = raw, 0.0
        for metres in cycles:
            least = min(least, metres)
            total += least
        shown = min(raw, total / len(cycles))
        return shown

    return judge


def kalmanjs(metres: Law, process: float = 0.01, noise: float = 3.0) -> Judge:
    """A filter that counts packets."""
    level, variance = 0.0, 0.0

    def judge(_at: float, rssi: int) -> float:
        nonlocal level, variance
        if variance == 0.0:
            level, variance = float(rssi), noise
        else:
            gain = (variance + process) / (variance + process + noise)
            level += gain * (rssi - level)
            variance = (1 - gain) * (variance + process)
        return metres(level)

    return judge


def kalman(process: float = 0.5, noise: float = 25.0) -> Judge:
    """A one-dimensional filter, the reference for CPU. It returns the level, not a distance."""
    filter_ = Kalman(process, noise)
    return filter_.hear


class Kalman:
    __slots__ = ("_at", "_level", "_noise", "_process", "_variance")

    def __init__(self, process: float, noise: float) -> None:
        self._process, self._noise, self._level, self._variance, self._at = process, noise, -80.0, 100.0, 0.0

    def hear(self, at: float, rssi: float) -> float:
        self._variance += self._process * (at - self._at)
        self._at = at
        gain = self._variance / (self._variance + self._noise)
        self._level += gain * (rssi - self._level)
        self._variance *= 1 - gain
        return self._level
