"""An advertisement monitor beside an active scan, so that the controller reports every advert and not each one once.

BlueZ's active scan has the controller filter duplicates; a strict one then reports a beacon once in each scan of
10.24 s. While a monitor is registered the kernel asks for no filter (Linux net/bluetooth/hci_sync.c,
hci_active_scan_sync), whatever the monitor looks for. Interfaces: bluez/doc/org.bluez.AdvertisementMonitor.rst and
org.bluez.AdvertisementMonitorManager.rst of BlueZ 5.82; bluetoothd has them with --experimental only.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Final

import structlog
from dbus_fast import PropertyAccess
from dbus_fast.annotations import DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from beacon_gateway.frames.ibeacon import IBEACONS
from beacon_gateway.radio.bluez import BlueZRefused, NoAnswer, SystemBus

log = structlog.get_logger()

MANAGER: Final = "org.bluez.AdvertisementMonitorManager1"
INTERFACE: Final = "org.bluez.AdvertisementMonitor1"
ACTIVE_WITHIN_S = 3.0

_PATH = "/beacon_gateway/monitor"
_MANUFACTURER_DATA = 0xFF
_NO_EXPERIMENTAL = frozenset(
    {"org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownInterface"}
)


class Monitor(ServiceInterface):
    """org.bluez.AdvertisementMonitor1. What it finds is not used: the scan tells it too, and sooner."""

    def __init__(self) -> None:
        super().__init__(INTERFACE)
        self.answered = asyncio.Event()
        """It is active, or `refused`."""
        self.refused: str | None = None
        """Why there is none."""
        self.released = False
        """The kernel took none, and bluetoothd gave it up."""

    @property
    def active(self) -> bool:
        return self.answered.is_set() and self.refused is None

    @dbus_method()
    def Release(self) -> None:
        self.refused, self.released = "the kernel took no monitor", True
        self.answered.set()

    @dbus_method()
    def Activate(self) -> None:
        self.refused, self.released = None, False
        self.answered.set()

    @dbus_method()
    def DeviceFound(self, device: DBusObjectPath) -> None: ...

    @dbus_method()
    def DeviceLost(self, device: DBusObjectPath) -> None: ...

    @dbus_property(access=PropertyAccess.READ)
    def Type(self) -> DBusStr:
        return "or_patterns"

    @dbus_property(access=PropertyAccess.READ)
    def Patterns(self) -> Annotated[list[tuple[int, int, bytes]], DBusSignature("a(yyay)")]:
        return [(0, _MANUFACTURER_DATA, IBEACONS)]


@asynccontextmanager
async def monitored(bus: SystemBus, adapter: str) -> AsyncIterator[Monitor]:
    """A monitor on `adapter` during the block, where bluetoothd has them; scan inside. Raises RadioLost.

    Without an answer the block begins all the same: bluetoothd takes the monitor up when it wakes.
    """
    path, monitor = f"/org/bluez/{adapter}", Monitor()
    with suppress(BlueZRefused, NoAnswer):  # one of before: unexporting took its object away, not its registration
        await bus.call(path, MANAGER, "UnregisterMonitor", "o", _PATH)
    try:
        await bus.call(path, MANAGER, "RegisterMonitor", "o", _PATH)
    except BlueZRefused as error:
        monitor.refused = "bluetoothd runs without Experimental" if error.name in _NO_EXPERIMENTAL else str(error)
    except NoAnswer as error:
        monitor.refused = str(error)
    bus.export(_PATH, monitor)  # after registering: only then does BlueZ hear of the object
    try:
        if monitor.refused is None:
            try:
                async with asyncio.timeout(ACTIVE_WITHIN_S):
                    await monitor.answered.wait()
            except TimeoutError:
                log.debug("monitor.not_yet_active", adapter=adapter)
        yield monitor
    finally:
        bus.unexport(_PATH, monitor)
