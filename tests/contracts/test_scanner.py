"""The contract of every Scanner. tests/radio/test_scanner.py applies it to BlueZ, in the lab."""

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import monotonic

import pytest

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.radio.ports import Scanner
from beacon_gateway.radio.scan.capture_scanner import CaptureScanner
from beacon_gateway.radio.simulated_radio import SimulatedScanner
from beacon_gateway.radio.status_json import read_radio_status, to_json
from beacon_gateway.simulation.air import Air
from beacon_gateway.simulation.room import Walker
from beacon_gateway.simulation.walk import parse_walk
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from tests.captures.identity import PERSON_TAG, WALK
from tests.radio.waiting import PATIENCE, until

LIMIT_S = 10.0


async def end(task: asyncio.Task[None]) -> None:
    """Wait for it too: a radio's scan is over only then, and another test begins."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class ScannerContract(ABC):
    @abstractmethod
    def hearing(self, beacon: BeaconId) -> AbstractAsyncContextManager[Scanner]:
        """A scanner, with `beacon` on the air at least twice a second during the block."""

    async def test_it_reports_adverts_in_order(self) -> None:
        heard: list[Sighting] = []
        delays: list[float] = []

        def notice(sighting: Sighting) -> None:
            heard.append(sighting)
            delays.append(monotonic() - sighting.at)

        async with self.hearing(PERSON_TAG.beacon) as scanner:
            task = asyncio.create_task(scanner.hear(notice))
            await until(lambda: sum(s.beacon == PERSON_TAG.beacon for s in heard) >= 5, LIMIT_S)
            await end(task)
        assert heard == sorted(heard, key=lambda sighting: sighting.at)
        assert all(0 <= delay < 0.5 * PATIENCE for delay in delays)
        for sighting in heard:
            assert sighting.adapter
            assert sighting.rssi is None or -127 < sighting.rssi <= 20
            assert sighting.measured_power is None or -128 <= sighting.measured_power < 128

    async def test_it_runs_until_cancelled_and_can_be_restarted(self) -> None:
        async with self.hearing(PERSON_TAG.beacon) as scanner:
            for _ in range(2):
                heard: list[Sighting] = []
                task = asyncio.create_task(scanner.hear(heard.append))
                await until(lambda heard=heard: heard, LIMIT_S)  # type: ignore[misc]  # bound early on purpose
                assert not task.done()
                await end(task)
                count = len(heard)
                await asyncio.sleep(0.3)
                assert len(heard) == count

    async def test_an_error_of_its_listener_is_raised(self) -> None:
        def broken(_: Sighting) -> None:
            raise ZeroDivisionError("a fault of ours")

        async with self.hearing(PERSON_TAG.beacon) as scanner:
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(scanner.hear(broken), LIMIT_S * PATIENCE)

    async def test_it_has_a_status_before_and_while_hearing(self) -> None:
        async with self.hearing(PERSON_TAG.beacon) as scanner:
            assert scanner.name in {"bluez", "capture", "simulated"}
            before = scanner.read_status()
            heard: list[Sighting] = []
            task = asyncio.create_task(scanner.hear(heard.append))
            await until(lambda: heard, LIMIT_S)
            after, frames = scanner.read_status(), len(heard)
            await end(task)
        for status in (before, after):
            assert status.state
            read_back = read_radio_status(json.loads(json.dumps(to_json(status))))
            assert to_json(read_back) == to_json(status)
        assert after.frames == frames


class TestCapture(ScannerContract):
    @asynccontextmanager
    async def hearing(self, beacon: BeaconId) -> AsyncIterator[Scanner]:
        assert beacon == PERSON_TAG.beacon
        yield CaptureScanner(WALK, pace=2)


class TestSimulated(ScannerContract):
    @asynccontextmanager
    async def hearing(self, beacon: BeaconId) -> AsyncIterator[Scanner]:
        card = Beacon(beacon, BeaconKind.person, "a card")
        yield SimulatedScanner([Walker(card, parse_walk("1m 60s"), Air(loss=0.0))], seed=1)
