"""Gateway A advertises on hci0, gateway B hears on hci1; whatever happens to the radio, both come back."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio import bluez
from beacon_gateway.radio.advertiser import BlueZAdvertiser
from beacon_gateway.radio.bluez import find_adapters
from beacon_gateway.radio.port import RadioLost
from beacon_gateway.radio.scanner import BlueZScanner
from tests.radio.inside import (
    Ear,
    end_bluetoothd,
    end_dbus,
    hciconfig,
    plug_radios,
    power,
    pull_radios,
    radios_ready,
    running,
    send_bluetoothd,
    start_bluetoothd,
    start_dbus,
    until,
)

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)
KERNEL_SCAN_S = 10.24
"""A killed bluetoothd leaves the kernel scanning for so long; a new one cannot start a scan before."""


@dataclass(frozen=True)
class Two:
    advertiser: BlueZAdvertiser
    scanner: BlueZScanner
    ear: Ear

    def told(self, what: str) -> object:
        return self.scanner.describe()[what]

    def counts(self) -> tuple[object, object]:
        return self.advertiser.describe()["registrations"], self.told("rebuilds")


@pytest.fixture
async def two() -> AsyncIterator[Two]:
    await radios_ready()
    two = Two(BlueZAdvertiser("hci0", FRAME, interval_ms=100), BlueZScanner("hci1", silence_s=30), Ear())
    async with two.ear.at(two.scanner), running(two.advertiser.keep_on_air()):
        await two.ear.hears_again()
        yield two


async def restart(number: signal.Signals) -> None:
    await end_bluetoothd(number)
    start_bluetoothd()


async def off_and_on(adapter: str) -> None:
    await power(adapter, False)
    await power(adapter, True)


async def reset(adapter: str) -> None:
    hciconfig(adapter, "reset")


async def down_and_up(adapter: str) -> None:
    hciconfig(adapter, "down")
    hciconfig(adapter, "up")


async def pull_and_plug() -> None:
    await pull_radios()
    plug_radios()


DISTURBANCES: dict[str, tuple[Callable[[], Awaitable[None]], float]] = {
    "bluetoothd killed": (lambda: restart(signal.SIGKILL), KERNEL_SCAN_S + 4),
    "bluetoothd terminated": (lambda: restart(signal.SIGTERM), 5),
    "A's adapter off and on": (lambda: off_and_on("hci0"), 3),
    "B's adapter off and on": (lambda: off_and_on("hci1"), 3),
    "A's controller reset": (lambda: reset("hci0"), 8),
    "B's controller reset": (lambda: reset("hci1"), 3),
    "A's controller down and up": (lambda: down_and_up("hci0"), 8),
    "B's controller down and up": (lambda: down_and_up("hci1"), 3),
    "both pulled and plugged": (pull_and_plug, 5),
}


@pytest.mark.parametrize("name", DISTURBANCES)
async def test_both_come_back_by_themselves(name: str, two: Two) -> None:
    disturb, limit_s = DISTURBANCES[name]
    before = two.counts()
    await disturb()
    await until(lambda: two.counts() != before, limit_s)
    await until(lambda: two.advertiser.describe()["state"] == "on_air", limit_s)
    await until(lambda: two.told("state") == "hearing", limit_s)
    for _ in range(3):
        await two.ear.hears_again(limit_s)
    rebuilds = two.told("rebuilds")
    assert isinstance(rebuilds, int)
    assert rebuilds <= 3


async def test_while_the_adapter_is_off_nothing_is_on_the_air_and_no_seconds_are_counted(two: Two) -> None:
    await power("hci0", False)
    await until(lambda: two.advertiser.describe()["state"] == "off")
    counted = two.advertiser.seconds_on_air()
    await two.ear.is_silent(1.0)
    assert two.advertiser.seconds_on_air() == counted
    await power("hci0", True)
    await until(lambda: two.advertiser.seconds_on_air() > counted)
    await two.ear.hears_again(3)


async def test_a_beacon_that_stops_is_silent_for_the_other() -> None:
    await radios_ready()
    scanner, ear = BlueZScanner("hci1", silence_s=1.5), Ear()
    async with ear.at(scanner):
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
        await ear.is_silent(1.0, limit_s=2.0)
        await until(lambda: scanner.describe()["state"] == "silent")
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
        assert scanner.describe()["rebuilds_why"] == {"silence": scanner.describe()["rebuilds"]}


async def test_a_bluetoothd_that_hangs_is_said_and_survived(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluez, "CALL_LIMIT_S", 0.5)
    await power("hci1", False)
    await until(lambda: two.told("state") == "off")
    send_bluetoothd(signal.SIGSTOP)
    try:
        await until(lambda: two.told("state") == "no_answer")
        assert await find_adapters() == ()
    finally:
        send_bluetoothd(signal.SIGCONT)
    await power("hci1", True)
    await two.ear.hears_again()


async def test_a_passive_scan_hears_a_beacon_come() -> None:
    await radios_ready()
    scanner, ear = BlueZScanner("hci1", mode="passive"), Ear()
    async with ear.at(scanner):
        await until(lambda: scanner.describe()["state"] == "listening")
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
    assert ear.heard[0].beacon == FRAME.beacon


async def test_without_bluetoothd_there_is_no_adapter() -> None:
    await end_bluetoothd()
    assert await find_adapters() == ()


async def test_a_lost_bus_ends_both_stages_and_both_can_start_again() -> None:
    await radios_ready()
    advertiser, scanner, ear = BlueZAdvertiser("hci0", FRAME), BlueZScanner("hci1"), Ear()
    on_air = asyncio.create_task(advertiser.keep_on_air())
    hearing = asyncio.create_task(scanner.hear(ear.heard.append))
    await ear.hears_again()
    await end_dbus()
    for stage in (on_air, hearing):
        with pytest.raises(RadioLost):
            await asyncio.wait_for(stage, 5)
    assert await find_adapters() == ()
    with pytest.raises(RadioLost, match="no D-Bus system bus"):
        await scanner.hear(ear.heard.append)
    start_dbus()
    await radios_ready()
    hciconfig("hci1", "reset")  # ends the scan that the dead bluetoothd left to the kernel
    await radios_ready()
    async with ear.at(scanner), running(advertiser.keep_on_air()):
        await ear.hears_again()
