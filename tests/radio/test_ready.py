"""What a test leaves behind that failed at any place is no fault of the next one."""

import signal
from collections.abc import Awaitable, Callable
from contextlib import closing
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise.advertiser import BlueZAdvertiser
from beacon_gateway.radio.bluez import ADAPTER, system_bus
from beacon_gateway.radio.hci.mgmt_socket import Mgmt
from beacon_gateway.radio.scan.scanner import BlueZScanner
from tests.radio.inside import (
    Ear,
    end_bluetoothd,
    end_dbus,
    hciconfig,
    jam_monitors,
    make_connectable,
    power,
    pull_radios,
    radios_ready,
    rfkill,
    running,
    send_bluetoothd,
    takes_no_monitor,
)

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


async def hang_bluetoothd() -> None:
    send_bluetoothd(signal.SIGSTOP)


async def block() -> None:
    rfkill(block=True)


async def down() -> None:
    hciconfig("hci0", "down")


LEFT_BEHIND: dict[str, Callable[[], Awaitable[None]]] = {
    "bluetoothd dead": end_bluetoothd,
    "bluetoothd hung": hang_bluetoothd,
    "D-Bus dead": end_dbus,
    "adapter off": lambda: power("hci1", False),
    "adapter down": down,
    "adapter connectable": lambda: make_connectable(0, True),
    "no monitor taken": lambda: jam_monitors(1),
    "radios blocked": block,
    "radios pulled": pull_radios,
}


async def all_is_well() -> None:
    with closing(Mgmt.open(lambda _: None)) as mgmt:
        adapters = await mgmt.adapters()
        assert [(one.powered, one.connectable) for one in adapters] == [(True, False)] * 2
        assert not any([await takes_no_monitor(mgmt, one.index) for one in adapters])
    ear = Ear()
    async with ear.at(BlueZScanner("hci1")), running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
        await ear.hears_again()


@pytest.mark.parametrize("what", LEFT_BEHIND)
async def test_the_next_test_finds_everything_as_it_should_be(what: str) -> None:
    await radios_ready()
    await LEFT_BEHIND[what]()
    await radios_ready()
    await all_is_well()


async def test_a_program_that_scans_on_is_parted_from_its_scan() -> None:
    await radios_ready()
    async with system_bus() as other:
        await other.call("/org/bluez/hci1", ADAPTER, "StartDiscovery")
        await radios_ready()
        adapters = await other.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        assert not adapters["/org/bluez/hci1"][ADAPTER]["Discovering"].value
    await all_is_well()
