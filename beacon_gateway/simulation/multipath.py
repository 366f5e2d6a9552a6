"""Simulate three advertising channels with different levels: each reflection in the hall fades them independently.

Rice fading: the amplitude of a direct path plus many reflections, ratio of their powers K (Rice, Bell System Technical
Journal 27, 1948). Channels 37, 38 and 39 lie 2402, 2426 and 2480 MHz apart, more than the coherence bandwidth of a
hall, so they fade independently. Standing still, the fading of a channel stays; it changes with each half wavelength
(6 cm at 2.44 GHz) of the beacon's way, and slowly when people around move.
"""

import math
from random import Random

CHANNELS = 3
HALF_WAVE_M = 0.061
STANDING_S = 20.0
"""Mean time in which the surroundings change the fading of a beacon that stands still."""


class Multipath:
    """`rice_k_db`: power of the direct path against the reflections; None: no direct path (Rayleigh)."""

    def __init__(self, rice_k_db: float | None, source: Random) -> None:
        ratio = 0.0 if rice_k_db is None else 10 ** (rice_k_db / 10)
        self._direct, self._sigma = math.sqrt(ratio / (1 + ratio)), math.sqrt(0.5 / (1 + ratio))
        self._source, self._at, self._metres = source, 0.0, 0.0
        self._parts = [(self._draw(), self._draw()) for _ in range(CHANNELS)]

    def db(self, at: float, metres: float) -> float:
        """Return the fading of a packet on a channel chosen at random. `at`: seconds; `metres`: distance."""
        change = abs(metres - self._metres) / HALF_WAVE_M + (at - self._at) / STANDING_S
        self._at, self._metres = at, metres
        stays = math.exp(-change)
        moves = math.sqrt(1 - stays * stays)
        self._parts = [
            (real * stays + self._draw() * moves, imaginary * stays + self._draw() * moves)
            for real, imaginary in self._parts
        ]
        real, imaginary = self._source.choice(self._parts)
        return max(-30.0, 10 * math.log10((self._direct + real) ** 2 + imaginary**2 + 1e-9))

    def _draw(self) -> float:
        return self._source.gauss(0, self._sigma)
