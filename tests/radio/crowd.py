"""200 tags come at once and go again: how a wall beacon is received meanwhile and afterwards."""

import asyncio
from itertools import pairwise
from math import inf
from time import monotonic

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.room import Walker
from beacon_gateway.simulation.walk import parse_walk
from sync_contract.beacon_identity import BeaconId
from tests.radio.disturbances import BACK_S, STEADY_S, A, Recovery, heard_again_at, is_steady, times_since
from tests.radio.lab_control import radios_ready
from tests.radio.waiting import Ear, running, until
from tests.radio.walk.radio import walk_radio
from tests.unit.beacon_gateway.presence.people import person

TAGS = 200
STAYS_S = 8.0
STILL = parse_walk("2m 60s")
WALL = Walker(A, STILL, Air(interval_s=(0.1, 0.101), loss=0.0))
CROWD = [Walker(person(minor), STILL, Air(interval_s=(1.0, 1.01))) for minor in range(TAGS)]


async def recover_from_crowd() -> Recovery:
    """Return how A's beacon, which is always on the air, recovers from the crowd.

    The crowd stays for STAYS_S, or until every tag was received. Raise AssertionError after the limit, as `recover`.
    """
    await radios_ready()
    ear = Ear()
    async with walk_radio() as radio:
        scanner = MergedScanner((radio.name,), ScanOptions(transmitters=[Transmitter(A.id, A.label)]))
        async with running(scanner.hear(ear.heard.append)):
            async with running(radio.play([WALL], seed=1, for_s=inf)):
                await ear.hears_again()
            began_at = monotonic()
            async with running(radio.play([WALL, *CROWD], seed=1, for_s=inf)):
                await asyncio.sleep(STAYS_S)
                await until(lambda: len(_tags(ear)) == TAGS, STAYS_S)
            ended_at = monotonic()
            async with running(radio.play([WALL], seed=1, for_s=inf)):
                await until(lambda: is_steady(_of_a(ear), ended_at), BACK_S + STEADY_S)
    wall = _of_a(ear)
    again_at = heard_again_at(wall, ended_at)
    assert again_at is not None
    silent_s = max(later - earlier for earlier, later in pairwise(times_since(wall, began_at)))
    return Recovery(began_at, ended_at, again_at, silent_s)


def _tags(ear: Ear) -> set[BeaconId]:
    return {sighting.beacon for sighting in ear.heard if sighting.beacon != A.id}


def _of_a(ear: Ear) -> list[Sighting]:
    return [sighting for sighting in ear.heard if sighting.beacon == A.id]
