"""Work around known defects of BlueZ and the kernel that prevent scans (docs/upstream.md)."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from beacon_gateway.frames import decode
from beacon_gateway.radio.bluez_bus import ADAPTER, OBJECTS, BlueZRefused, NoAnswer, SystemBus, unwrap_variants
from beacon_gateway.radio.scan.reception import DEVICE
from beacon_gateway.radio.timings import RadioTimings

_IN_USE = ("Paired", "Bonded", "Trusted", "Connected", "Blocked")
"""BlueZ stores such a device on disk, and a person chose it."""


async def forget_ibeacons(bus: SystemBus, adapter: str) -> None:
    """Remove the iBeacons that BlueZ remembers on `adapter`, before a passive scan. Ignore refusals. Raise RadioLost.

    A passive scan reports a new device once and then only its changes. A device that an earlier scan found is not
    new: while it sends the same, it is not reported. BlueZ itself forgets it 30 s after its last advert.
    """
    with suppress(BlueZRefused, NoAnswer):
        objects = await bus.call("/", OBJECTS, "GetManagedObjects")
        for path, interfaces in objects.items():
            device = interfaces.get(DEVICE)
            if device and path.startswith(f"/org/bluez/{adapter}/") and _is_unused_ibeacon(unwrap_variants(device)):
                await bus.call(f"/org/bluez/{adapter}", ADAPTER, "RemoveDevice", "o", path)


def _is_unused_ibeacon(device: Mapping[str, Any]) -> bool:
    data = {company: bytes(content) for company, content in device.get("ManufacturerData", {}).items()}
    return decode(data) is not None and not any(device.get(flag) for flag in _IN_USE)


class OrphanedScan:
    """A scan that a killed bluetoothd left in the kernel: no other can begin until it ends, 10.24 s after its start.

    A power cycle of the adapter ends it at once. Times are monotonic seconds.
    """

    def __init__(self, timings: RadioTimings) -> None:
        self._timings = timings
        self._bluetoothd_died_at = self._cycled_at = float("-inf")

    def record_death(self, at: float) -> None:
        """Record that bluetoothd died, alone or with the bus."""
        self._bluetoothd_died_at = max(self._bluetoothd_died_at, at)

    def needs_power_cycle(self, now: float) -> bool:
        """Return whether an orphaned scan is why a start is refused now; if so, record that the adapter is cycled.

        True at once after each death, and for the same death again after a pause.
        """
        timings = self._timings
        is_repeat = self._cycled_at >= self._bluetoothd_died_at
        if now - self._bluetoothd_died_at >= timings.kernel_scan_s:
            return False
        if is_repeat and now - self._cycled_at < timings.orphaned_scan_cycles_apart_s:
            return False
        self._cycled_at = now
        return True


class StuckMonitor:
    """An adapter whose kernel accepts no advertisement monitor until the adapter is switched off once.

    A monitor that arrives while the adapter is being switched off is refused but remains in the kernel's list of
    pending commands, so every later one is "busy". bluetoothd does not retry.
    """

    def __init__(self) -> None:
        self._active = self._cycled = False

    def begin_scan(self) -> None:
        self._active = False

    def record_active(self) -> None:
        self._active, self._cycled = True, False

    def needs_power_cycle(self) -> bool:
        """Return whether to power cycle the adapter after bluetoothd has given up the monitor.

        Only once, as another refusal has another reason; and not for a monitor that was active.
        """
        return not self._active and not self._cycled

    def record_power_cycle(self) -> None:
        self._cycled = True
