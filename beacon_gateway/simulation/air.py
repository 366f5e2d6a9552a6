"""Simulate the RSSI of a beacon at a distance: path loss, shadowing, bodies in between, lost packets.

Log-distance path loss with log-normal shadowing, a part of which changes slowly (first-order Gauss-Markov:
Gudmundson, Electronics Letters 27, 1991, in time instead of distance). Packets are lost singly and in bursts
(Gilbert, BSTJ 39, 1960). All values come from the given random source, so the same seed gives the same result.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from beacon_gateway.simulation.multipath import Multipath
from sync_contract.rssi import clamp_dbm


@dataclass(frozen=True, slots=True)
class Air:
    """Parameters of the simulation in dB, seconds and shares of one."""

    interval_s: tuple[float, float] = (0.100, 0.110)
    """An advert comes after the interval and up to 10 ms of random delay (Core 5.4, Vol 6, Part B, 4.4.2.2.1)."""
    path_loss_exponent: float = 2.2
    sigma_db: float = 5.0
    slow_share: float = 0.4
    """Share of the shadowing's variance."""
    slow_tau_s: float = 3.0
    offset_db: float = 1.5
    """Standard deviation of an offset drawn each time the beacon comes into range."""
    body_per_minute: float = 4.0
    body_db: tuple[float, float] = (6.0, 15.0)
    body_s: tuple[float, float] = (0.5, 3.0)
    loss: float = 0.2
    burst_share: float = 0.3
    """Share of the lost packets."""
    burst_s: float = 0.5
    """Mean length of a burst."""
    multipath: bool = False
    """Three channels fade independently, with `rice_k_db`."""
    rice_k_db: float | None = 6.0
    """None: no direct path."""

    def __post_init__(self) -> None:
        if not 0 <= self.loss < 1 or self.interval_s[0] <= 0:
            raise ValueError("loss must be 0 to below 1, and interval_s more than 0")


def simulate_rssi(
    distance_m: Callable[[float], float | None], measured_power: int, air: Air, source: Random
) -> Iterator[tuple[float, int]]:
    """Yield (simulated seconds, dBm) of each received advert, without end. `distance_m` returns None out of range."""
    shadow, bodies, bursts = _Shadow(air, source), _Bodies(air, source), _Bursts(air, source)
    single_loss = 1 - (1 - air.loss) / (1 - air.loss * air.burst_share)
    multipath = Multipath(air.rice_k_db, source) if air.multipath else None
    at, offset, audible = source.uniform(0, air.interval_s[0]), 0.0, False
    while True:
        distance = distance_m(at)
        if distance is not None and not audible:
            offset = source.gauss(0, air.offset_db)
        audible = distance is not None
        fading, body, burst = shadow.db(at), bodies.db(at), bursts.on(at)
        if distance is not None and not burst and source.random() >= single_loss:
            path = 10 * air.path_loss_exponent * math.log10(distance)
            paths = multipath.db(at, distance) if multipath else 0.0
            rssi = round(measured_power - path + offset + fading - body + paths)
            yield at, clamp_dbm(rssi)
        at += source.uniform(*air.interval_s)


class _Shadow:
    """Shadowing: a fast part, new with each packet, and a slow part with time constant `slow_tau_s`."""

    def __init__(self, air: Air, source: Random) -> None:
        self._source, self._tau = source, air.slow_tau_s
        self._slow_sigma = air.sigma_db * math.sqrt(air.slow_share)
        self._fast_sigma = air.sigma_db * math.sqrt(1 - air.slow_share)
        self._slow, self._at = source.gauss(0, self._slow_sigma), 0.0

    def db(self, at: float) -> float:
        decay = math.exp((self._at - at) / self._tau)
        self._at = at
        self._slow = self._slow * decay + self._source.gauss(0, self._slow_sigma * math.sqrt(1 - decay * decay))
        return self._slow + self._source.gauss(0, self._fast_sigma)


class _Bodies:
    """A person steps in between, `body_per_minute` times a minute."""

    def __init__(self, air: Air, source: Random) -> None:
        self._air, self._source = air, source
        self._begin, self._end, self._db = self._next(0.0), -1.0, 0.0

    def db(self, at: float) -> float:
        if at >= self._begin:
            self._end, self._db = at + self._source.uniform(*self._air.body_s), self._source.uniform(*self._air.body_db)
            self._begin = self._next(self._end)
        return self._db if at < self._end else 0.0

    def _next(self, after: float) -> float:
        rate = self._air.body_per_minute / 60
        return after + self._source.expovariate(rate) if rate else math.inf


class _Bursts:
    """Periods in which every packet is lost: together `burst_share` of the loss."""

    def __init__(self, air: Air, source: Random) -> None:
        share = air.loss * air.burst_share
        self._clear_s = air.burst_s * (1 - share) / share if share else math.inf
        self._burst_s, self._source = air.burst_s, source
        self._on, self._until = False, self._draw(self._clear_s)

    def on(self, at: float) -> bool:
        while at >= self._until:
            self._on = not self._on
            self._until += self._draw(self._burst_s if self._on else self._clear_s)
        return self._on

    def _draw(self, mean_s: float) -> float:
        return math.inf if mean_s == math.inf else self._source.expovariate(1 / mean_s)
