"""MergedScanner: several adapters as one stream of sightings."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import Proof
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from beacon_gateway.sync.report import classify_hearing
from sync_contract.gateway_report import Hearing
from tests.radio.waiting import Ear, running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ, fake_bluez, private_bus
from tests.unit.beacon_gateway.radio.fast_timings import FAST

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


def state(scanner: MergedScanner, adapter: str) -> str | None:
    adapters = scanner.read_status().adapters
    return adapters[adapter].state if adapter in adapters else None


async def hears(ear: Ear, adapter: str) -> None:
    await until(lambda: ear.heard and ear.heard[-1].adapter == adapter)


async def test_without_names_all_adapters_scan_and_each_sighting_names_its_adapter(bluez: FakeBlueZ) -> None:
    scanner, ear = MergedScanner((), ScanOptions(timings=FAST)), Ear()
    async with ear.at(scanner):
        await until(lambda: state(scanner, "hci0") == "listening")
        await bluez.plug("hci1")
        await until(lambda: state(scanner, "hci1") == "listening")
        await bluez.report_advert(FRAME.encode(), adapter="hci1")
        await bluez.report_advert(FRAME.encode(), adapter="hci0")
        await until(lambda: len(ear.heard) == 2)
        status = scanner.read_status()
    assert [sighting.adapter for sighting in ear.heard] == ["hci1", "hci0"]
    assert (status.state, status.frames) == ("hearing", 2)
    assert status.liveness is not None
    assert status.liveness.proof is Proof.not_proved


async def test_after_the_bus_has_died_a_busy_kernel_is_power_cycled_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bluetoothd died with the bus, which a scanner that is cancelled at that moment must record."""
    scanner = MergedScanner(("hci0",), ScanOptions(timings=replace(FAST, kernel_scan_s=60.0)))
    async with private_bus(tmp_path) as bus:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", bus.address)
        async with fake_bluez(bus.address):
            hearing = asyncio.create_task(scanner.hear(lambda _: None))
            await until(lambda: state(scanner, "hci0") == "listening")
    with pytest.raises(RadioLost):
        await hearing
    (tmp_path / "bus").unlink(missing_ok=True)
    async with private_bus(tmp_path) as bus, fake_bluez(bus.address) as bluez:
        bluez.errors["StartDiscovery"] = ("org.bluez.Error.InProgress", "Operation already in progress")
        async with running(scanner.hear(lambda _: None)):
            await until(lambda: bluez.count("Set") == 2)


async def test_only_the_named_adapters_are_used(bluez: FakeBlueZ) -> None:
    bluez.adapters = ("hci0", "hci1")
    scanner = MergedScanner(("hci1",), ScanOptions(timings=FAST))
    async with Ear().at(scanner):
        await until(lambda: state(scanner, "hci1") == "listening")
        assert state(scanner, "hci0") is None


async def test_an_unplugged_adapter_stops_no_other_and_is_used_again_when_it_returns(bluez: FakeBlueZ) -> None:
    bluez.adapters = ("hci0", "hci1")
    scanner, ear = MergedScanner((), ScanOptions(patience_s=0.3, timings=FAST)), Ear()
    async with ear.at(scanner):
        await until(lambda: state(scanner, "hci0") == state(scanner, "hci1") == "listening")
        starts = bluez.count("StartDiscovery")
        await bluez.unplug("hci1")
        await until(lambda: state(scanner, "hci1") == "no_adapter")
        await asyncio.sleep(0.5)  # longer than its patience: its scan has ended with RadioLost
        await bluez.report_advert(FRAME.encode(), adapter="hci0")
        await hears(ear, "hci0")
        assert scanner.read_status().state == "hearing"
        assert bluez.count("StartDiscovery") == starts  # the other scan continues
        await bluez.plug("hci1")
        await until(lambda: state(scanner, "hci1") == "listening")
        await bluez.report_advert(FRAME.encode(), adapter="hci1")
        await hears(ear, "hci1")


async def test_a_long_absence_of_the_last_adapter_ends_the_stage(bluez: FakeBlueZ) -> None:
    bluez.adapters = ()
    for names in ((), ("hci7", "hci8")):
        with pytest.raises(RadioLost, match="no Bluetooth adapter hci"):
            await MergedScanner(names, ScanOptions(patience_s=0.3, timings=FAST)).hear(Ear().heard.append)


async def test_an_error_of_the_listener_ends_the_stage(bluez: FakeBlueZ) -> None:
    def fail(_: Sighting) -> None:
        raise ZeroDivisionError("an error of ours")

    scanner = MergedScanner(("hci0",), ScanOptions(timings=FAST))
    hearing = asyncio.create_task(scanner.hear(fail))
    await until(lambda: state(scanner, "hci0") == "listening")
    await bluez.report_advert(FRAME.encode())
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(hearing, 60)


async def test_a_radio_without_a_bus_is_deaf_until_there_is_one(
    bluez: FakeBlueZ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    scanner = MergedScanner((), ScanOptions(timings=FAST))
    assert scanner.read_status().state == "starting"
    for _ in range(2):
        with pytest.raises(RadioLost):
            await scanner.hear(lambda _: None)
        assert scanner.read_status().state == "no_answer"
        assert classify_hearing(scanner.name, scanner.read_status()) is Hearing.deaf
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.read_status().state == "listening")
