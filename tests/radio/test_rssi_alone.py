"""Signals of BlueZ for a tag that alternates iBeacons and other adverts from one address."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import cycle

import pytest
from dbus_fast import Message

from beacon_gateway.radio.bluez_bus import ADAPTER, system_bus
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.reception import DEVICE
from beacon_gateway.radio.scan.scan_options import ScanOptions
from tests.radio.lab_control import radios_ready
from tests.radio.waiting import PATIENCE, Ear, until
from tests.radio.walk.radio import WalkRadio, advert, walk_radio
from tests.unit.beacon_gateway.presence.people import place

pytestmark = pytest.mark.lab(radios=1)

WALL = place(1)
ADDRESS = bytes.fromhex("0100000000c0")
IBEACON = advert(WALL.id, -59)
OTHER_SLOT = bytes.fromhex("0303aafe")
"""A service name, as a tag sends in another slot or a scan response."""


class Signals:
    """The properties in each PropertiesChanged of the tag."""

    def __init__(self, scanner: AdapterScanner, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[frozenset[str]] = []
        self._take = scanner.reception.take
        monkeypatch.setattr(scanner.reception, "take", self._spy)

    def _spy(self, message: Message, now: float) -> bool:
        if message.member == "PropertiesChanged" and message.body[0] == DEVICE:
            self.seen.append(frozenset(message.body[1]))
        return self._take(message, now)

    async def wait_for_other_slot(self, radio: WalkRadio, rssi: int) -> None:
        """Send it until it arrives alone: bluetoothd merges adverts that it reads together."""
        before, louder = len(self.seen), cycle((0, 20))
        async with asyncio.timeout(20 * PATIENCE):
            while all("ManufacturerData" in each for each in self.seen[before:]):
                radio.hear(ADDRESS, OTHER_SLOT, rssi + next(louder))
                await asyncio.sleep(0.2)


@asynccontextmanager
async def another_scan(adapter: str, *, enabled: bool) -> AsyncIterator[None]:
    """Scan from another connection without any filter, if `enabled`."""
    async with system_bus() as other:
        if enabled:
            await other.call(f"/org/bluez/{adapter}", ADAPTER, "StartDiscovery")
        yield


@pytest.mark.parametrize("with_other", [False, True], ids=["alone", "another program scans without a filter"])
async def test_an_active_scan_receives_the_data_of_each_frame_and_rssi_alone_of_other_adverts(
    with_other: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await radios_ready(1)
    async with walk_radio() as radio:
        ear, scanner = Ear(), AdapterScanner(radio.name)
        signals = Signals(scanner, monkeypatch)
        async with ear.at(scanner), another_scan(radio.name, enabled=with_other):
            await until(lambda: radio.controller.scanning and radio.controller.active)
            await send_first_frame(radio, ear)
            await signals.wait_for_other_slot(radio, -100)  # signals are ordered, so all earlier ones have arrived
            for rssi in (-50, -50, -51, -70, -70, -50):
                heard = len(ear.heard)
                radio.hear(ADDRESS, IBEACON, rssi)
                await until(partial(has_more_than, ear, heard))
                await signals.wait_for_other_slot(radio, rssi - 15)
                assert len(ear.heard) == heard + 1
            assert sum("ManufacturerData" in each for each in signals.seen) >= 6
            assert frozenset({"RSSI"}) in signals.seen


async def test_a_passive_scan_receives_rssi_alone_of_a_known_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    await radios_ready(1)
    async with walk_radio() as radio:
        ear, scanner = Ear(), AdapterScanner(radio.name, ScanOptions(mode="passive", silence_s=3600))
        signals = Signals(scanner, monkeypatch)
        async with ear.at(scanner):
            await until(lambda: radio.controller.scanning and not radio.controller.active)
            await send_first_frame(radio, ear)
            signals.seen.clear()
            for rssi in (-50, -70, -50):
                heard = len(ear.heard)
                radio.hear(ADDRESS, IBEACON, rssi)
                await until(partial(has_more_than, ear, heard))
                assert ear.heard[-1].rssi == rssi
            assert set(signals.seen) == {frozenset({"RSSI"})}


def has_more_than(ear: Ear, frames: int) -> bool:
    return len(ear.heard) > frames


async def send_first_frame(radio: WalkRadio, ear: Ear) -> None:
    """Send a frame until BlueZ knows the address."""

    def send() -> bool:
        radio.hear(ADDRESS, IBEACON, -90)
        return bool(ear.heard)

    await until(send)
