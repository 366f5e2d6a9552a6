"""radios_ready() restores the lab whatever a failed test left behind."""

import signal
from collections.abc import Awaitable, Callable
from contextlib import closing
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.bluez_bus import ADAPTER, system_bus
from beacon_gateway.radio.hci.mgmt_socket import ManagementSocket
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from tests.radio.lab_control import (
    block_monitors,
    end_bluetoothd,
    end_dbus,
    hciconfig,
    make_connectable,
    monitors_are_blocked,
    power,
    pull_radios,
    radios_ready,
    rfkill,
    send_bluetoothd,
)
from tests.radio.waiting import Ear, running

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


async def stop_bluetoothd() -> None:
    send_bluetoothd(signal.SIGSTOP)


async def block() -> None:
    rfkill(block=True)


async def down() -> None:
    hciconfig("hci0", "down")


LEFT_BEHIND: dict[str, Callable[[], Awaitable[None]]] = {
    "bluetoothd dead": end_bluetoothd,
    "bluetoothd stopped": stop_bluetoothd,
    "D-Bus dead": end_dbus,
    "adapter off": lambda: power("hci1", False),
    "adapter down": down,
    "adapter connectable": lambda: make_connectable(0, True),
    "monitors blocked": lambda: block_monitors(1),
    "radios blocked": block,
    "radios pulled": pull_radios,
}


async def check_radios() -> None:
    with closing(ManagementSocket.open(lambda _: None)) as mgmt:
        adapters = await mgmt.list_adapters()
        assert [(one.powered, one.connectable) for one in adapters] == [(True, False)] * 2
        assert not any([await monitors_are_blocked(mgmt, one.index) for one in adapters])
    ear = Ear()
    async with ear.at(AdapterScanner("hci1")), running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
        await ear.hears_again()


@pytest.mark.parametrize("what", LEFT_BEHIND)
async def test_the_next_test_finds_working_radios(what: str) -> None:
    await radios_ready()
    await LEFT_BEHIND[what]()
    await radios_ready()
    await check_radios()


async def test_the_scan_of_a_remaining_program_is_ended() -> None:
    await radios_ready()
    async with system_bus() as other:
        await other.call("/org/bluez/hci1", ADAPTER, "StartDiscovery")
        await radios_ready()
        adapters = await other.call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        assert not adapters["/org/bluez/hci1"][ADAPTER]["Discovering"].value
    await check_radios()
