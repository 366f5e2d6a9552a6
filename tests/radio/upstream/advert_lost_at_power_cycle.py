"""BlueZ: an advert stays off the air after a power cycle, although ActiveInstances still counts it."""

import asyncio
from typing import Annotated

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from dbus_fast import BusType, Message, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

MANAGER = "org.bluez.LEAdvertisingManager1"
PROPERTIES = "org.freedesktop.DBus.Properties"


class Advert(ServiceInterface):
    def __init__(self) -> None:
        super().__init__("org.bluez.LEAdvertisement1")
        self.released = False

    @dbus_method()
    def Release(self) -> None:
        self.released = True

    @dbus_property(access=PropertyAccess.READ)
    def Type(self) -> DBusStr:
        return "broadcast"

    @dbus_property(access=PropertyAccess.READ)
    def ManufacturerData(self) -> Annotated[dict[int, Variant], DBusSignature("a{qv}")]:
        return {0xFFFF: Variant("ay", b"hello")}


async def count_received() -> int:
    """Return the adverts that another adapter receives in 3 s."""
    count = 0

    def on_advert(_: BLEDevice, advertisement: AdvertisementData) -> None:
        nonlocal count
        count += advertisement.manufacturer_data.get(0xFFFF) == b"hello"

    async with BleakScanner(on_advert, bluez={"adapter": "hci1"}):
        await asyncio.sleep(3)
    return count


async def main() -> None:
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()

    async def call(interface: str, member: str, signature: str, *body: object) -> object:
        message = Message("org.bluez", "/org/bluez/hci0", interface, member, signature=signature, body=list(body))
        reply = await bus.call(message)
        assert reply is not None
        return reply.error_name or (reply.body[0] if reply.body else None)

    advert = Advert()
    bus.export("/advert", advert)
    print("RegisterAdvertisement:", await call(MANAGER, "RegisterAdvertisement", "oa{sv}", "/advert", {}) or "ok")
    before = await count_received()
    for on in (False, True):
        await call(PROPERTIES, "Set", "ssv", "org.bluez.Adapter1", "Powered", Variant("b", on))
    after = await count_received()
    active = await call(PROPERTIES, "Get", "ss", MANAGER, "ActiveInstances")
    again = await call(MANAGER, "RegisterAdvertisement", "oa{sv}", "/advert", {})
    assert isinstance(active, Variant)
    print(f"received: before {before}, after off and on {after}")
    print(f"ActiveInstances={active.value}, Release() called: {advert.released}, registering again: {again}")
    assert before > 0
    assert (after, active.value, advert.released) == (0, 1, False)
    assert again == "org.bluez.Error.AlreadyExists"
    print("SEEN")


asyncio.run(main())
