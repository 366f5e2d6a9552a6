"""bleak 3.1 keeps books of every address until BlueZ forgets it, 2.7 KB each; this keeps them within bounds.

A crowd of phones that change their addresses, or somebody who sends random ones, would otherwise fill the memory:
2,000 new addresses a second are 160 MB within the 30 s for which BlueZ remembers a stranger.
"""

from collections.abc import Callable

import structlog
from bleak import BleakScanner
from bleak.backends.bluezdbus.manager import BlueZManager, get_global_bluez_manager
from bleak.backends.scanner import AdvertisementData, BaseBleakScanner

log = structlog.get_logger()

MOST_DEVICES = 2000


class Books:
    """Of a scan that runs. `keeps`: whether an address is one of ours, by what it last sent."""

    def __init__(
        self, backend: BaseBleakScanner, manager: BlueZManager, keeps: Callable[[AdvertisementData], bool]
    ) -> None:
        self._backend, self._manager, self._keeps = backend, manager, keeps
        self.forgotten = 0

    def tidy(self) -> None:
        """Cheap while there are few. Strangers that are forgotten are not heard until BlueZ tells them as new."""
        if len(self._backend.seen_devices) > MOST_DEVICES:
            self._forget_strangers()

    def _forget_strangers(self) -> None:
        seen, properties = self._backend.seen_devices, self._manager._properties
        strangers = [path for path, (_, data) in seen.items() if not self._keeps(data)]
        for path in strangers:
            del seen[path]
            properties.pop(path, None)
        if not self.forgotten:
            log.warning("radio.strangers_forgotten", addresses=len(strangers))
        self.forgotten += len(strangers)


async def books_of(scanner: BleakScanner, keeps: Callable[[AdvertisementData], bool]) -> Books:
    return Books(scanner._backend, await get_global_bluez_manager(), keeps)
