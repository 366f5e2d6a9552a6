"""Disable the controller's duplicate filter during a scan, by an advertisement monitor, and report whether that works.

BlueZ's active scan has the controller filter duplicates; a strict one then reports a beacon once in each scan of
10.24 s. While a monitor is registered the kernel requests no filter (Linux net/bluetooth/hci_sync.c,
hci_active_scan_sync), whatever the monitor looks for. bluetoothd has monitors with --experimental only; the radio
helper can register one in the kernel instead. Interfaces: bluez/doc/org.bluez.AdvertisementMonitor.rst and
org.bluez.AdvertisementMonitorManager.rst of BlueZ 5.82.

The monitor is registered while the scan runs and removed before it ends: a monitor without a scan makes the kernel
start a passive one, and a StartDiscovery in the middle of that may be refused with InProgress until a power cycle
(docs/upstream.md). So it takes effect when the kernel restarts the scan, within 10.24 s.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from time import monotonic
from typing import Annotated, Final

import structlog
from dbus_fast import PropertyAccess
from dbus_fast.annotations import DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from beacon_gateway.frames.ibeacon import IBEACONS
from beacon_gateway.model.radio_status import DeliveredAdverts, DeliveryStatus
from beacon_gateway.radio.bluez_bus import BlueZRefused, NoAnswer, SystemBus
from beacon_gateway.radio.ports import HelperRefused, ReportDuplicates

log = structlog.get_logger()

MONITOR: Final = "org.bluez.AdvertisementMonitor1"
ACTIVE_WITHIN_S = 3.0
_MANAGER: Final = "org.bluez.AdvertisementMonitorManager1"
_PATH = "/beacon_gateway/monitor"
_MANUFACTURER_DATA = 0xFF
_NO_EXPERIMENTAL = frozenset(
    {"org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownInterface"}
)


class AdvertisementMonitor(ServiceInterface):
    """org.bluez.AdvertisementMonitor1. The devices that it finds are ignored: the scan reports them sooner.

    `refused`: why there is none; `released`: the kernel did not accept it, and bluetoothd gave it up.
    """

    def __init__(self) -> None:
        super().__init__(MONITOR)
        self.decided = asyncio.Event()
        self.refused: str | None = None
        self.released = False

    @property
    def active(self) -> bool:
        return self.decided.is_set() and self.refused is None

    @dbus_method()
    def Release(self) -> None:
        self.refused, self.released = "the kernel took no monitor", True
        self.decided.set()

    @dbus_method()
    def Activate(self) -> None:
        self.refused, self.released = None, False
        self.decided.set()

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
async def register_monitor(bus: SystemBus, adapter: str) -> AsyncIterator[AdvertisementMonitor]:
    """Register a monitor for the block, if bluetoothd has them. Raise RadioLost.

    Without a reply the block begins all the same: bluetoothd activates the monitor when it continues.
    """
    path, monitor = f"/org/bluez/{adapter}", AdvertisementMonitor()
    with suppress(BlueZRefused, NoAnswer):  # an earlier one: unexporting removed its object, not its registration
        await bus.call(path, _MANAGER, "UnregisterMonitor", "o", _PATH)
    try:
        await bus.call(path, _MANAGER, "RegisterMonitor", "o", _PATH)
    except BlueZRefused as error:
        monitor.refused = "bluetoothd runs without Experimental" if error.name in _NO_EXPERIMENTAL else str(error)
    except NoAnswer as error:
        monitor.refused = str(error)
    bus.export(_PATH, monitor)  # after registering: only then does BlueZ notice the object
    try:
        if monitor.refused is None:
            try:
                async with asyncio.timeout(ACTIVE_WITHIN_S):
                    await monitor.decided.wait()
            except TimeoutError:
                log.debug("monitor.not_yet_active", adapter=adapter)
        yield monitor
    finally:
        bus.unexport(_PATH, monitor)


class DuplicateFilter:
    """`report_duplicates`: has the kernel disable the filter where bluetoothd cannot; None: not available."""

    def __init__(self, report_duplicates: ReportDuplicates | None, *, retry_s: float) -> None:
        self._report_duplicates = report_duplicates
        self._retry_s = retry_s
        self._monitor: AdvertisementMonitor | None = None
        self._by_helper = False
        self._why_not = ""
        self._disabled_at = float("-inf")

    @asynccontextmanager
    async def disabled(self, bus: SystemBus, adapter: str) -> AsyncIterator[None]:
        """Disable the filter for the block, inside a scan. Report a failure in the status only. Raise RadioLost."""
        self._disabled_at = monotonic()
        async with AsyncExitStack() as during:
            monitor = self._monitor = await during.enter_async_context(register_monitor(bus, adapter))
            self._by_helper, self._why_not = False, monitor.refused or ""
            if not monitor.active and self._report_duplicates is not None:
                try:
                    await during.enter_async_context(self._report_duplicates(adapter))
                    self._by_helper = True
                except HelperRefused as error:
                    self._why_not += f"; {error}"
            yield

    def needs_retry(self, delivered: DeliveredAdverts, now: float) -> bool:
        """Return whether another scan should try again, as the helper may run by `now` (monotonic seconds)."""
        return delivered is DeliveredAdverts.once_a_scan and now - self._disabled_at >= self._retry_s

    @property
    def kernel_takes_no_monitor(self) -> bool:
        """Whether the kernel took neither bluetoothd's monitor nor the radio helper's, if that was requested."""
        return not self._by_helper and self._monitor is not None and self._monitor.released

    def read_status(self, delivered: DeliveredAdverts) -> DeliveryStatus:
        """Return the status. `delivered`: as the gaps between frames show."""
        by_bluetoothd = self._monitor is not None and self._monitor.active
        disabled_by = "radio helper" if self._by_helper else "bluetoothd" if by_bluetoothd else None
        return DeliveryStatus(delivered, disabled_by, self._why_not)
