"""The ladder's steps that need privilege, each asked of who has it here; neither needs to be there."""

from typing import Protocol

import structlog

log = structlog.get_logger()


class Kernel(Protocol):
    async def reset(self, adapter: str) -> None:
        """See radio.port.RadioHelper."""


class Systemd(Protocol):
    async def restart_bluetoothd(self) -> None:
        """See radio.port.RadioHelper."""

    async def reset_hardware(self, adapter: str) -> None:
        """See radio.port.RadioHelper."""


class Privileged:
    """RadioHelper. The kernel's reset costs a second and the hardware's several, so each is a step of its own: the
    ladder remembers which was taken against the present fault, and a step that is refused costs no rest.
    """

    def __init__(self, *, kernel: Kernel, systemd: Systemd) -> None:
        self._kernel, self._systemd = kernel, systemd

    async def restart_bluetoothd(self) -> None:
        await self._systemd.restart_bluetoothd()

    async def reset(self, adapter: str) -> None:
        await self._kernel.reset(adapter)
        log.warning("radio.adapter_reset", adapter=adapter, by="kernel")

    async def reset_hardware(self, adapter: str) -> None:
        await self._systemd.reset_hardware(adapter)
        log.warning("radio.adapter_reset", adapter=adapter, by="systemd")
