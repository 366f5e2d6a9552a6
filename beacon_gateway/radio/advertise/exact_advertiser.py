"""Apple's exact layout on the air, by asking the radio helper: this process has no privilege."""

import asyncio
from pathlib import Path
from time import monotonic

import structlog

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise.air_time import AirTime
from beacon_gateway.radio.helper.helper_client import Helped, adapter_number, helped
from beacon_gateway.radio.helper.helper_protocol import EXACT_HEAD, EXACT_OCTETS, AdapterLine, ListAdapters, PutOnAir
from beacon_gateway.radio.port import HelpRefused

log = structlog.get_logger()

CHECK_S = 30.0
LOOK_AGAIN_S = 2.0
PAUSE_FIRST_S = 0.2
PAUSE_CAP_S = 30.0


class ExactAdvertiser:
    """`adapter`: e.g. hci0, None for the first that is on. 30 octets, flags first, not connectable.

    `interval_ms`: 20 to 10240; `power_dbm`: what is asked of the controller, None: its own choice.
    """

    def __init__(
        self, adapter: str | None, frame: IBeacon, *, helper: Path, interval_ms: int = 100, power_dbm: int | None = None
    ) -> None:
        self._data = EXACT_HEAD[:-2] + frame.encode()
        if len(self._data) != EXACT_OCTETS or not self._data.startswith(EXACT_HEAD):
            raise ValueError("the exact layout holds one iBeacon of 30 octets")
        self._wanted = None if adapter is None else adapter_number(adapter)
        self._path = helper
        self._interval_ms = interval_ms
        self._power_dbm = power_dbm
        self._chosen_dbm: int | None = None
        self._adapter: AdapterLine | None = None
        self._air = AirTime()
        self._renew_why: str | None = None

    async def keep_on_air(self) -> None:
        """Until cancelled. Raises RadioLost when the helper is not there or has ended."""
        self._air.begin()
        self._air.enter("no_helper")
        async with helped(self._path) as helper:
            pause_s = PAUSE_FIRST_S
            while True:
                adapter = self._adapter = await self._usable(helper)
                request = PutOnAir(
                    adapter=adapter.index,
                    data=self._data.hex(),
                    interval_ms=self._interval_ms,
                    power_dbm=self._power_dbm,
                )
                try:
                    self._chosen_dbm = (await helper.ask(request)).power_dbm
                except HelpRefused as error:
                    self._on_refusal(str(error))
                    pause_s = min(2 * pause_s, PAUSE_CAP_S)
                    await helper.disturbed(adapter.index, pause_s)  # a change of the adapter may be the remedy
                else:
                    pause_s = PAUSE_FIRST_S
                    await self._while_on_air(helper, adapter)
                await asyncio.sleep(PAUSE_FIRST_S)

    def seconds_on_air(self) -> float:
        """The kernel holds it, the adapter is on, and nothing has been said against it since."""
        return self._air.seconds()

    def due_since(self, adapter: str) -> float | None:
        """As BlueZAdvertiser's."""
        ours = self._adapter is not None and adapter == f"hci{self._adapter.index}"
        return None if ours else self._air.since

    def renew(self) -> None:
        """Have it put on the air anew: another adapter does not hear us, whatever the kernel's books say."""
        self._renew_why = "not heard by another adapter"

    def describe(self) -> dict[str, object]:
        """`state`: on_air, starting, refused (`refused` says what), off, no_adapter, no_helper; the rest as
        BlueZAdvertiser's."""
        number = self._adapter.index if self._adapter else self._wanted
        connectable = bool(self._adapter and self._adapter.connectable)
        return {
            **self._air.describe(),
            "adapter": None if number is None else f"hci{number}",
            "mode": "exact",
            "interval_ms": self._interval_ms,
            "octets": len(self._data),
            "tx_power_dbm": self._power_dbm,
            "reported": {
                "supported_instances": self._adapter.instances if self._adapter else None,
                "tx_power_dbm": self._chosen_dbm,
                "adapter_is_connectable": connectable,  # then the kernel makes every advert on it connectable too
            },
        }

    async def _usable(self, helper: Helped) -> AdapterLine:
        """Waits until the wanted adapter is there and on."""
        while True:
            helper.calm()
            try:
                adapters = (await helper.ask(ListAdapters())).adapters
            except HelpRefused as error:
                self._on_refusal(str(error))
                await asyncio.sleep(LOOK_AGAIN_S)
                continue
            wanted = [adapter for adapter in adapters if self._wanted in (None, adapter.index)]
            if on := [adapter for adapter in wanted if adapter.powered]:
                return on[0]
            self._air.enter("off" if wanted else "no_adapter")
            await helper.disturbed(wanted[0].index if wanted else self._wanted or 0, LOOK_AGAIN_S)

    async def _while_on_air(self, helper: Helped, adapter: AdapterLine) -> None:
        """Returns when the advert may be off the air."""
        checked = monotonic()
        self._renew_why = None
        if adapter.connectable:
            log.warning("advert.connectable", adapter=f"hci{adapter.index}", why="another program made the adapter so")
        try:
            with self._air.on_air():
                while not (why := await helper.disturbed(adapter.index, LOOK_AGAIN_S) or self._renew_why):
                    if monotonic() - checked < CHECK_S:
                        continue
                    checked = monotonic()
                    known = {now.index: now for now in (await helper.ask(ListAdapters())).adapters}
                    if adapter.index not in known or not known[adapter.index].powered:
                        why = "adapter found off"
                        break
        except HelpRefused as error:
            why = str(error)
        self._air.ended(why, f"hci{adapter.index}")

    def _on_refusal(self, why: str) -> None:
        self._air.refused({"zh": f"无线电助手拒绝了({why})", "en": why})
