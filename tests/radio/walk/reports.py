"""Log the signals that bluetoothd sends for a walk radio's adverts.

On a busy machine there are fewer than adverts: bluetoothd merges adverts of one beacon that it reads together.
"""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dbus_fast import Message

from beacon_gateway.radio.bluez_bus import OBJECTS, PROPERTIES, SERVICE, system_bus, unwrap_variants
from beacon_gateway.radio.scan.reception import DEVICE
from sync_contract.beacon_identity import BeaconId
from tests.radio.walk.radio import address_of

_OF_A_FRAME = {"RSSI", "ManufacturerData"}


class SignalLog:
    """RSSI of each signal. BlueZ omits an unchanged one."""

    def __init__(self, adapter: str) -> None:
        self._adapter = adapter
        self._by_path: dict[str, list[int]] = defaultdict(list)

    def rssi_of(self, beacon: BeaconId) -> list[int]:
        address = "_".join(f"{byte:02X}" for byte in reversed(address_of(beacon)))
        return self._by_path[f"/org/bluez/{self._adapter}/dev_{address}"]

    def take(self, message: Message) -> None:
        match message.member, message.body:
            case "PropertiesChanged", [interface, changed, _] if interface == DEVICE and message.path:
                self._add(message.path, unwrap_variants(changed))
            case "InterfacesAdded", [path, interfaces] if "RSSI" in interfaces.get(DEVICE, {}):
                self._add(path, unwrap_variants(interfaces[DEVICE]))

    def _add(self, path: str, changed: dict[str, object]) -> None:
        if not changed.keys() & _OF_A_FRAME:
            return
        levels = self._by_path[path]
        rssi = changed.get("RSSI", levels[-1] if levels else None)
        assert isinstance(rssi, int), f"{path} has no RSSI"
        levels.append(rssi)


@asynccontextmanager
async def log_signals(adapter: str) -> AsyncIterator[SignalLog]:
    """Log during the block."""
    log = SignalLog(adapter)
    async with system_bus() as bus:
        bus.on_message(log.take)
        await bus.subscribe(
            f"sender='{SERVICE}',interface='{PROPERTIES}',path_namespace='/org/bluez/{adapter}',arg0='{DEVICE}'"
        )
        await bus.subscribe(f"sender='{SERVICE}',interface='{OBJECTS}',member='InterfacesAdded'")
        yield log
