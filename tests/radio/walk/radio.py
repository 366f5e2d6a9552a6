"""The controller as an adapter of the lab's kernel, and a room of walkers that it hears."""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from time import monotonic

from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from beacon_gateway.radio.bluez import NoAnswer, SystemBus, system_bus
from beacon_gateway.simulation.room import Walker, sightings
from sync_contract.beacon_identity import BeaconId
from tests.radio.inside import PATIENCE, until
from tests.radio.walk.controller import Controller

_VENDOR, _CREATE = 0xFF, b"\xff\x00"
"""drivers/bluetooth/hci_vhci.c: writing the second makes an adapter, whose index comes in a packet of the first."""
_PACKET = 2048
_UP_S = 20.0
_OUR_ADDRESS = bytes.fromhex("020000000001")[::-1]


class WalkRadio:
    """`name`: e.g. hci2. `reported`: the RSSI of each advert that the kernel was told of."""

    def __init__(self, descriptor: int, controller: Controller) -> None:
        self._descriptor = descriptor
        self.controller = controller
        self.name = ""
        self.reported: dict[BeaconId, list[int]] = defaultdict(list)
        self.filtered = 0
        """Adverts that it was not told of while it scanned, for it had asked for a filter."""
        self.began = datetime.now(UTC)
        self._began = monotonic()

    def seconds(self) -> float:
        """Since the walk began."""
        return monotonic() - self._began

    def take(self) -> None:
        """Answer what the kernel has written."""
        packet = os.read(self._descriptor, _PACKET)
        if packet[0] == _VENDOR:
            self.name = f"hci{int.from_bytes(packet[2:4], 'little')}"
        elif answer := self.controller.answer(packet):
            os.write(self._descriptor, answer)

    async def play(self, walkers: Sequence[Walker], *, seed: int, for_s: float) -> None:
        """The room from its second 0, as fast as life, for so many seconds."""
        data = {walker.beacon.id: advert(walker.beacon.id, walker.beacon.measured_power) for walker in walkers}
        address = {id_: address_of(id_) for id_ in data}
        self.began, self._began = datetime.now(UTC), monotonic()
        for sighting in sightings(walkers, seed=seed):
            if sighting.at >= for_s:
                break
            if (early_s := sighting.at - self.seconds()) > 0:
                await asyncio.sleep(early_s)
            assert sighting.rssi is not None
            if self.hear(address[sighting.beacon], data[sighting.beacon], sighting.rssi):
                self.reported[sighting.beacon].append(sighting.rssi)

    def hear(self, address: bytes, data: bytes, rssi: int) -> bool:
        """One advert on the air; whether the kernel was told of it."""
        report = self.controller.report(address, data, rssi)
        if report is None:
            self.filtered += self.controller.scanning
            return False
        os.write(self._descriptor, report)
        return True


@asynccontextmanager
async def walk_radio(*, strict: bool = False) -> AsyncIterator[WalkRadio]:
    """Plugged in during the block, and switched on. `strict`: with a duplicate filter, see Controller."""
    descriptor = os.open("/dev/vhci", os.O_RDWR | os.O_NONBLOCK)
    radio, loop = WalkRadio(descriptor, Controller(_OUR_ADDRESS, strict=strict)), asyncio.get_running_loop()
    loop.add_reader(descriptor, radio.take)
    try:
        os.write(descriptor, _CREATE)
        await until(lambda: radio.name)
        async with system_bus() as bus, asyncio.timeout(_UP_S * PATIENCE):
            while not await _is_on(bus, radio.name):
                await asyncio.sleep(0.05)
        yield radio
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def _is_on(bus: SystemBus, adapter: str) -> bool:
    try:
        here = (await bus.adapters()).get(adapter)
    except NoAnswer:
        return False
    return here is not None and here.powered


def advert(beacon: BeaconId, measured_power: int) -> bytes:
    """The AD structure on the air, as BlueZ sends it: no flags."""
    octets = COMPANY.to_bytes(2, "little") + IBeacon(beacon.uuid, beacon.major, beacon.minor, measured_power).encode()
    return bytes([len(octets) + 1, 0xFF]) + octets


def address_of(beacon: BeaconId) -> bytes:
    """A static random address (Vol 6 Part B, 1.3.2.1), the same each time; its two highest bits are set."""
    octets = bytearray(sha256(str(beacon).encode()).digest()[:6])
    octets[5] |= 0xC0
    return bytes(octets)
