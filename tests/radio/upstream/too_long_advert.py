"""BlueZ: an advert over 31 bytes is accepted and sent as extended advertising, which many scanners do not receive."""

import asyncio
from typing import Annotated

from dbus_fast import BusType, Message, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_property


class Advert(ServiceInterface):
    @dbus_property(access=PropertyAccess.READ)
    def Type(self) -> DBusStr:
        return "broadcast"

    @dbus_property(access=PropertyAccess.READ)
    def ManufacturerData(self) -> Annotated[dict[int, Variant], DBusSignature("a{qv}")]:
        return {0xFFFF: Variant("ay", bytes(36))}


async def main() -> None:
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    bus.export("/advert", Advert("org.bluez.LEAdvertisement1"))
    btmon = await asyncio.create_subprocess_exec("btmon", "-w", "/tmp/long.btsnoop", stdout=asyncio.subprocess.DEVNULL)
    await asyncio.sleep(0.5)
    register = Message(
        "org.bluez",
        "/org/bluez/hci0",
        "org.bluez.LEAdvertisingManager1",
        "RegisterAdvertisement",
        signature="oa{sv}",
        body=["/advert", {}],
    )
    reply = await bus.call(register)
    await asyncio.sleep(0.5)
    btmon.terminate()
    await btmon.wait()
    read = await asyncio.create_subprocess_exec("btmon", "-r", "/tmp/long.btsnoop", stdout=asyncio.subprocess.PIPE)
    lines = (await read.communicate())[0].decode().splitlines()
    assert reply is not None
    sent = [line.strip() for line in lines if "Advertising data length" in line or "Properties: 0x" in line]
    print("answer:", reply.error_name or "ok", "on the air:", sent)
    assert reply.error_name is None
    assert sent == ["Properties: 0x0000", "Advertising data length: 40"]  # 0x0010 would be a legacy advert
    print("SEEN")


asyncio.run(main())
