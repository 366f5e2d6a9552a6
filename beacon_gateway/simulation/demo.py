"""The room of the demo: our own beacon stands on its shelf, and volunteers' cards walk up one after the other."""

from collections.abc import Iterable

from beacon_gateway.model.beacons import Beacon
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.room import Walker
from beacon_gateway.simulation.walk import parse_walk
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

TURN_S = 46
"""A card comes near so often, stays 20 s and goes out of hearing long enough to end its visit."""
_TURN = "away {before}s; stay 2s; walk 1.2m/s to 1m; stay 20s; leave 1.2m/s to 8m; away {after}s"
_CALM = Air(sigma_db=2.0, body_per_minute=0.0)


def demo_room(beacons: Iterable[Beacon], own: BeaconId | None) -> tuple[Walker, ...]:
    """Our own place beacon at 2 m, a neighbour's at 9 m, person tags taking turns."""
    beacons = tuple(beacons)
    people = [beacon for beacon in beacons if beacon.kind is BeaconKind.person]
    places = [
        Walker(beacon, parse_walk("2m 60s" if beacon.id == own else "9m 60s"), _CALM)
        for beacon in beacons
        if beacon.kind is BeaconKind.place
    ]
    turns = [
        Walker(beacon, parse_walk("8m; " + _TURN.format(before=TURN_S * turn, after=12 + TURN_S * others_after)))
        for turn, beacon in enumerate(people)
        for others_after in [len(people) - 1 - turn]
    ]
    return (*places, *turns)
