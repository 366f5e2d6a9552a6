"""Beacons, sightings and short walks for the tests of presence."""

from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import cast
from uuid import UUID

import pytest

from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.model.reasons import BeaconChosen, ChoiceCause, Crossing, EdgesCrossed
from beacon_gateway.model.visits import VisitEvent, ZoneChanged
from beacon_gateway.presence.choice import Chosen
from beacon_gateway.presence.visit_state import Visit
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.room import Walker, simulate_sightings
from beacon_gateway.simulation.walk import parse_walk
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

SITE = UUID("f0e1d2c3-b4a5-4687-9978-695a4b3c2d1e")


def place(minor: int, project: str | None = None) -> Beacon:
    return Beacon(BeaconId(SITE, 1, minor), BeaconKind.place, f"corner {minor}", project=project)


def person(minor: int, tag_class: str = "volunteer", project: str | None = None) -> Beacon:
    return Beacon(BeaconId(SITE, 2, minor), BeaconKind.person, f"card {minor}", tag_class=tag_class, project=project)


def visit_of(
    beacon: Beacon, level_db: float | None, *, at: float = 0.0, zone: Zone = Zone.near, near: bool = True
) -> Visit:
    """Return a visit since 0, with its last frame at `at`."""
    return Visit(beacon, zone, 0.0, 0.0, at, level_db, None, level_db, near)


def frame(beacon: Beacon, rssi: int | None, at: float) -> Sighting:
    return Sighting(beacon.id, rssi, at, beacon.measured_power, "hci0")


def heard(beacon: Beacon, rssi: int | None, *, since: float, until: float, every: float = 0.1) -> Iterator[Sighting]:
    """Yield frames at a constant interval with the same RSSI."""
    for index in range(round((until - since) / every) + 1):
        yield frame(beacon, rssi, since + index * every)


def walked(beacon: Beacon, script: str, *, seed: int, air: Air | None = None) -> Iterator[Sighting]:
    """Yield the frames of one walk."""
    walk = parse_walk(script)
    stream = simulate_sightings([Walker(beacon, walk, air or Air())], seed=seed)
    return takewhile(lambda sighting: sighting.at < walk.seconds, stream)


def feed(tracker: Tracker, stream: Iterable[Sighting]) -> list[VisitEvent]:
    return [event for sighting in stream for event in tracker.hear(sighting)]


def chosen_by(chosen: Chosen) -> BeaconChosen:
    assert isinstance(chosen.reason, BeaconChosen)
    return chosen.reason


def cause(chosen: Chosen) -> ChoiceCause:
    return chosen_by(chosen).cause


def about(value: float, tolerance: float | None = None) -> float:
    """Return pytest.approx for a typed record."""
    return cast(float, pytest.approx(value, abs=tolerance))


def crossings(event: VisitEvent) -> tuple[Crossing, ...]:
    reason = event.reason
    return reason.edges if isinstance(event, ZoneChanged) and isinstance(reason, EdgesCrossed) else ()
