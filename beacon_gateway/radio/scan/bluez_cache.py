"""The iBeacons that BlueZ remembers, forgotten before a passive scan: it would tell nothing of them.

A passive scan is told a device's first frame, and then only what changes. One that an earlier scan found is not new: as
long as it sends the same, nothing is told (docs/upstream.md). BlueZ forgets it 30 s after it was last heard, so a
gateway that starts again at once meets this, and so does each renewed scan.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from beacon_gateway.frames import decode
from beacon_gateway.radio.bluez import ADAPTER, OBJECTS, BlueZRefused, NoAnswer, SystemBus, plain
from beacon_gateway.radio.scan.reception import DEVICE

_KEPT = ("Paired", "Bonded", "Trusted", "Connected", "Blocked")
"""Somebody has plans with such a device, and BlueZ keeps it on disk."""


async def forget_ibeacons(bus: SystemBus, adapter: str) -> None:
    """Those of `adapter` that BlueZ would forget anyway. What it does not answer is left as it is. Raises RadioLost."""
    with suppress(BlueZRefused, NoAnswer):
        objects = await bus.call("/", OBJECTS, "GetManagedObjects")
        for path, interfaces in objects.items():
            device = interfaces.get(DEVICE)
            if device and path.startswith(f"/org/bluez/{adapter}/") and _is_passing_ibeacon(plain(device)):
                await bus.call(f"/org/bluez/{adapter}", ADAPTER, "RemoveDevice", "o", path)


def _is_passing_ibeacon(device: Mapping[str, Any]) -> bool:
    told = {company: bytes(octets) for company, octets in device.get("ManufacturerData", {}).items()}
    return decode(told) is not None and not any(device.get(word) for word in _KEPT)
