"""Simulate a room with several beacons as one stream of sightings in time order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from random import Random

from beacon_gateway.model.beacons import Beacon, Sighting, power_at_1m
from beacon_gateway.simulation.air import Air, simulate_rssi
from beacon_gateway.simulation.walk import Walk

ADAPTER = "simulated"


@dataclass(frozen=True, slots=True)
class Walker:
    """A beacon and its walk, which repeats; the walk of a place beacon stays at one distance."""

    beacon: Beacon
    walk: Walk
    air: Air = field(default_factory=Air)


def simulate_sightings(walkers: Iterable[Walker], *, seed: int) -> Iterator[Sighting]:
    """Yield sightings without end, in simulated seconds from 0; the same seed gives the same sightings."""
    return merge(*(_simulate_walker(walker, seed) for walker in walkers), key=lambda sighting: sighting.at)


def _simulate_walker(walker: Walker, seed: int) -> Iterator[Sighting]:
    beacon, walk = walker.beacon, walker.walk
    # seeded per identity, so that another walker in the room does not change the others
    source = Random(f"{seed} {beacon.id}")  # noqa: S311 - a simulation, not a secret
    power = power_at_1m(beacon, None)
    for at, rssi in simulate_rssi(lambda now: walk.distance_m(now % walk.seconds), power, walker.air, source):
        yield Sighting(beacon.id, rssi, at, power, ADAPTER)
