"""Keep an advert in Apple's exact layout on the air through the radio helper, as this process has no privilege."""

import asyncio
from dataclasses import replace
from pathlib import Path
from time import monotonic

import structlog

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.radio_status import AdvertRefusal, AppliedAdvert, IdentityStatus, RefusalReason
from beacon_gateway.radio.advertise.air_time import AirTime
from beacon_gateway.radio.helper.helper_client import HelperConnection, adapter_number, connect_helper
from beacon_gateway.radio.helper.helper_protocol import EXACT_BYTES, EXACT_HEAD, AdapterLine, ListAdapters, PutOnAir
from beacon_gateway.radio.ports import HelperRefused
from beacon_gateway.radio.timings import DEFAULT_TIMINGS, RadioTimings

log = structlog.get_logger()


class ExactAdvertiser:
    """`adapter`: such as hci0, or None for the first that is on. The advert has 30 bytes, flags first, not connectable.

    `interval_ms`: 20 to 10240; `power_dbm`: requested of the controller, None: its own choice.
    """

    def __init__(
        self,
        adapter: str | None,
        frame: IBeacon,
        *,
        helper: Path,
        interval_ms: int = 100,
        power_dbm: int | None = None,
        timings: RadioTimings = DEFAULT_TIMINGS,
    ) -> None:
        self._data = EXACT_HEAD[:-2] + frame.encode()
        if len(self._data) != EXACT_BYTES or not self._data.startswith(EXACT_HEAD):
            raise ValueError("the exact layout holds one iBeacon of 30 bytes")
        self._requested = None if adapter is None else adapter_number(adapter)
        self._path = helper
        self._interval_ms = interval_ms
        self._power_dbm = power_dbm
        self._timings = timings
        self._chosen_dbm: int | None = None
        self._adapter: AdapterLine | None = None
        self._air = AirTime(ask_after_s=timings.ask_after_s)
        self._renew_why: str | None = None

    async def keep_on_air(self) -> None:
        """Run until cancelled. Raise RadioLost if the helper does not run or has ended."""
        self._air.begin()
        self._air.enter("no_helper")
        async with connect_helper(self._path) as helper:
            pause_s = self._timings.first_pause_s
            while True:
                adapter = self._adapter = await self._wait_for_adapter(helper)
                request = PutOnAir(
                    adapter=adapter.index,
                    data=self._data.hex(),
                    interval_ms=self._interval_ms,
                    power_dbm=self._power_dbm,
                )
                try:
                    self._chosen_dbm = (await helper.request(request)).power_dbm
                except HelperRefused as error:
                    self._record_refusal(str(error))
                    pause_s = min(2 * pause_s, self._timings.advert_pause_cap_s)
                    await helper.wait_for_disturbance(adapter.index, pause_s)  # a change of the adapter may help
                else:
                    pause_s = self._timings.first_pause_s
                    await self._wait_until_disturbed(helper, adapter)
                await asyncio.sleep(self._timings.first_pause_s)

    def seconds_on_air(self) -> float:
        return self._air.seconds()

    def due_since(self, adapter: str) -> float | None:
        """As BlueZAdvertiser.due_since."""
        sends = self._adapter is not None and adapter == f"hci{self._adapter.index}"
        return None if sends else self._air.since

    def renew(self) -> None:
        """Put it on the air again, as another adapter does not receive us, whatever the kernel lists."""
        self._renew_why = "not heard by another adapter"

    def read_status(self) -> IdentityStatus:
        number = self._adapter.index if self._adapter else self._requested
        reported = AppliedAdvert(
            supported_instances=self._adapter.instances if self._adapter else None,
            tx_power_dbm=self._chosen_dbm,
            adapter_is_connectable=bool(self._adapter and self._adapter.connectable),
        )
        return replace(
            self._air.read_status(),
            adapter=None if number is None else f"hci{number}",
            mode="exact",
            interval_ms=self._interval_ms,
            length_bytes=len(self._data),
            tx_power_dbm=self._power_dbm,
            reported=reported,
        )

    async def _wait_for_adapter(self, helper: HelperConnection) -> AdapterLine:
        """Return the requested adapter once it is present and on."""
        poll_s = self._timings.adapter_poll_s
        while True:
            helper.discard_disturbances()
            try:
                adapters = (await helper.request(ListAdapters())).adapters
            except HelperRefused as error:
                self._record_refusal(str(error))
                await asyncio.sleep(poll_s)
                continue
            candidates = [adapter for adapter in adapters if self._requested in (None, adapter.index)]
            if on := [adapter for adapter in candidates if adapter.powered]:
                return on[0]
            self._air.enter("off" if candidates else "no_adapter")
            await helper.wait_for_disturbance(candidates[0].index if candidates else self._requested or 0, poll_s)

    async def _wait_until_disturbed(self, helper: HelperConnection, adapter: AdapterLine) -> None:
        """Return when the advert may be off the air."""
        name, checked_at = f"hci{adapter.index}", monotonic()
        self._renew_why = None
        if adapter.connectable:
            log.warning("advert.connectable", adapter=name, why="another program made the adapter connectable")
        try:
            with self._air.on_air(name):
                while not (why := await self._next_disturbance(helper, adapter)):
                    if monotonic() - checked_at < self._timings.advert_check_s:
                        continue
                    checked_at = monotonic()
                    found = {each.index: each for each in (await helper.request(ListAdapters())).adapters}
                    if adapter.index not in found or not found[adapter.index].powered:
                        why = "adapter found off"
                        break
        except HelperRefused as error:
            why = str(error)
        self._air.record_end(why, name)

    async def _next_disturbance(self, helper: HelperConnection, adapter: AdapterLine) -> str | None:
        return await helper.wait_for_disturbance(adapter.index, self._timings.adapter_poll_s) or self._renew_why

    def _record_refusal(self, why: str) -> None:
        self._air.record_refusal(AdvertRefusal(RefusalReason.helper, detail=why))
