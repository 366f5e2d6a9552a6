"""The ladder's steps that need privilege, each asked of whoever has it here."""

from time import monotonic

import structlog

from beacon_gateway.radio.port import HelpRefused, RadioHelper

log = structlog.get_logger()

SOON_S = 3600.0
"""An adapter that needs a reset again so soon was not mended by the kernel's."""


class Privileged:
    """RadioHelper: bluetoothd by `systemd`; an adapter in the kernel first (`kernel`), then its hardware (`systemd`).

    The kernel's reset costs a second, and neither needs to be there: what one refuses is asked of the other.
    """

    def __init__(self, *, kernel: RadioHelper, systemd: RadioHelper) -> None:
        self._kernel, self._systemd = kernel, systemd
        self._reset_at: dict[str, float] = {}

    async def restart_bluetoothd(self) -> None:
        await self._systemd.restart_bluetoothd()

    async def reset(self, adapter: str) -> None:
        before = self._reset_at.pop(adapter, None)
        helpers = [("kernel", self._kernel), ("systemd", self._systemd)]
        if before is not None and monotonic() - before < SOON_S:
            helpers.reverse()
        refused = []
        for name, helper in helpers:
            try:
                await helper.reset(adapter)
            except HelpRefused as error:
                refused.append(str(error))
                continue
            log.warning("radio.adapter_reset", adapter=adapter, by=name)
            if helper is self._kernel:
                self._reset_at[adapter] = monotonic()
            return
        raise HelpRefused("; ".join(refused))
