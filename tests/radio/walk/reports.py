"""What bluetoothd tells of a walk radio's adverts, to anybody on the bus: on a busy machine that is less than it heard.

Two adverts of one beacon that it reads at once become one signal, which is no fault of whoever hears the signals.
"""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dbus_fast import Message

from beacon_gateway.radio.bluez import OBJECTS, PROPERTIES, SERVICE, plain, system_bus
from beacon_gateway.radio.scan.reception import DEVICE
from sync_contract.beacon_identity import BeaconId
from tests.radio.walk.radio import address_of

_NEWS = {"RSSI", "ManufacturerData"}


class Told:
    """The RSSI of each signal; BlueZ leaves out one that is as before."""

    def __init__(self, adapter: str) -> None:
        self._adapter = adapter
        self._by_path: dict[str, list[int]] = defaultdict(list)

    def of(self, beacon: BeaconId) -> list[int]:
        octets = "_".join(f"{octet:02X}" for octet in reversed(address_of(beacon)))
        return self._by_path[f"/org/bluez/{self._adapter}/dev_{octets}"]

    def take(self, message: Message) -> None:
        match message.member, message.body:
            case "PropertiesChanged", [interface, changed, _] if interface == DEVICE and message.path:
                self._note(message.path, plain(changed))
            case "InterfacesAdded", [path, interfaces] if "RSSI" in interfaces.get(DEVICE, {}):
                self._note(path, plain(interfaces[DEVICE]))

    def _note(self, path: str, changed: dict[str, object]) -> None:
        if not changed.keys() & _NEWS:
            return
        told = self._by_path[path]
        rssi = changed.get("RSSI", told[-1] if told else None)
        assert isinstance(rssi, int), f"{path} was told without RSSI"
        told.append(rssi)


@asynccontextmanager
async def told(adapter: str) -> AsyncIterator[Told]:
    """Listening during the block."""
    listener = Told(adapter)
    async with system_bus() as bus:
        bus.on_message(listener.take)
        await bus.add_match(
            f"sender='{SERVICE}',interface='{PROPERTIES}',path_namespace='/org/bluez/{adapter}',arg0='{DEVICE}'"
        )
        await bus.add_match(f"sender='{SERVICE}',interface='{OBJECTS}',member='InterfacesAdded'")
        yield listener
