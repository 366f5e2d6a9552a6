"""bleak: a scan that only counts stores data of every address until BlueZ forgets it.

Needs no lab: it starts a dbus-daemon and acts as org.bluez that reports new addresses.
"""

import asyncio
import gc
import os
import re
import subprocess
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from bleak import BleakScanner
from bleak.backends.bluezdbus.manager import get_global_bluez_manager
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

ADDRESSES, AT_ONCE = 20_000, 50
ADAPTER = "/org/bluez/hci0"
CONFIG = """<busconfig><listen>unix:path={0}/bus</listen><auth>EXTERNAL</auth><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"""


def resident_mb() -> float:
    gc.collect()
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1000


def appears(number: int, draw: Random) -> Message:
    digits = f"{0x400000000000 + number * 7919:012X}"
    parts = [digits[place : place + 2] for place in range(0, 12, 2)]
    device = {
        "Address": Variant("s", ":".join(parts)),
        "AddressType": Variant("s", "random"),
        "Alias": Variant("s", "-".join(parts)),
        "Adapter": Variant("o", ADAPTER),
        "RSSI": Variant("n", -60),
        "ManufacturerData": Variant("a{qv}", {0x004C: Variant("ay", draw.randbytes(23))}),
    }
    path = f"{ADAPTER}/dev_{'_'.join(parts)}"
    body = [path, {"org.bluez.Device1": device}]
    return Message.new_signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "oa{sa{sv}}", body)


def answer(message: Message) -> Message | None:
    if message.message_type is not MessageType.METHOD_CALL:
        return None
    if message.member == "GetManagedObjects":
        adapter = {"Powered": Variant("b", True), "Roles": Variant("as", ["central"])}
        return Message.new_method_return(message, "a{oa{sa{sv}}}", [{ADAPTER: {"org.bluez.Adapter1": adapter}}])
    return Message.new_method_return(message)


async def main() -> None:
    bluez = await MessageBus(bus_type=BusType.SYSTEM).connect()
    bluez.add_message_handler(answer)
    await bluez.request_name("org.bluez")
    received = 0

    def count(_: BLEDevice, __: AdvertisementData) -> None:
        nonlocal received
        received += 1

    draw = Random(1)
    async with BleakScanner(count, bluez={"adapter": "hci0"}) as scanner:
        before = resident_mb()
        for number in range(ADDRESSES):
            await bluez.send(appears(number, draw))
            while (number + 1) % AT_ONCE == 0 and received <= number:
                await asyncio.sleep(0)
        grown = resident_mb() - before
        manager = await get_global_bluez_manager()
        stored = len(scanner.discovered_devices), len(manager._properties) - 1
        print(f"{received} addresses, each received once: {stored} stored, {grown:.1f} MB more")
    bluez.disconnect()
    assert stored == (ADDRESSES, ADDRESSES)
    assert grown > 20
    print("SEEN")


with TemporaryDirectory() as folder:
    config = Path(folder, "bus.conf")
    config.write_text(CONFIG.format(folder))
    argv = ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout
        daemon.stdout.readline()
        os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={folder}/bus"
        try:
            asyncio.run(main())
        finally:
            daemon.terminate()
