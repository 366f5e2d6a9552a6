"""Plug the virtual controller into the lab's kernel as an adapter, and play walkers to it."""

import asyncio
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from time import monotonic

from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from beacon_gateway.model.beacons import power_at_1m
from beacon_gateway.radio.bluez_bus import NoAnswer, SystemBus, system_bus
from beacon_gateway.simulation.room import Walker, simulate_sightings
from sync_contract.beacon_identity import BeaconId
from tests.radio.waiting import PATIENCE, until
from tests.radio.walk.controller import Controller

_VENDOR, _CREATE = 0xFF, b"\xff\x00"
"""drivers/bluetooth/hci_vhci.c: writing _CREATE makes an adapter; a _VENDOR packet contains its index."""
_PACKET = 2048
_UP_S = 20.0
_OUR_ADDRESS = bytes.fromhex("020000000001")[::-1]


class WalkRadio:
    """`name`: such as hci2. `reported`: RSSI of each advert reported to the kernel; `filtered`: number of others."""

    def __init__(self, descriptor: int, controller: Controller) -> None:
        self._descriptor = descriptor
        self.controller = controller
        self.name = ""
        self.reported: dict[BeaconId, list[int]] = defaultdict(list)
        self.filtered = 0
        self.began = datetime.now(UTC)
        self._began = monotonic()

    def seconds(self) -> float:
        """Return the seconds since the start of the walk."""
        return monotonic() - self._began

    def take(self) -> None:
        """Answer a packet from the kernel."""
        packet = os.read(self._descriptor, _PACKET)
        if packet[0] == _VENDOR:
            self.name = f"hci{int.from_bytes(packet[2:4], 'little')}"
        elif answer := self.controller.answer(packet):
            os.write(self._descriptor, answer)

    async def play(self, walkers: Sequence[Walker], *, seed: int, for_s: float) -> None:
        """Play the room from its start in real time for `for_s` seconds."""
        data = {walker.beacon.id: advert(walker.beacon.id, power_at_1m(walker.beacon, None)) for walker in walkers}
        address = {id_: address_of(id_) for id_ in data}
        self.began, self._began = datetime.now(UTC), monotonic()
        for sighting in simulate_sightings(walkers, seed=seed):
            if sighting.at >= for_s:
                break
            if (early_s := sighting.at - self.seconds()) > 0:
                await asyncio.sleep(early_s)
            assert sighting.rssi is not None
            if self.hear(address[sighting.beacon], data[sighting.beacon], sighting.rssi):
                self.reported[sighting.beacon].append(sighting.rssi)

    def hear(self, address: bytes, data: bytes, rssi: int) -> bool:
        """Send one advert; return whether it was reported to the kernel."""
        report = self.controller.report(address, data, rssi)
        if report is None:
            self.filtered += self.controller.scanning
            return False
        os.write(self._descriptor, report)
        return True


@asynccontextmanager
async def walk_radio(*, strict: bool = False) -> AsyncIterator[WalkRadio]:
    """Plug in the adapter and switch it on during the block. `strict`: see Controller."""
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
        state = (await bus.list_adapters()).get(adapter)
    except NoAnswer:
        return False
    return state is not None and state.powered


def advert(beacon: BeaconId, measured_power: int) -> bytes:
    """Return the AD structure as BlueZ sends it, without flags."""
    data = COMPANY.to_bytes(2, "little") + IBeacon(beacon.uuid, beacon.major, beacon.minor, measured_power).encode()
    return bytes([len(data) + 1, 0xFF]) + data


def address_of(beacon: BeaconId) -> bytes:
    """Return a constant static random address (Vol 6 Part B, 1.3.2.1); its two highest bits are set."""
    address = bytearray(sha256(str(beacon).encode()).digest()[:6])
    address[5] |= 0xC0
    return bytes(address)
