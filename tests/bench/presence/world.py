"""Simulate the worlds for the comparison of presence estimators: one walk, nine conditions, eight worlds, four places.

A person is at 8 m for 60 s, walks at 1.2 m/s to 1 m, stays 60 s, walks back to 8 m and stays in range.
Loss and shadowing are those of `beacon_gateway.simulation.air` with its defaults.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from random import Random

from beacon_gateway.simulation.air import Air, simulate_rssi
from beacon_gateway.simulation.walk import Walk, parse_walk

POWER = -59
"""dBm at 1 m, given to every estimator."""
IMMEDIATE_M, NEAR_M = 1.5, 4.0
PACE = 1.2
FAR_S, KIOSK_S, AFTER_S = 60.0, 60.0, 40.0
WALK = parse_walk(f"8m {FAR_S:g}s; walk {PACE}m/s to 1m; stay {KIOSK_S:g}s; leave {PACE}m/s to 8m; stay {AFTER_S:g}s")

CROSSES_S = FAR_S + (8 - IMMEDIATE_M) / PACE
"""Time at which the person crosses the inner edge inwards."""
LEAVES_S = FAR_S + (8 - 1) / PACE + KIOSK_S
"""Time of the first step away."""

STANDS_M = (1.0, 1.5, 2.5, 8.0)
STANDS_S = 2 * 3600.0
SETTLED_S = 30.0
"""Changes of a standing person count from this time on."""

Trace = list[tuple[float, int]]
"""(seconds, dBm) of each received advert."""


@dataclass(frozen=True, slots=True)
class World:
    """Differences from the base world; `power_db`: of the beacon's true power from POWER."""

    name: str
    exponent: float = 2.2
    interval_s: tuple[float, float] = (0.100, 0.110)
    sigma_db: float | None = None
    """None: 4, 5 and 6 in turn."""
    power_db: int = 0

    def airs(self) -> Iterator[Air]:
        """Yield nine conditions: three values of sigma by three of loss."""
        for sigma in (4.0, 5.0, 6.0):
            for loss in (0.20, 0.35, 0.50):
                sigma_db = self.sigma_db or sigma
                yield Air(self.interval_s, path_loss_exponent=self.exponent, sigma_db=sigma_db, loss=loss)


WORLDS = (
    World("base"),
    World("path loss 1.8", exponent=1.8),
    World("path loss 2.8", exponent=2.8),
    World("advert every 350 ms", interval_s=(0.350, 0.360)),
    World("advert every 1 s", interval_s=(1.000, 1.010)),
    World("sigma 7.5 dB", sigma_db=7.5),
    World("power -4 dB", power_db=-4),
    World("power +4 dB", power_db=4),
)
BASE = WORLDS[0]


def visits(world: World, count: int, seed: int) -> Iterator[Trace]:
    """Yield `count` visits under each of the nine conditions."""
    for number, air in enumerate(world.airs()):
        for visit in range(count):
            yield _trace(WALK, POWER + world.power_db, air, f"{seed} {world.name} {number} {visit}")


def standing(metres: float, seed: int) -> Trace:
    """Return two hours at one place, with sigma 5 dB and 35 % loss."""
    air = replace(next(BASE.airs()), sigma_db=5.0, loss=0.35)
    return _trace(parse_walk(f"{metres}m {STANDS_S:g}s"), POWER, air, f"{seed} stands {metres}")


def _trace(walk: Walk, power: int, air: Air, seed: str) -> Trace:
    heard = simulate_rssi(walk.distance_m, power, air, Random(seed))
    return list(takewhile(lambda advert: advert[0] < walk.seconds, heard))
