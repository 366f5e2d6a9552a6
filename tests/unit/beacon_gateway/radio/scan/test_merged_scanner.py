"""Several adapters, one stream of sightings; losing one stops no other."""

import asyncio
import json
import os
from pathlib import Path
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio import bluez_watch
from beacon_gateway.radio.port import RadioLost
from beacon_gateway.radio.recovery import adapter_faults
from beacon_gateway.radio.scan import merged_scanner
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.sync.report import classify_hearing
from sync_contract.gateway_report import Hearing
from tests.radio.inside import Ear, running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ, fake_bluez, private_bus
from tests.unit.beacon_gateway.radio.recovery.test_recovery import Helper

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merged_scanner, "LOOK_AGAIN_S", 0.1)
    monkeypatch.setattr(bluez_watch, "LOOK_AGAIN_S", 0.1)


def state(scanner: MergedScanner, adapter: str) -> object:
    adapters = scanner.describe()["adapters"]
    assert isinstance(adapters, dict)
    return adapters[adapter]["state"] if adapter in adapters else None


async def test_all_adapters_are_heard_when_none_is_named_and_each_says_which_it_was(bluez: FakeBlueZ) -> None:
    bluez.adapters = ("hci0", "hci1")
    scanner, ear = MergedScanner(()), Ear()
    async with ear.at(scanner):
        await until(lambda: state(scanner, "hci0") == state(scanner, "hci1") == "listening")
        await bluez.hear(FRAME.encode(), adapter="hci1")
        await bluez.hear(FRAME.encode(), adapter="hci0")
        await until(lambda: len(ear.heard) == 2)
        told = scanner.describe()
    assert [sighting.adapter for sighting in ear.heard] == ["hci1", "hci0"]
    assert (told["state"], told["frames"]) == ("hearing", 2)
    assert json.loads(json.dumps(told))["liveness"]["proof"] == "not_proved"


async def test_after_the_bus_has_died_a_busy_kernel_is_power_cycled_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bluetoothd died with the bus; the scanner, cancelled in the middle, is to know it all the same."""
    monkeypatch.setattr(adapter_faults, "KERNEL_SCAN_S", 60.0)
    scanner = MergedScanner(("hci0",))
    async with private_bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        async with fake_bluez(address):
            hearing = asyncio.create_task(scanner.hear(lambda _: None))
            await until(lambda: state(scanner, "hci0") == "listening")
    with pytest.raises(RadioLost):
        await hearing
    (tmp_path / "bus").unlink(missing_ok=True)
    async with private_bus(tmp_path) as address, fake_bluez(address) as bluez:
        bluez.errors["StartDiscovery"] = ("org.bluez.Error.InProgress", "Operation already in progress")
        async with running(scanner.hear(lambda _: None)):
            await until(lambda: bluez.count("Set") == 2)


async def test_only_the_named_adapters_are_used(bluez: FakeBlueZ) -> None:
    bluez.adapters = ("hci0", "hci1")
    scanner, ear = MergedScanner(("hci1",)), Ear()
    async with ear.at(scanner):
        await until(lambda: state(scanner, "hci1") == "listening")
        assert state(scanner, "hci0") is None


async def test_an_adapter_that_is_pulled_stops_no_other_and_is_used_again_when_it_is_back(bluez: FakeBlueZ) -> None:
    bluez.adapters = ("hci0", "hci1")
    scanner, ear = MergedScanner((), patience_s=0.3), Ear()
    async with ear.at(scanner):
        await until(lambda: state(scanner, "hci0") == state(scanner, "hci1") == "listening")
        renewals = bluez.count("StartDiscovery")
        await bluez.unplug("hci1")
        await until(lambda: state(scanner, "hci1") == "no_adapter")
        await asyncio.sleep(0.5)  # longer than its patience: its scan has ended with RadioLost
        await bluez.hear(FRAME.encode(), adapter="hci0")
        await ear_hears(ear, "hci0")
        assert scanner.describe()["state"] == "hearing"
        assert bluez.count("StartDiscovery") == renewals  # the other one's scan was not touched
        await bluez.plug("hci1")
        await until(lambda: state(scanner, "hci1") == "listening")
        await bluez.hear(FRAME.encode(), adapter="hci1")
        await ear_hears(ear, "hci1")


async def test_an_adapter_that_is_plugged_in_later_is_joined(bluez: FakeBlueZ) -> None:
    scanner, ear = MergedScanner(()), Ear()
    async with ear.at(scanner):
        await until(lambda: state(scanner, "hci0") == "listening")
        await bluez.plug("hci1")
        await until(lambda: state(scanner, "hci1") == "listening")


async def test_when_the_last_adapter_is_missing_for_long_the_stage_ends(bluez: FakeBlueZ) -> None:
    bluez.adapters = ()
    for scanner in (MergedScanner((), patience_s=0.3), MergedScanner(("hci7", "hci8"), patience_s=0.3)):
        with pytest.raises(RadioLost, match="no Bluetooth adapter hci"):
            await scanner.hear(Ear().heard.append)


async def test_a_fault_of_the_listener_ends_the_stage(bluez: FakeBlueZ) -> None:
    def broken(_: Sighting) -> None:
        raise ZeroDivisionError("a fault of ours")

    scanner = MergedScanner(("hci0",))
    hearing = asyncio.create_task(scanner.hear(broken))
    await until(lambda: state(scanner, "hci0") == "listening")
    await bluez.hear(FRAME.encode())
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(hearing, 60)


async def test_a_radio_without_a_bus_is_told_as_a_fault_until_there_is_one(
    bluez: FakeBlueZ, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    scanner = MergedScanner(())
    assert scanner.describe()["state"] == "starting"
    for _ in range(2):
        with pytest.raises(RadioLost):
            await scanner.hear(lambda _: None)
        assert scanner.describe()["state"] == "no_answer"
        assert classify_hearing(scanner.name, scanner.describe()) is Hearing.deaf
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.describe()["state"] == "listening")


async def test_bluetoothd_is_restarted_once_for_all_adapters() -> None:
    """A refusal would have the second adapter's ladder climb on to the person at once."""
    helper = Helper()
    shared = merged_scanner._OnceForAll(helper)
    await shared.restart_bluetoothd()
    await shared.restart_bluetoothd()
    await shared.reset("hci0")
    assert helper.steps == ["restart", "reset hci0"]


async def ear_hears(ear: Ear, adapter: str) -> None:
    await until(lambda: ear.heard and ear.heard[-1].adapter == adapter)
