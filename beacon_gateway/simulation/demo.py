"""The simulated room of the demo: place beacons, and volunteers' cards that walk up in turns."""

from collections.abc import Iterable

from beacon_gateway.model.beacons import Beacon
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.room import Walker
from beacon_gateway.simulation.walk import parse_walk
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

TURN_S = 46
"""Period of one card: it comes near, stays 20 s and goes out of range long enough to end its visit."""
_TURN = "away {before}s; stay 2s; walk 1.2m/s to 1m; stay 20s; leave 1.2m/s to 8m; away {after}s"
_CALM = Air(sigma_db=2.0, body_per_minute=0.0)


def build_demo_room(beacons: Iterable[Beacon], own: BeaconId | None) -> tuple[Walker, ...]:
    """Return our own place beacon at 2 m, others at 9 m, and the person tags in turns."""
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
