"""Gateway A advertises on hci0, gateway B hears on hci1; whatever happens to the radio, both come back."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio import bluez
from beacon_gateway.radio.advertiser import BlueZAdvertiser
from beacon_gateway.radio.bluez import ADAPTER, find_adapters, system_bus
from beacon_gateway.radio.liveness import Transmitter
from beacon_gateway.radio.merged import MergedScanner
from beacon_gateway.radio.port import RadioLost
from beacon_gateway.radio.scanner import BlueZScanner
from tests.radio.inside import (
    PATIENCE,
    Ear,
    end_bluetoothd,
    end_dbus,
    hciconfig,
    plug_radios,
    power,
    pull_radios,
    radios_ready,
    rfkill,
    running,
    send_bluetoothd,
    start_bluetoothd,
    start_dbus,
    until,
)

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)
BACK_S = 5.0
"""Heard again within this, once the cause has ended. A killed bluetoothd leaves the kernel scanning for 10.24 s, and a
new one cannot start a scan before; unless the adapter is power cycled, which we do."""


def adapters_of(scanner: MergedScanner) -> dict[str, Any]:
    told = scanner.describe()["adapters"]
    assert isinstance(told, dict)
    return told


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


async def block_and_unblock() -> None:
    rfkill(block=True)
    await asyncio.sleep(0.5)
    rfkill(block=False)


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
    "bluetoothd killed": (lambda: restart(signal.SIGKILL), BACK_S),
    "bluetoothd terminated": (lambda: restart(signal.SIGTERM), BACK_S),
    "A's adapter off and on": (lambda: off_and_on("hci0"), 3),
    "B's adapter off and on": (lambda: off_and_on("hci1"), 3),
    "both blocked and unblocked": (block_and_unblock, BACK_S),
    "A's controller reset": (lambda: reset("hci0"), BACK_S),
    "B's controller reset": (lambda: reset("hci1"), 3),
    "A's controller down and up": (lambda: down_and_up("hci0"), BACK_S),
    "B's controller down and up": (lambda: down_and_up("hci1"), 3),
    "both pulled and plugged": (pull_and_plug, BACK_S),
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
    await power("hci1", False)
    await until(lambda: two.told("state") == "off")
    with monkeypatch.context() as hurried:
        hurried.setattr(bluez, "CALL_LIMIT_S", 0.5)
        send_bluetoothd(signal.SIGSTOP)
        try:
            await until(lambda: two.told("state") == "no_answer")
            assert await find_adapters() == ()
        finally:
            send_bluetoothd(signal.SIGCONT)
    await power("hci1", True)
    await two.ear.hears_again()


async def test_after_a_hang_the_radio_is_heard_again_by_itself(two: Two) -> None:
    send_bluetoothd(signal.SIGSTOP)
    try:
        await two.ear.is_silent(1.5)
    finally:
        send_bluetoothd(signal.SIGCONT)
    await two.ear.hears_again(BACK_S)


async def test_another_program_that_scans_without_a_filter_takes_nothing_from_us(two: Two) -> None:
    async with system_bus() as other:
        await other.call("/org/bluez/hci1", ADAPTER, "StartDiscovery")
        heard = len(two.ear.heard)
        await until(lambda: len(two.ear.heard) >= heard + 20, BACK_S)
        await other.call("/org/bluez/hci1", ADAPTER, "StopDiscovery")
    heard = len(two.ear.heard)
    await until(lambda: len(two.ear.heard) >= heard + 20, BACK_S)


async def test_a_known_transmitter_that_falls_silent_is_noticed_within_15_seconds() -> None:
    await radios_ready()
    scanner, ear = MergedScanner((), transmitters=[Transmitter(FRAME.beacon, "east gate")]), Ear()

    def proof() -> object:
        told = scanner.describe()["liveness"]
        assert isinstance(told, dict)
        return told["proof"]

    async with ear.at(scanner):
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
            assert proof() == "proved"
        silent_since = ear.heard[-1].at
        await until(lambda: proof() == "lost", 15)
        print(f"noticed after {monotonic() - silent_since:.1f} s")
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again(BACK_S)
            assert proof() == "proved"


async def test_our_own_advert_heard_by_a_second_adapter_proves_it_and_neither_stops_the_other() -> None:
    await radios_ready()
    advertiser, ear = BlueZAdvertiser("hci0", FRAME), Ear()
    scanner = MergedScanner((), transmitters=[Transmitter(FRAME.beacon, "own advert", advertiser.due_since)])
    async with ear.at(scanner), running(advertiser.keep_on_air()):
        await ear.hears_again()
        proofs = {name: told["liveness"]["proof"] for name, told in adapters_of(scanner).items()}
        assert proofs == {"hci0": "not_proved", "hci1": "proved"}
        await power("hci1", False)
        await until(lambda: adapters_of(scanner)["hci1"]["state"] == "off")
        assert adapters_of(scanner)["hci0"]["state"] == "listening"
        await power("hci1", True)
        await ear.hears_again(BACK_S)
    assert {sighting.adapter for sighting in ear.heard} == {"hci1"}


async def test_a_passive_scan_that_tells_nothing_more_is_found_out_by_an_active_one() -> None:
    await radios_ready()
    scanner, ear = BlueZScanner("hci1", mode="passive", silence_s=1), Ear()
    async with ear.at(scanner), running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
        await until(lambda: scanner.describe()["mode"] == "active", 15)
        heard = len(ear.heard)
        await until(lambda: len(ear.heard) >= heard + 20, BACK_S)
    assert "did not hear beacons that an active scan hears" in str(scanner.describe()["mode_words"])


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
            await asyncio.wait_for(stage, 5 * PATIENCE)
    assert await find_adapters() == ()
    with pytest.raises(RadioLost, match="no D-Bus system bus"):
        await scanner.hear(ear.heard.append)
    start_dbus()
    await radios_ready()
    async with ear.at(scanner), running(advertiser.keep_on_air()):
        await ear.hears_again(BACK_S)
