"""DuplicateFilter with a fake bluetoothd and helper; the radio lab has the real ones."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.radio_status import DeliveredAdverts, DeliveryStatus
from beacon_gateway.radio.helper.helper_client import KernelHelper
from beacon_gateway.radio.ports import HelperRefused
from beacon_gateway.radio.radio_wording import word_delivery
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from tests.radio.waiting import Ear, until
from tests.unit.beacon_gateway.presence.people import place
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ
from tests.unit.beacon_gateway.radio.fast_timings import FAST

WALL = place(1).id
FRAME = IBeacon(WALL.uuid, WALL.major, WALL.minor, -59).encode()


def delivery(scanner: AdapterScanner) -> DeliveryStatus:
    status = scanner.read_status().delivery
    assert status is not None
    return status


class FilterHelper:
    """The radio helper. `available`: it accepts requests; `active`: number of scans without a filter."""

    def __init__(self, *, available: bool) -> None:
        self.available = available
        self.requests: list[str] = []
        self.active = 0

    @asynccontextmanager
    async def report_duplicates(self, adapter: str) -> AsyncIterator[None]:
        self.requests.append(adapter)
        if not self.available:
            raise HelperRefused("no radio helper")
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1


async def test_bluetoothds_monitor_follows_the_start_of_the_scan_and_needs_no_helper(bluez: FakeBlueZ) -> None:
    bluez.experimental = True
    helper = FilterHelper(available=True)
    scanner = AdapterScanner("hci0", ScanOptions(report_duplicates=helper.report_duplicates, timings=FAST))
    async with Ear().at(scanner):
        await until(lambda: delivery(scanner).filter_taken_off_by == "bluetoothd")
        members = [member for _, member in bluez.calls]
        assert members.index("RegisterMonitor") > members.index("StartDiscovery")
    assert helper.requests == []


async def test_an_adapter_with_a_stuck_monitor_is_power_cycled_each_time(bluez: FakeBlueZ) -> None:
    bluez.experimental = bluez.monitor_stuck = True
    scanner = AdapterScanner("hci0", ScanOptions(timings=FAST))
    async with Ear().at(scanner):
        await until(lambda: bluez.count("RegisterMonitor"))
        scanner.renew("it was just switched on")  # the next scan then finds the monitor stuck
        await until(lambda: delivery(scanner).filter_taken_off_by == "bluetoothd")
        assert (bluez.count("Set"), bluez.powered) == (2, True)
        bluez.monitor_stuck = True
        scanner.renew("test")
        await until(lambda: bluez.count("Set") == 4)
        await until(lambda: delivery(scanner).filter_taken_off_by == "bluetoothd")


async def test_an_adapter_that_was_switched_off_meanwhile_stays_off(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    bluez.experimental, bluez.activates = True, False
    release = bluez.activate_monitor

    async def switch_off_and_release(client: str, path: str) -> None:
        bluez.powered = False
        await release(client, path)

    monkeypatch.setattr(bluez, "activate_monitor", switch_off_and_release)
    scanner = AdapterScanner("hci0", ScanOptions(timings=FAST))
    async with Ear().at(scanner):
        await until(lambda: scanner.read_status().state == "off")
    assert (bluez.count("Set"), bluez.powered) == (0, False)


async def test_a_power_cycle_that_does_not_help_is_not_repeated(bluez: FakeBlueZ) -> None:
    bluez.experimental, bluez.activates = True, False
    scanner = AdapterScanner("hci0", ScanOptions(timings=FAST))
    async with Ear().at(scanner):
        for renewed in range(1, 4):
            await until(lambda renewed=renewed: bluez.count("RegisterMonitor") > renewed)  # type: ignore[misc]  # early
            await until(lambda: scanner.read_status().state == "listening" and delivery(scanner).why_not)
            scanner.renew("test")
    assert bluez.count("Set") == 2


@pytest.mark.parametrize("experimental", [True, False])
async def test_the_helper_disables_the_filter_where_bluetoothd_cannot(bluez: FakeBlueZ, experimental: bool) -> None:
    bluez.experimental, bluez.activates = experimental, False
    helper = FilterHelper(available=True)
    scanner = AdapterScanner("hci0", ScanOptions(report_duplicates=helper.report_duplicates, timings=FAST))
    async with Ear().at(scanner):
        await until(lambda: delivery(scanner).filter_taken_off_by == "radio helper")
        why = "the kernel took no monitor" if experimental else "bluetoothd runs without Experimental"
        assert delivery(scanner).why_not == why
        assert helper.active == 1
    assert (set(helper.requests), helper.active) == ({"hci0"}, 0)


@pytest.mark.parametrize("with_helper", [False, True])
async def test_a_scan_whose_filter_stays_enabled_still_works_and_says_why(
    with_helper: bool, bluez: FakeBlueZ, tmp_path: Path
) -> None:
    helper = KernelHelper(tmp_path / "none").report_duplicates if with_helper else None
    scanner = AdapterScanner("hci0", ScanOptions(report_duplicates=helper, timings=FAST))
    ear = Ear()
    async with ear.at(scanner):
        await until(lambda: delivery(scanner).why_not)
        await bluez.report_advert(FRAME)
        await until(lambda: ear.heard)
        assert delivery(scanner).filter_taken_off_by is None
        assert "bluetoothd runs without Experimental" in delivery(scanner).why_not
        assert ("no radio helper at" in delivery(scanner).why_not) is with_helper


async def test_one_advert_a_scan_is_reported_and_leads_to_another_attempt(bluez: FakeBlueZ) -> None:
    """A tenth of a second stands for eleven seconds."""
    timings = replace(FAST, short_gap_s=0.0, filtered_gap_s=(0.0, 14.0), scan_check_s=0.05, filter_retry_s=1.0)
    helper, ear = FilterHelper(available=False), Ear()
    scanner = AdapterScanner("hci0", ScanOptions(report_duplicates=helper.report_duplicates, timings=timings))
    async with ear.at(scanner):
        await until(lambda: delivery(scanner).why_not)
        helper.available = True
        while not helper.active:
            await bluez.report_advert(FRAME)
            await asyncio.sleep(0.1)
            if delivery(scanner).adverts is DeliveredAdverts.once_a_scan:
                assert "Experimental = true" in str(word_delivery(delivery(scanner)))
        assert delivery(scanner).filter_taken_off_by == "radio helper"
        assert scanner.read_status().rebuilds_why == {"once a scan": 1}
