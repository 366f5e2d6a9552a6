"""Keep our iBeacon on the air through BlueZ's advertising manager, and register it again after every disturbance.

BlueZ lists a registration as active although a power cycle took it off the air, and after SIGKILL nothing calls
Release(). So the watch decides, and every registration is Unregister (whatever its reply), then Register.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Literal

import structlog

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.radio_status import AdvertRefusal, AppliedAdvert, IdentityStatus, RecoveryStep, RefusalReason
from beacon_gateway.radio.advertise.advertising_parameters import (
    advert_length,
    build_advertisement,
    check_parameters,
    read_applied,
)
from beacon_gateway.radio.advertise.air_time import AirTime
from beacon_gateway.radio.bluetoothd_restart_watch import DisturbanceWatch, wait_for_adapter, watch_disturbances
from beacon_gateway.radio.bluez_bus import (
    ACCESS_DENIED,
    ADAPTER,
    ADVERTISING,
    PROPERTIES,
    AccessDenied,
    BlueZRefused,
    NoAnswer,
    SystemBus,
    system_bus,
    unwrap_variants,
)
from beacon_gateway.radio.ports import HelperRefused, RadioHelper, RadioLost
from beacon_gateway.radio.recovery.adapter_reset import NoHelper, power_cycle
from beacon_gateway.radio.recovery.recovery_ladder import Fault, RecoveryLadder
from beacon_gateway.radio.timings import DEFAULT_TIMINGS, RadioTimings

log = structlog.get_logger()

REFUSALS_BEFORE_POWER_CYCLE = 3
CONTROLLER_OR_POWER = "Failed to register advertisement"
"""BlueZ's one error text for both an adapter that is off and a controller that refuses."""
_PATH = "/beacon_gateway/advertisement"
_BY_ERROR_NAME = {
    "org.freedesktop.DBus.Error.ServiceUnknown": RefusalReason.no_bluetoothd,
    "org.freedesktop.DBus.Error.NameHasNoOwner": RefusalReason.no_bluetoothd,
    ACCESS_DENIED: RefusalReason.access_denied,
    "org.freedesktop.DBus.Error.UnknownObject": RefusalReason.no_adapter,
    "org.bluez.Error.NotPermitted": RefusalReason.no_free_set,
}


class BlueZAdvertiser:
    """`adapter`: such as hci0, or None for the first that is on. `interval_ms`: 20 to 10240.

    `broadcast`: non-connectable, 27 bytes, no flags. `peripheral`: connectable, with flags, 30 bytes.
    `power_dbm`: requested of the controller, -127 to 20; None: its own choice. `may_power_cycle`: of several adverts
    on one adapter only one may switch it off and on, or have `helper` reset it; none does so while
    `is_recovering(adapter)`, as a scan then takes such steps. Raise AdvertTooLong for a frame over 31 bytes,
    ValueError for an interval or a power out of range.
    """

    def __init__(
        self,
        adapter: str | None,
        frame: IBeacon,
        *,
        interval_ms: int = 100,
        mode: Literal["broadcast", "peripheral"] = "broadcast",
        power_dbm: int | None = None,
        patience_s: float = 60.0,
        may_power_cycle: bool = True,
        helper: RadioHelper | None = None,
        is_recovering: Callable[[str], bool] = lambda _adapter: False,
        timings: RadioTimings = DEFAULT_TIMINGS,
    ) -> None:
        check_parameters(interval_ms, power_dbm)
        data = frame.encode()
        self._length = advert_length(mode, data)
        self._object = build_advertisement(mode, data, interval_ms, power_dbm)
        self._requested = adapter
        self._mode = mode
        self._interval_ms = interval_ms
        self._power_dbm = power_dbm
        self._patience_s = patience_s
        self._may_power_cycle = may_power_cycle
        self._helper = helper or NoHelper()
        self._is_recovering = is_recovering
        self._timings = timings
        self._ladder = RecoveryLadder(timings)
        self._air = AirTime(ask_after_s=timings.ask_after_s)
        self._reported: AppliedAdvert | None = None
        self._adapter: str | None = None

    async def keep_on_air(self) -> None:
        """Run until cancelled. Raise RadioLost if the bus has ended, or no adapter is present for `patience_s`."""
        self._air.begin()
        try:
            await self._keep_on_air()
        except RadioLost:
            if self._air.state == "starting":  # there is no bus to ask
                self._enter("no_answer")
            raise

    async def _keep_on_air(self) -> None:
        timings = self._timings
        async with system_bus(timings.call_limit_s) as bus:
            watch = await watch_disturbances(bus, scans=False)
            self._object.watch = watch
            bus.export(_PATH, self._object)
            refusals, pause_s = 0, timings.refused_pause_s
            while True:
                adapter = self._adapter = await wait_for_adapter(
                    bus,
                    watch,
                    self._requested,
                    advertising=True,
                    patience_s=self._patience_s,
                    poll_s=timings.adapter_poll_s,
                    on_state=self._enter,
                )
                try:
                    await self._register(bus, adapter)
                except (BlueZRefused, NoAnswer) as error:
                    refusals += 1
                    await self._on_refusal(bus, adapter, error, refusals)
                    await watch.wait(pause_s)  # a set that becomes free is a signal
                    pause_s = min(2 * pause_s, timings.advert_pause_cap_s)
                else:
                    refusals, pause_s = 0, timings.refused_pause_s
                    await self._wait_until_disturbed(bus, watch, adapter)
                await asyncio.sleep(timings.first_pause_s)

    def seconds_on_air(self) -> float:
        return self._air.seconds()

    def due_since(self, adapter: str) -> float | None:
        """Return since when `adapter` should receive our advert, in monotonic seconds.

        None while it is off the air, and for the adapter that sends it.
        """
        return None if adapter == self._adapter else self._air.since

    def renew(self) -> None:
        """Register again, as another adapter does not receive us, whatever BlueZ lists."""
        if self._object.watch:
            self._object.watch.mark("not heard by another adapter")

    def read_status(self) -> IdentityStatus:
        adapter = self._adapter or self._requested
        return replace(
            self._air.read_status(),
            adapter=adapter,
            mode=self._mode,
            interval_ms=self._interval_ms,
            length_bytes=self._length,
            tx_power_dbm=self._power_dbm,
            recovery=self._ladder.read_status(monotonic(), adapter or ""),
            reported=self._reported,
        )

    async def _register(self, bus: SystemBus, adapter: str) -> None:
        path = f"/org/bluez/{adapter}"
        try:
            await bus.call(path, ADVERTISING, "UnregisterAdvertisement", "o", _PATH)
        except BlueZRefused as error:
            log.debug("advert.was_not_registered", answer=error.name)
        await bus.call(path, ADVERTISING, "RegisterAdvertisement", "oa{sv}", _PATH, {})
        self._reported = await self._read_back(bus, path)
        if self._reported and self._reported.adapter_is_connectable and self._mode == "broadcast":
            log.warning("advert.connectable", adapter=adapter, why="another program made the adapter connectable")

    async def _read_back(self, bus: SystemBus, path: str) -> AppliedAdvert | None:
        """Return what BlueZ reports of the registered advert; None if it does not reply."""
        try:
            manager = await bus.call(path, PROPERTIES, "GetAll", "s", ADVERTISING)
            adapter = await bus.call(path, PROPERTIES, "GetAll", "s", ADAPTER)
        except (BlueZRefused, NoAnswer) as error:
            log.debug("advert.not_read_back", answer=str(error))
            return None
        chosen_dbm = getattr(self._object, "chosen_dbm", None)
        return read_applied(unwrap_variants(manager or {}), unwrap_variants(adapter or {}), chosen_dbm)

    async def _wait_until_disturbed(self, bus: SystemBus, watch: DisturbanceWatch, adapter: str) -> None:
        """Return when the advert may be off the air."""
        self._ladder.heal(monotonic())
        with self._air.on_air(adapter):
            while not (why := await watch.wait(self._timings.advert_check_s)):
                if not await _is_on(bus, adapter):
                    why = "adapter found off"
                    break
        self._air.record_end(why, adapter)

    async def _on_refusal(self, bus: SystemBus, adapter: str, error: BlueZRefused | NoAnswer, refusals: int) -> None:
        refusal = classify_refusal(error, adapter, powered=await _is_on(bus, adapter))
        self._air.record_refusal(refusal)
        if (
            self._may_power_cycle
            and refusals >= REFUSALS_BEFORE_POWER_CYCLE
            and refusal.reason is RefusalReason.controller
            and not self._is_recovering(adapter)
        ):
            # happens after `hciconfig reset`, which bluetoothd handles in part only
            await self._take_recovery_step(bus, adapter)

    async def _take_recovery_step(self, bus: SystemBus, adapter: str) -> None:
        steps = (RecoveryStep.power_cycle, RecoveryStep.reset_adapter)
        fault = Fault("advert_refused", steps, rest_s=self._timings.refused_rest_s)
        step = self._ladder.climb(monotonic(), fault)
        while step:
            log.warning("advert.recovery_step", step=step, adapter=adapter)
            try:
                await (power_cycle(bus, adapter) if step is RecoveryStep.power_cycle else self._helper.reset(adapter))
            except HelperRefused as error:
                step = self._ladder.skip(monotonic(), str(error))
            else:
                return

    def _enter(self, state: str) -> None:
        self._air.enter(state, self._adapter or self._requested)


def classify_refusal(error: BlueZRefused | NoAnswer, adapter: str, *, powered: bool) -> AdvertRefusal:
    """Return why BlueZ refused to register an advert. `powered`: whether the adapter is on."""
    if isinstance(error, NoAnswer):
        return AdvertRefusal(RefusalReason.no_answer, adapter, str(error))
    if reason := _BY_ERROR_NAME.get(error.name):
        return AdvertRefusal(reason, adapter, error.text)
    if CONTROLLER_OR_POWER in error.text:
        return AdvertRefusal(RefusalReason.controller if powered else RefusalReason.adapter_off, adapter, error.text)
    if "parse" in error.text:
        return AdvertRefusal(RefusalReason.bad_property, adapter, error.text)
    return AdvertRefusal(RefusalReason.other, adapter, str(error))


async def _is_on(bus: SystemBus, adapter: str) -> bool:
    """Return whether the adapter is on. Without an answer it counts as on, as the kernel continues to send."""
    try:
        state = (await bus.list_adapters()).get(adapter)
    except (NoAnswer, AccessDenied):
        return True
    return state is not None and state.powered
