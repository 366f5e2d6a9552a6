"""Passive scans: remembered devices, self-tests and stuck monitors."""

import asyncio
from dataclasses import replace
from typing import Literal

import pytest
from dbus_fast import Variant

from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from tests.captures.identity import PERSON_TAG
from tests.radio.waiting import running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ
from tests.unit.beacon_gateway.radio.fast_timings import FAST
from tests.unit.beacon_gateway.radio.scan.test_bluez_workarounds import IBEACON, device


@pytest.mark.parametrize(("mode", "left"), [("active", 1), ("passive", 0)])
async def test_remembered_ibeacons_are_forgotten_before_a_passive_scan_only(
    bluez: FakeBlueZ, mode: Literal["active", "passive"], left: int
) -> None:
    bluez.experimental = True
    bluez.remembered = {device("hci0", 1): IBEACON}
    scanner = AdapterScanner("hci0", ScanOptions(mode=mode, timings=FAST))
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.read_status().state == "listening")
    assert len(bluez.remembered) == left


async def test_a_passive_scan_that_receives_nothing_from_its_start_is_tested_once(bluez: FakeBlueZ) -> None:
    bluez.experimental = True
    timings = replace(FAST, passive_proof_s=0.2, self_test_s=0.2)
    scanner = AdapterScanner("hci0", ScanOptions(mode="passive", silence_s=3600, timings=timings))
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: bluez.count("StopDiscovery") == 1)
        await until(lambda: scanner.read_status().state == "silent")
        assert scanner.read_status().mode == "passive"
        await asyncio.sleep(0.6)
        assert bluez.count("StartDiscovery") == 1
        await bluez.change_adapter(Powered=Variant("b", True))  # a disturbance makes another test necessary
        await until(lambda: bluez.count("StartDiscovery") == 2)


async def test_a_passive_scan_that_has_received_an_advert_is_not_tested(bluez: FakeBlueZ) -> None:
    bluez.experimental = True
    timings = replace(FAST, passive_proof_s=1.0, scan_check_s=0.05)
    scanner = AdapterScanner("hci0", ScanOptions(mode="passive", silence_s=3600, timings=timings))
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.read_status().state == "listening")
        await bluez.report_advert(PERSON_TAG.encode())
        await until(lambda: scanner.read_status().state == "hearing")
        await asyncio.sleep(1.2)
        assert bluez.count("StartDiscovery") == 0


async def test_a_passive_scan_with_a_stuck_monitor_restarts_after_a_power_cycle(bluez: FakeBlueZ) -> None:
    bluez.experimental = bluez.monitor_stuck = True
    scanner = AdapterScanner("hci0", ScanOptions(mode="passive", timings=FAST))
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: bluez.count("Set") == 2)
        await until(lambda: scanner.read_status().state == "listening" and bluez.count("RegisterMonitor") == 2)
        assert bluez.powered
        status = scanner.read_status()
    assert (status.mode, status.last_why) == ("passive", "the kernel takes no monitor")


async def test_a_passive_scan_whose_monitor_is_never_accepted_is_tested(bluez: FakeBlueZ) -> None:
    bluez.experimental, bluez.activates = True, False
    scanner = AdapterScanner("hci0", ScanOptions(mode="passive", timings=replace(FAST, passive_proof_s=0.2)))
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: bluez.count("StartDiscovery"))
    assert bluez.count("Set") == 2


async def test_without_monitors_in_bluetoothd_the_scan_is_active_and_says_why(bluez: FakeBlueZ) -> None:
    bluez.errors["RegisterMonitor"] = ("org.freedesktop.DBus.Error.UnknownMethod", "no such method")
    scanner = AdapterScanner("hci0", ScanOptions(mode="passive", timings=FAST))
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.read_status().state == "listening")
    assert (scanner.read_status().mode, scanner.read_status().passive_given_up) == ("active", "not_supported")
