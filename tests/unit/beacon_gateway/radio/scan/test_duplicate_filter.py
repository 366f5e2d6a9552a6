"""What is done about a controller that filters duplicates, by one's own bluetoothd; the real one is in the lab."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.helper.helper_client import KernelHelper
from beacon_gateway.radio.port import HelpRefused
from beacon_gateway.radio.scan import delivery_check, duplicate_filter, reception
from beacon_gateway.radio.scan.scanner import BlueZScanner
from tests.radio.inside import Ear, until
from tests.unit.beacon_gateway.presence.people import place
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ

WALL = place(1).id
FRAME = IBeacon(WALL.uuid, WALL.major, WALL.minor, -59).encode()


def told(scanner: BlueZScanner) -> dict[str, Any]:
    described = scanner.describe()["delivery"]
    assert isinstance(described, dict)
    return described


class Helper:
    """The radio helper; `there`: it can be asked."""

    def __init__(self, *, there: bool) -> None:
        self.there = there
        self.asked: list[str] = []
        self.held = 0

    @asynccontextmanager
    async def unfiltered(self, adapter: str) -> AsyncIterator[None]:
        self.asked.append(adapter)
        if not self.there:
            raise HelpRefused("no radio helper")
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1


async def test_bluetoothds_monitor_is_beside_the_scan_and_no_helper_is_asked(bluez: FakeBlueZ) -> None:
    bluez.experimental = True
    helper = Helper(there=True)
    scanner = BlueZScanner("hci0", unfilter=helper.unfiltered)
    async with Ear().at(scanner):
        await until(lambda: told(scanner)["filter_taken_off_by"] == "bluetoothd")
        members = [member for _, member in bluez.calls]
        assert members.index("RegisterMonitor") > members.index("StartDiscovery")
    assert helper.asked == []


async def test_an_adapter_whose_kernel_takes_no_monitor_any_more_is_power_cycled(bluez: FakeBlueZ) -> None:
    bluez.experimental = bluez.jammed = True
    scanner = BlueZScanner("hci0")
    async with Ear().at(scanner):
        await until(lambda: told(scanner)["filter_taken_off_by"] == "bluetoothd")
        assert (bluez.count("Set"), bluez.powered) == (2, True)
        bluez.jammed = True
        scanner.renew("test")
        await until(lambda: bluez.count("Set") == 4)
        await until(lambda: told(scanner)["filter_taken_off_by"] == "bluetoothd")


async def test_it_is_power_cycled_by_the_next_scan_where_this_one_ends_for_another_reason(bluez: FakeBlueZ) -> None:
    bluez.experimental = bluez.jammed = True
    scanner = BlueZScanner("hci0")
    async with Ear().at(scanner):
        await until(lambda: bluez.count("RegisterMonitor"))
        scanner.renew("it was just switched on")
        await until(lambda: told(scanner)["filter_taken_off_by"] == "bluetoothd")
    assert bluez.count("Set") == 2


async def test_an_adapter_that_is_off_by_then_stays_off(bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch) -> None:
    bluez.experimental, bluez.activates = True, False
    release = bluez._activate

    async def switched_off_first(client: str, path: str) -> None:
        bluez.powered = False
        await release(client, path)

    monkeypatch.setattr(bluez, "_activate", switched_off_first)
    scanner = BlueZScanner("hci0")
    async with Ear().at(scanner):
        await until(lambda: scanner.describe()["state"] == "off")
    assert (bluez.count("Set"), bluez.powered) == (0, False)


async def test_it_is_power_cycled_once_if_that_does_not_help(bluez: FakeBlueZ) -> None:
    bluez.experimental, bluez.activates = True, False
    scanner = BlueZScanner("hci0")
    async with Ear().at(scanner):
        for renewed in range(1, 4):
            await until(lambda renewed=renewed: bluez.count("RegisterMonitor") > renewed)  # type: ignore[misc]  # early
            await until(lambda: scanner.describe()["state"] == "listening" and told(scanner)["why_not"])
            scanner.renew("test")
    assert bluez.count("Set") == 2


async def test_a_monitor_that_the_kernel_does_not_take_is_no_monitor(bluez: FakeBlueZ) -> None:
    bluez.experimental, bluez.activates = True, False
    helper = Helper(there=True)
    scanner = BlueZScanner("hci0", unfilter=helper.unfiltered)
    async with Ear().at(scanner):
        await until(lambda: told(scanner)["filter_taken_off_by"] == "radio helper")
        assert told(scanner)["why_not"] == "the kernel took no monitor"


async def test_without_experimental_the_helper_is_asked_for_as_long_as_the_scan(bluez: FakeBlueZ) -> None:
    helper = Helper(there=True)
    scanner = BlueZScanner("hci0", unfilter=helper.unfiltered)
    async with Ear().at(scanner):
        await until(lambda: told(scanner)["filter_taken_off_by"] == "radio helper")
        assert (helper.asked, helper.held) == (["hci0"], 1)
    assert helper.held == 0


@pytest.mark.parametrize("there", [False, None])
async def test_when_nobody_can_it_scans_all_the_same_and_says_why(
    there: bool | None, bluez: FakeBlueZ, tmp_path: Path
) -> None:
    helper = KernelHelper(tmp_path / "none").unfiltered if there is not None else None
    scanner = BlueZScanner("hci0", unfilter=helper)
    ear = Ear()
    async with ear.at(scanner):
        await until(lambda: told(scanner)["why_not"])
        await bluez.hear(FRAME)
        await until(lambda: ear.heard)
        assert told(scanner)["filter_taken_off_by"] is None
        assert "bluetoothd runs without Experimental" in told(scanner)["why_not"]
        assert ("no radio helper at" in told(scanner)["why_not"]) is (there is not None)


async def test_where_beacons_come_once_a_scan_it_says_so_and_asks_again_when_the_helper_may_be_there(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An eleventh of a second stands for eleven seconds."""
    for module in (delivery_check, reception):
        monkeypatch.setattr(module, "SHORT_S", 0.0)
    monkeypatch.setattr(delivery_check, "LEAST_SCAN_S", 0.0)
    monkeypatch.setattr("beacon_gateway.radio.scan.scan_loop.LOOK_S", 0.05)
    monkeypatch.setattr(duplicate_filter, "AGAIN_S", 1.0)
    helper, ear = Helper(there=False), Ear()
    scanner = BlueZScanner("hci0", unfilter=helper.unfiltered)
    async with ear.at(scanner):
        await until(lambda: told(scanner)["why_not"])
        helper.there = True
        while not helper.held:
            await bluez.hear(FRAME)
            await asyncio.sleep(0.1)
            if told(scanner)["adverts"] == "once_a_scan":
                assert "Experimental = true" in told(scanner)["words"]["en"]
        assert told(scanner)["filter_taken_off_by"] == "radio helper"
        assert scanner.describe()["rebuilds_why"] == {"once a scan": 1}
