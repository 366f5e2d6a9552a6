"""bleak and BlueZ: a passive scan "starts" on an adapter that is off; an active one returns NotReady."""

import asyncio

from bleak import BleakScanner
from bleak.args.bluez import OrPattern
from bleak.assigned_numbers import AdvertisementDataType
from bleak.exc import BleakDBusError
from dbus_fast import BusType, Message, Variant
from dbus_fast.aio import MessageBus

PATTERN = OrPattern(0, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, b"\x4c\x00")


async def main() -> None:
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    body = ["org.bluez.Adapter1", "Powered", Variant("b", False)]
    await bus.call(
        Message("org.bluez", "/org/bluez/hci1", "org.freedesktop.DBus.Properties", "Set", signature="ssv", body=body)
    )
    try:
        await BleakScanner(bluez={"adapter": "hci1"}).start()
        active = "started"
    except BleakDBusError as error:
        active = error.dbus_error
    passive = BleakScanner(
        lambda _device, _advertisement: None,
        scanning_mode="passive",
        bluez={"adapter": "hci1", "or_patterns": [PATTERN]},
    )
    await passive.start()
    print(f"active: {active}; passive: started")
    assert active == "org.bluez.Error.NotReady"
    print("SEEN")


asyncio.run(main())
