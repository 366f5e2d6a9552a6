"""Our scanner before radios that btvirt cannot be: many tags at once, and a controller that filters duplicates."""

import asyncio
from time import monotonic

import pytest

from beacon_gateway.radio.scanner import BlueZScanner
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.room import Walker
from beacon_gateway.simulation.walk import parse_walk
from tests.radio.inside import Ear, radios_ready, running, until
from tests.radio.walk.controller import Controller
from tests.radio.walk.radio import walk_radio
from tests.unit.presence.people import person, place

pytestmark = pytest.mark.lab(radios=1)

STILL = parse_walk("2m 60s")
TAGS = 200
STARVED_S = 0.5
"""29 ms were seen with a processor for the lab alone, 180 ms with three labs at once on two."""
EVERY_SECOND = Air(interval_s=(1.0, 1.01))


async def test_of_200_tags_at_once_each_is_heard_and_the_loop_is_not_starved() -> None:
    await radios_ready(1)
    walkers = [Walker(person(minor), STILL, EVERY_SECOND) for minor in range(TAGS)]
    lags: list[float] = []
    async with walk_radio() as radio:
        ear, scanner = Ear(), BlueZScanner(radio.name)
        async with ear.at(scanner), running(measure_lag(lags)):
            await until(lambda: radio.controller.scanning)
            async with running(radio.play(walkers, seed=1, for_s=30)):
                took_s = await until(lambda: len({sighting.beacon for sighting in ear.heard}) == TAGS, 30)
    lags.sort()
    p99_s = lags[len(lags) * 99 // 100]
    told = sum(map(len, radio.reported.values()))
    print(f"{TAGS} tags within {took_s:.1f} s; {len(ear.heard)} of {told} frames; loop lag p99 {p99_s * 1000:.0f} ms")
    assert p99_s < STARVED_S
    assert scanner.describe()["rebuilds"] == 0


async def test_a_passive_scan_beside_makes_a_strict_controller_report_every_advert() -> None:
    """Without one, the kernel asks for the duplicate filter, and the beacon is heard once in each scan of 10.24 s."""
    await radios_ready(1)
    walkers = [Walker(place(1), STILL)]
    async with walk_radio(strict=True) as radio:
        alone = Ear()
        async with alone.at(BlueZScanner(radio.name)):
            await until(lambda: radio.controller.scanning)
            assert radio.controller.active
            assert radio.controller.filters_duplicates
            await radio.play(walkers, seed=1, for_s=4)
        beside, quiet = Ear(), Ear()
        async with quiet.at(BlueZScanner(radio.name, mode="passive")), beside.at(BlueZScanner(radio.name)):
            await until(lambda: scans_actively_without_filter(radio.controller))
            await radio.play(walkers, seed=1, for_s=4)
            await until(lambda: len(beside.heard) >= 20)
    print(f"heard in 4 s: {len(alone.heard)}, and with a passive scan beside: {len(beside.heard)}")
    assert 1 <= len(alone.heard) <= 2


def scans_actively_without_filter(controller: Controller) -> bool:
    return controller.scanning and controller.active and not controller.filters_duplicates


async def measure_lag(lags: list[float]) -> None:
    """How late the loop wakes, in seconds, a hundred times a second; until cancelled."""
    while True:
        asleep = monotonic()
        await asyncio.sleep(0.01)
        lags.append(monotonic() - asleep - 0.01)
