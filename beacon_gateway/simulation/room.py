"""A room: several beacons and walkers, heard as one stream of sightings in the order of time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from random import Random

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.simulation.air import Air, hear
from beacon_gateway.simulation.walk import Walk

ADAPTER = "simulated"


@dataclass(frozen=True, slots=True)
class Walker:
    """A beacon on its walk, which begins again when it ends: a place beacon walks by staying."""

    beacon: Beacon
    walk: Walk
    air: Air = field(default_factory=Air)


def sightings(walkers: Iterable[Walker], *, seed: int) -> Iterator[Sighting]:
    """Without end, in simulated seconds from 0; the same seed gives the same sightings."""
    return merge(*(_heard(walker, seed) for walker in walkers), key=lambda sighting: sighting.at)


def _heard(walker: Walker, seed: int) -> Iterator[Sighting]:
    beacon, walk = walker.beacon, walker.walk
    # By identity, so that one walker more in the room changes nothing for the others.
    source = Random(f"{seed} {beacon.id}")  # noqa: S311 - a simulation, not a secret
    for at, rssi in hear(lambda now: walk.distance_m(now % walk.seconds), beacon.measured_power, walker.air, source):
        yield Sighting(beacon.id, rssi, at, beacon.measured_power, ADAPTER)
