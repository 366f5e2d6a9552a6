"""Has the controller report every advert of a beacon while a scan lasts, and says whether that works.

It is asked for while the scan runs, and taken back before it ends: a monitor with no scan beside has the kernel begin
a passive one, and a StartDiscovery that meets that in the middle may be answered InProgress until a power cycle
(docs/upstream.md). The price: it takes effect when the kernel renews the scan, within 10.24 s.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic

from beacon_gateway.radio.bluez import SystemBus
from beacon_gateway.radio.port import HelpRefused, Unfilter
from beacon_gateway.radio.radio_wording import FILTERED
from beacon_gateway.radio.scan.advertisement_monitor import Monitor, monitored
from beacon_gateway.radio.scan.delivery_check import Delivered

AGAIN_S = 600.0
"""Where beacons come once a scan all the same, it is asked for again so often: the helper may be there by now."""


class Duplicates:
    """`unfilter`: asks the kernel where bluetoothd has no monitors; None: nobody can."""

    def __init__(self, unfilter: Unfilter | None) -> None:
        self._unfilter = unfilter
        self._monitor: Monitor | None = None
        self._helped = False
        self._why_not = ""
        self._asked_at = float("-inf")

    @asynccontextmanager
    async def reported(self, bus: SystemBus, adapter: str) -> AsyncIterator[None]:
        """Enter it while scanning. What nobody can change is said by `describe`. Raises RadioLost."""
        self._asked_at = monotonic()
        async with AsyncExitStack() as during:
            monitor = self._monitor = await during.enter_async_context(monitored(bus, adapter))
            self._helped, self._why_not = False, monitor.refused or ""
            if not monitor.active:
                await self._ask(adapter, during)
            yield

    def to_be_asked_again(self, delivered: Delivered, now: float) -> bool:
        """`now`: monotonic seconds. Then another scan is to begin."""
        return delivered is Delivered.once_a_scan and now - self._asked_at >= AGAIN_S

    @property
    def kernel_takes_no_monitor(self) -> bool:
        """Neither bluetoothd's nor, if it was asked, the radio helper's."""
        return not self._helped and self._monitor is not None and self._monitor.released

    def describe(self, delivered: Delivered) -> dict[str, object]:
        """`delivered`: what the gaps between frames say, whatever was asked for."""
        return {
            "adverts": delivered,
            "filter_taken_off_by": self._taken_off_by(),
            "why_not": self._why_not,
            "words": FILTERED if delivered is Delivered.once_a_scan else None,
        }

    def _taken_off_by(self) -> str | None:
        if self._helped:
            return "radio helper"
        return "bluetoothd" if self._monitor is not None and self._monitor.active else None

    async def _ask(self, adapter: str, during: AsyncExitStack) -> None:
        if self._unfilter is None:
            return
        try:
            await during.enter_async_context(self._unfilter(adapter))
            self._helped = True
        except HelpRefused as error:
            self._why_not += f"; {error}"
