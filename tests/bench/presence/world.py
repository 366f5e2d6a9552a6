"""Simulate the worlds for the comparison of presence estimators: one walk, nine conditions, eight worlds, four places.

A person is at 8 m for 60 s, walks at 1.2 m/s to 1 m, stays 60 s, walks back to 8 m and stays in range.
Loss and shadowing are those of `beacon_gateway.simulation.air` with its defaults.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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
    air: Air = field(default_factory=Air)
    sigmas_db: tuple[float, ...] = (4.0, 5.0, 6.0)
    losses: tuple[float, ...] = (0.20, 0.35, 0.50)
    power_db: int = 0
    impossible: float = 0.0
    """Share of packets whose reading is one of IMPOSSIBLE_DBM instead."""

    def airs(self) -> Iterator[Air]:
        """Yield nine conditions: three values of sigma by three of loss."""
        for sigma_db in self.sigmas_db:
            for loss in self.losses:
                yield replace(self.air, sigma_db=sigma_db, loss=loss)


IMPOSSIBLE_DBM = (20, -127)

WORLDS = (
    World("base"),
    World("path loss 1.8", Air(path_loss_exponent=1.8)),
    World("path loss 2.8", Air(path_loss_exponent=2.8)),
    World("advert every 350 ms", Air((0.350, 0.360))),
    World("advert every 1 s", Air((1.000, 1.010))),
    World("sigma 7.5 dB", sigmas_db=(7.5, 7.5, 7.5)),
    World("power -4 dB", power_db=-4),
    World("power +4 dB", power_db=4),
)
BASE = WORLDS[0]


def visits(world: World, count: int, seed: int) -> Iterator[Trace]:
    """Yield `count` visits under each of the nine conditions."""
    for number, air in enumerate(world.airs()):
        for visit in range(count):
            seed_of_visit = f"{seed} {world.name} {number} {visit}"
            trace = walked(WALK, POWER + world.power_db, air, seed_of_visit)
            yield _with_impossible(trace, world.impossible, Random(f"{seed_of_visit} impossible"))


def _with_impossible(trace: Trace, share: float, source: Random) -> Trace:
    if not share:
        return trace
    return [(at, source.choice(IMPOSSIBLE_DBM) if source.random() < share else rssi) for at, rssi in trace]


def standing(metres: float, seed: int) -> Trace:
    """Return two hours at one place, with sigma 5 dB and 35 % loss."""
    air = replace(next(BASE.airs()), sigma_db=5.0, loss=0.35)
    return walked(parse_walk(f"{metres}m {STANDS_S:g}s"), POWER, air, f"{seed} stands {metres}")


def walked(walk: Walk, power: int, air: Air, seed: str) -> Trace:
    heard = simulate_rssi(walk.distance_m, power, air, Random(seed))
    return list(takewhile(lambda advert: advert[0] < walk.seconds, heard))
