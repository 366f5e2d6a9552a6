"""Generate the adverts of the bench: senders, distances and order."""

from collections.abc import Iterator
from itertools import islice
from random import Random
from uuid import UUID

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.simulation.air import Air, simulate_rssi
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

PER_BEACON_S = 10
"""Adverts a second of each beacon: 500/s are fifty of them."""
SITE = UUID("f0e1d2c3-b4a5-4687-9978-695a4b3c2d1e")
POWER = -59


def beacons(rate: int) -> tuple[Beacon, ...]:
    """Return allow-listed beacons, the most expensive case: every second one is a person's tag."""
    return tuple(
        Beacon(BeaconId(SITE, 1, n), BeaconKind.person, f"card {n}", POWER, "volunteer")
        if n % 2
        else Beacon(BeaconId(SITE, 1, n), BeaconKind.place, f"wall {n}", POWER, project=f"project-{n}")
        for n in range(max(1, rate // PER_BEACON_S))
    )


def frames(rate: int) -> list[bytes]:
    """Return the manufacturer data of each beacon."""
    return [IBeacon(beacon.id.uuid, 1, beacon.id.minor, POWER).encode() for beacon in beacons(rate)]


def adverts(rate: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield beacon number and dBm in turn. One in four is at 1.5 m, near a zone edge; the others are at 8 m."""
    number = max(1, rate // PER_BEACON_S)
    rssi = [_heard(8.0 if n % 4 else 1.5, n, count // number + 1) for n in range(number)]
    for k in range(count):
        yield k % number, rssi[k % number][k // number]


def _heard(metres: float, seed: int, count: int) -> list[int]:
    air = simulate_rssi(lambda _: metres, POWER, Air(), Random(seed))
    return [dbm for _, dbm in islice(air, count)]
