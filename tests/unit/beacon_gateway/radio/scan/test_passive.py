"""A passive scan: BlueZ is made to tell what it remembers, and one that tells nothing is tested soon."""

import asyncio
from typing import Literal

import pytest
from dbus_fast import Variant

from beacon_gateway.radio.bluez import system_bus
from beacon_gateway.radio.scan import scan_loop
from beacon_gateway.radio.scan.bluez_cache import forget_ibeacons
from beacon_gateway.radio.scan.scanner import BlueZScanner
from tests.captures.identity import PERSON_TAG
from tests.radio.inside import running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ

IBEACON = {"ManufacturerData": Variant("a{qv}", {0x004C: Variant("ay", PERSON_TAG.encode())})}


def device(adapter: str, number: int) -> str:
    return f"/org/bluez/{adapter}/dev_C0_00_00_00_00_{number:02X}"


async def test_only_ibeacons_of_this_adapter_that_nobody_keeps_are_forgotten(bluez: FakeBlueZ) -> None:
    phone = {"ManufacturerData": Variant("a{qv}", {0x004C: Variant("ay", b"\x10\x05abcde")})}
    bluez.remembered = {
        device("hci0", 1): IBEACON,
        device("hci0", 2): IBEACON | {"Paired": Variant("b", True)},
        device("hci0", 3): IBEACON | {"Paired": Variant("b", False), "Trusted": Variant("b", True)},
        device("hci0", 4): phone,
        device("hci0", 5): {"Name": Variant("s", "a keyboard")},
        device("hci1", 6): IBEACON,
        device("hci0", 7): IBEACON | {"Paired": Variant("b", False)},
    }
    async with system_bus() as bus:
        await forget_ibeacons(bus, "hci0")
    assert set(bluez.remembered) == {device("hci0", n) for n in (2, 3, 4, 5)} | {device("hci1", 6)}


@pytest.mark.parametrize("answer", ["hung", "refused"])
async def test_a_bluetoothd_that_does_not_forget_stops_nobody(bluez: FakeBlueZ, answer: str) -> None:
    bluez.remembered = {device("hci0", 1): IBEACON}
    if answer == "hung":
        bluez.hung.add("RemoveDevice")
    else:
        bluez.errors["RemoveDevice"] = ("org.bluez.Error.DoesNotExist", "Does Not Exist")
    async with system_bus() as bus:
        await forget_ibeacons(bus, "hci0")


@pytest.mark.parametrize(("mode", "left"), [("active", 1), ("passive", 0)])
async def test_before_a_passive_scan_what_bluez_remembers_is_forgotten_and_before_an_active_one_nothing(
    bluez: FakeBlueZ, mode: Literal["active", "passive"], left: int
) -> None:
    bluez.experimental = True
    bluez.remembered = {device("hci0", 1): IBEACON}
    scanner = BlueZScanner("hci0", mode=mode)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.describe()["state"] == "listening")
    assert len(bluez.remembered) == left


async def test_a_passive_scan_that_hears_nothing_from_its_start_is_tested_soon_and_once(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_loop, "PROOF_S", 0.2)
    monkeypatch.setattr(scan_loop, "SELF_TEST_S", 0.2)
    bluez.experimental = True
    scanner = BlueZScanner("hci0", mode="passive", silence_s=3600)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: bluez.count("StopDiscovery") == 1)
        await until(lambda: scanner.describe()["state"] == "silent")
        assert scanner.describe()["mode"] == "passive"
        await asyncio.sleep(0.6)
        assert bluez.count("StartDiscovery") == 1
        await bluez.tell(Powered=Variant("b", True))  # disturbed: what was proved is proved no more
        await until(lambda: bluez.count("StartDiscovery") == 2)


async def test_a_passive_scan_that_has_heard_something_is_trusted(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_loop, "PROOF_S", 60.0)
    monkeypatch.setattr(scan_loop, "LOOK_S", 0.05)
    bluez.experimental = True
    scanner = BlueZScanner("hci0", mode="passive", silence_s=3600)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.describe()["state"] == "listening")
        await bluez.hear(PERSON_TAG.encode())
        await until(lambda: scanner.describe()["state"] == "hearing")
        monkeypatch.setattr(scan_loop, "PROOF_S", 0.1)
        await asyncio.sleep(0.5)
        assert bluez.count("StartDiscovery") == 0


async def test_a_passive_scan_whose_monitor_the_kernel_does_not_take_any_more_is_begun_anew_after_a_power_cycle(
    bluez: FakeBlueZ,
) -> None:
    bluez.experimental = bluez.jammed = True
    scanner = BlueZScanner("hci0", mode="passive")
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: bluez.count("Set") == 2)
        await until(lambda: scanner.describe()["state"] == "listening" and bluez.count("RegisterMonitor") == 2)
        assert bluez.powered
        told = scanner.describe()
    assert (told["mode"], told["last_why"]) == ("passive", "the kernel takes no monitor")


async def test_one_whose_monitor_is_never_taken_is_tested_like_any_that_hears_nothing(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_loop, "PROOF_S", 0.2)
    bluez.experimental, bluez.activates = True, False
    scanner = BlueZScanner("hci0", mode="passive")
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: bluez.count("StartDiscovery"))
    assert bluez.count("Set") == 2
