"""A wall beacon, a privileged helper and short timings for the recovery tests."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.recovery.liveness import Transmitter
from tests.radio.waiting import PATIENCE
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ
from tests.unit.beacon_gateway.radio.fast_timings import FAST

WALL = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)
KNOWN = Transmitter(WALL.beacon, "east gate")
TIMINGS = replace(
    FAST,
    lost_after_s=0.8,  # a frame comes each 0.1 s, later on a busy machine
    never_after_s=0.8,
    lost_intervals=0,
    fault_after_s=max(0.2, 0.1 * PATIENCE),  # longer than a power cycle takes
    first_rest_s=max(0.1, 0.05 * PATIENCE),  # a step has its effect within this
)


class StepHelper:
    """RadioHelper that records its steps. `heals`: called with the name of each."""

    def __init__(self, heals: Callable[[str], None] = lambda _: None) -> None:
        self.steps: list[str] = []
        self._heals = heals

    async def restart_bluetoothd(self) -> None:
        self._record("restart")

    async def reset(self, adapter: str) -> None:
        self._record(f"reset {adapter}")

    async def reset_hardware(self, adapter: str) -> None:
        self._record(f"hardware {adapter}")

    def _record(self, step: str) -> None:
        self.steps.append(step)
        self._heals(step)


class WallBeacon:
    """The wall beacon sends ten times a second. `audible`: the radio receives it."""

    def __init__(self, bluez: FakeBlueZ) -> None:
        self.audible = True
        self.data = WALL.encode()
        self._bluez = bluez

    async def send(self) -> None:
        while True:
            if self.audible:
                await self._bluez.report_advert(self.data)
            await asyncio.sleep(0.1)
