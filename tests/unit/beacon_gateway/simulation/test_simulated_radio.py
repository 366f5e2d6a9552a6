"""Tests of the simulated scanner and advertiser."""

import asyncio
import time
from uuid import UUID

import pytest

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.radio.ports import Advertiser, Scanner
from beacon_gateway.radio.simulated_radio import SimulatedAdvertiser, SimulatedScanner
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.room import Walker, simulate_sightings
from beacon_gateway.simulation.walk import parse_walk
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

SITE = UUID("f0e1d2c3-b4a5-4687-9978-695a4b3c2d1e")
OWN = Beacon(BeaconId(SITE, 1, 1), BeaconKind.place, "shelf")
CARD = Beacon(BeaconId(SITE, 2, 1), BeaconKind.person, "card")
ROOM = [Walker(OWN, parse_walk("2m 10s"), Air(loss=0.0)), Walker(CARD, parse_walk("1m 10s"), Air(loss=0.0))]


class Receiver:
    """Collects sightings until a given number has arrived."""

    def __init__(self) -> None:
        self.heard: list[Sighting] = []
        self._more = asyncio.Event()

    def add(self, sighting: Sighting) -> None:
        self.heard.append(sighting)
        self._more.set()

    async def wait_for(self, count: int) -> list[Sighting]:
        async with asyncio.timeout(60):
            while len(self.heard) < count:
                self._more.clear()
                await self._more.wait()
        return self.heard[:count]


async def cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_sightings_arrive_in_order_on_the_monotonic_clock_scaled_by_the_pace() -> None:
    receiver, begin = Receiver(), time.monotonic()
    scanner: Scanner = SimulatedScanner(ROOM, seed=1, pace=50.0)
    task = asyncio.create_task(scanner.hear(receiver.add))
    heard = await receiver.wait_for(100)
    took = time.monotonic() - begin
    await cancel(task)
    expected = [sighting for sighting, _ in zip(simulate_sightings(ROOM, seed=1), range(100), strict=False)]
    assert [(s.beacon, s.rssi) for s in heard] == [(s.beacon, s.rssi) for s in expected]
    offset = heard[0].at - expected[0].at / 50
    assert begin <= offset <= time.monotonic()
    assert [s.at for s in heard] == pytest.approx([offset + s.at / 50 for s in expected])
    assert took >= expected[-1].at / 50


async def test_the_own_advert_is_received_only_while_it_is_on_the_air() -> None:
    receiver, advertiser = Receiver(), SimulatedAdvertiser(OWN.id)
    listening = asyncio.create_task(SimulatedScanner(ROOM, seed=1, pace=50.0, own=advertiser).hear(receiver.add))
    assert {s.beacon for s in await receiver.wait_for(30)} == {CARD.id}
    advertising = asyncio.create_task(advertiser.keep_on_air())
    before = len(receiver.heard)
    assert {s.beacon for s in (await receiver.wait_for(before + 30))[before:]} == {CARD.id, OWN.id}
    await cancel(advertising)
    before = len(receiver.heard)
    assert {s.beacon for s in (await receiver.wait_for(before + 30))[before:]} == {CARD.id}
    await cancel(listening)


async def test_seconds_on_air_add_up_over_several_periods() -> None:
    advertiser = SimulatedAdvertiser(OWN.id)
    port: Advertiser = advertiser
    assert port.seconds_on_air() == 0
    total = 0.0
    for _ in range(2):
        begin = time.monotonic()
        task = asyncio.create_task(port.keep_on_air())
        await asyncio.sleep(0)
        advertised_since = time.monotonic()
        await asyncio.wait({task}, timeout=0.05)
        least = total + time.monotonic() - advertised_since
        assert port.read_status().state == "simulated"
        await cancel(task)
        assert least <= port.seconds_on_air() <= total + time.monotonic() - begin
        total = port.seconds_on_air()
    assert not advertiser.on_air
    assert port.seconds_on_air() == total


async def test_the_scanner_of_an_empty_room_runs_until_it_is_cancelled() -> None:
    scanner = SimulatedScanner([], seed=1)
    assert scanner.read_status().state == "off"
    task = asyncio.create_task(scanner.hear(lambda _: None))
    await asyncio.wait({task}, timeout=0.05)
    assert not task.done()
    assert scanner.read_status().state == "simulated"
    await cancel(task)
    assert scanner.read_status().state == "off"


async def test_a_scanner_that_is_late_yields_to_other_tasks() -> None:
    receiver = Receiver()
    task = asyncio.create_task(SimulatedScanner(ROOM, seed=1, pace=1e9).hear(receiver.add))
    await receiver.wait_for(1000)
    await cancel(task)


def test_a_pace_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="pace"):
        SimulatedScanner(ROOM, seed=1, pace=0)
