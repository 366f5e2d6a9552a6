"""Interfaces of the radio: a scanner that reports sightings, an advertiser that keeps our beacon on the air."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import IdentityStatus, RadioStatus

ReportDuplicates = Callable[[str], AbstractAsyncContextManager[None]]
"""Disable the duplicate filter of an adapter: scans that begin inside the context report every advert.

Raises HelperRefused.
"""


class RadioLost(GatewayError):
    """No bus, adapter or recording to continue with: restart the stage after a pause."""


class HelperRefused(GatewayError):
    """A privileged step was not taken: continue with the next one."""


class RadioHelper(Protocol):
    """Take the steps that need a privilege which the daemon does not have."""

    async def restart_bluetoothd(self) -> None:
        """Return when it runs again. Raise HelperRefused."""

    async def reset(self, adapter: str) -> None:
        """Have the kernel switch `adapter` (such as hci0) off and on, whatever bluetoothd does. Raise HelperRefused."""

    async def reset_hardware(self, adapter: str) -> None:
        """Return when `adapter` was reset as if it were unplugged and plugged in. Raise HelperRefused."""


class Scanner(Protocol):
    """Receive adverts."""

    @property
    def name(self) -> str:
        """`bluez`, `simulated` or `capture`."""

    async def hear(self, on_sighting: Callable[[Sighting], None]) -> None:
        """Report each sighting, in the order received, until cancelled. Raise RadioLost."""

    def read_status(self) -> RadioStatus: ...


class Advertiser(Protocol):
    """Keep one frame on the air."""

    async def keep_on_air(self) -> None:
        """Put the frame on the air, and again after every disturbance, until cancelled. Raise RadioLost."""

    def seconds_on_air(self) -> float:
        """Return the seconds so far in which the frame was confirmed to be on the air; never decreases."""

    def read_status(self) -> IdentityStatus: ...
