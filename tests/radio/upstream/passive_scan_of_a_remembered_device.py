"""BlueZ: a passive scan does not report a device that an earlier scan found, while it sends the same data."""

import asyncio
import ctypes
import socket
import struct

from bleak import BleakScanner
from bleak.args.bluez import BlueZScannerArgs, OrPattern
from bleak.assigned_numbers import AdvertisementDataType
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from dbus_fast import BusType, Message
from dbus_fast.aio import MessageBus

PATTERN = OrPattern(0, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, b"\xff\xff")
DATA = bytes.fromhex("05ffffff0102")


def advertise() -> None:
    """Advertise on hci0 through the kernel: Add Advertising of the management socket."""
    with socket.socket(socket.AF_BLUETOOTH, socket.SOCK_RAW, socket.BTPROTO_HCI) as mgmt:
        address = struct.pack("=HHH", socket.AF_BLUETOOTH, 0xFFFF, 3)
        assert ctypes.CDLL(None).bind(mgmt.fileno(), address, len(address)) == 0
        body = struct.pack("<BIHHBB", 1, 0, 0, 0, len(DATA), 0) + DATA
        mgmt.send(struct.pack("<HHH", 0x003E, 0, len(body)) + body)
        mgmt.recv(512)


async def count_callbacks(seconds: float) -> tuple[int, str]:
    """Return the number of callbacks of a passive scan, and the last address."""
    count, address = 0, ""

    def on_advert(device: BLEDevice, _: AdvertisementData) -> None:
        nonlocal count, address
        count, address = count + 1, device.address

    options = BlueZScannerArgs(adapter="hci1", or_patterns=[PATTERN])
    async with BleakScanner(on_advert, scanning_mode="passive", bluez=options):
        await asyncio.sleep(seconds)
    return count, address


async def main() -> None:
    advertise()
    first, address = await count_callbacks(4)
    second, _ = await count_callbacks(10)
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    device = f"/org/bluez/hci1/dev_{address.replace(':', '_')}"
    forget = Message("org.bluez", "/org/bluez/hci1", "org.bluez.Adapter1", "RemoveDevice", signature="o", body=[device])
    await bus.call(forget)
    third, _ = await count_callbacks(4)
    print(f"callbacks: first scan {first}, second {second}, after RemoveDevice {third}")
    assert first > 0
    assert second == 0
    assert third > 0
    print("SEEN")


asyncio.run(main())
