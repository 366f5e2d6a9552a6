"""bleak: a running scan receives nothing after bluetoothd restarts, without a notification."""

import asyncio
import ctypes
import os
import signal
import socket
import struct
from pathlib import Path

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

PID = Path("/run/bluetoothd.pid")  # written by the lab
DATA = bytes.fromhex("02010603ffffff")


def advertise() -> None:
    """Advertise on hci0 through the kernel: Add Advertising of the management socket."""
    with socket.socket(socket.AF_BLUETOOTH, socket.SOCK_RAW, socket.BTPROTO_HCI) as mgmt:
        address = struct.pack("=HHH", socket.AF_BLUETOOTH, 0xFFFF, 3)
        assert ctypes.CDLL(None).bind(mgmt.fileno(), address, len(address)) == 0
        body = struct.pack("<BIHHBB", 1, 0, 0, 0, len(DATA), 0) + DATA
        mgmt.send(struct.pack("<HHH", 0x003E, 0, len(body)) + body)
        mgmt.recv(512)


async def main() -> None:
    count = 0

    def on_advert(_: BLEDevice, __: AdvertisementData) -> None:
        nonlocal count
        count += 1

    async def count_for(seconds: float) -> int:
        nonlocal count
        count = 0
        await asyncio.sleep(seconds)
        return count

    advertise()
    scanner = BleakScanner(on_advert, bluez={"adapter": "hci1"})
    await scanner.start()
    before = await count_for(4)
    os.kill(int(PID.read_text()), signal.SIGTERM)
    await asyncio.sleep(1)
    daemon = await asyncio.create_subprocess_exec("/usr/libexec/bluetooth/bluetoothd", "-n")
    await asyncio.sleep(2)
    advertise()
    after = await count_for(6)
    fresh = BleakScanner(on_advert, bluez={"adapter": "hci1"})
    await fresh.start()
    second = await count_for(4)
    print(f"callbacks: before {before}, after the restart {after}, with a second scanner {second}")
    await fresh.stop()
    daemon.terminate()
    await daemon.wait()
    assert before > 0
    assert after == 0
    assert second > 0
    print("SEEN")


asyncio.run(main())
