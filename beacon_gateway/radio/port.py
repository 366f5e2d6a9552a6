"""What the daemon needs of a radio: a scanner that tells sightings, an advertiser that keeps our beacon on the air."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.beacons import Sighting


class RadioLost(GatewayError):
    """No bus, no adapter or no recording to go on with: start the stage again after a pause."""


class HelpRefused(GatewayError):
    """The step was not taken, and why: go on with the next one."""


class RadioHelper(Protocol):
    """Takes the steps that need privilege, which the daemon does not have."""

    async def restart_bluetoothd(self) -> None:
        """Returns when it runs again. Raises HelpRefused."""

    async def reset(self, adapter: str) -> None:
        """Have the kernel switch `adapter`, e.g. hci0, off and on, whatever bluetoothd does. Raises HelpRefused."""

    async def reset_hardware(self, adapter: str) -> None:
        """As if `adapter` were unplugged and plugged in; returns when that is done. Raises HelpRefused."""


Unfilter = Callable[[str], AbstractAsyncContextManager[None]]
"""Of an adapter: while it is entered, scans that begin have the controller filter no duplicates. Raises HelpRefused."""


class Scanner(Protocol):
    """Hears adverts."""

    @property
    def name(self) -> str:
        """`bluez`, `simulated` or `capture`."""

    async def hear(self, tell: Callable[[Sighting], None]) -> None:
        """Tell each sighting, in the order heard, until cancelled. Raises RadioLost."""

    def describe(self) -> dict[str, object]:
        """Health in words and numbers, JSON-able; `state` is always there."""


class Advertiser(Protocol):
    """Keeps one frame on the air."""

    async def keep_on_air(self) -> None:
        """Put the frame on the air, and back after every disturbance, until cancelled. Raises RadioLost."""

    def seconds_on_air(self) -> float:
        """Monotonic seconds so far in which the frame was confirmed to be on the air; never falls."""

    def describe(self) -> dict[str, object]:
        """Health in words and numbers, JSON-able; `state` is always there."""
