"""Our iBeacon on the air through BlueZ's advertising manager, put back after every disturbance.

BlueZ keeps a registration in its books though a power cycle took it off the air, and after SIGKILL nobody calls
Release(): so the watch decides, and every registration is Unregister (whatever it says), then Register.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Literal

import structlog

from beacon_gateway.errors import GatewayError
from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise.advert_wording import CONTROLLER_OR_POWER, refusal
from beacon_gateway.radio.advertise.advertisement import LEGACY_OCTETS, advertisement, report
from beacon_gateway.radio.advertise.air_time import AirTime
from beacon_gateway.radio.bluez import (
    ADAPTER,
    ADVERTISING,
    PROPERTIES,
    BlueZRefused,
    NoAnswer,
    SystemBus,
    plain,
    system_bus,
)
from beacon_gateway.radio.bluez_watch import Watch, usable_adapter, watch_radio
from beacon_gateway.radio.port import HelpRefused, RadioHelper, RadioLost
from beacon_gateway.radio.recovery.ladder import Fault, Ladder, Step
from beacon_gateway.radio.recovery.recovery_loop import NoHelper
from sync_contract.rssi import is_level

log = structlog.get_logger()

INTERVAL_MS = range(20, 10_240 + 1)
PAUSE_FIRST_S = 0.2
PAUSE_CAP_S = 30.0
CHECK_S = 30.0
"""How often BlueZ is asked whether the adapter is still on, should a signal have been missed."""
REFUSALS_BEFORE_POWER_CYCLE = 3
REFUSED_REST_S = 60.0
"""The least rest after a step against a controller that refuses; each is twice as long as the one before."""

_PATH = "/beacon_gateway/advertisement"
_REFUSED = Fault("advert_refused", (Step.power_cycle, Step.reset_adapter), rest_s=REFUSED_REST_S)


class AdvertTooLong(GatewayError):
    """The advert does not fit the air: nothing is registered."""


class BlueZAdvertiser:
    """`adapter`: e.g. hci0, None for the first that is on. `interval_ms`: 20 to 10240.

    `broadcast`: non-connectable, 27 octets, no flags. `peripheral`: connectable, with flags, 30 octets.
    `power_dbm`: what is asked of the controller, -127 to 20; None: its own choice. `may_power_cycle`: of several
    identities on one adapter only one switches it off and on; `helper` then resets it, and neither is done to an
    adapter that a scan `recovers` by steps of its own. Raises AdvertTooLong for a frame over 31 octets, ValueError for
    an interval or a power out of range.
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
        recovers: Callable[[str], bool] = lambda _adapter: False,
    ) -> None:
        if interval_ms not in INTERVAL_MS:
            raise ValueError(f"an advertising interval is 20 to 10240 ms (got {interval_ms})")
        if power_dbm is not None and not is_level(power_dbm):
            raise ValueError(f"a transmit power is -127 to 20 dBm (got {power_dbm})")
        octets = frame.encode()
        flags = 3 if mode == "peripheral" else 0
        self._length = flags + 4 + len(octets)  # length, type and company identifier come before the frame
        if self._length > LEGACY_OCTETS:
            raise AdvertTooLong(f"{self._length} octets, and an advert holds {LEGACY_OCTETS}")
        self._object = advertisement(mode, octets, interval_ms, power_dbm)
        self._wanted = adapter
        self._mode = mode
        self._interval_ms = interval_ms
        self._power_dbm = power_dbm
        self._patience_s = patience_s
        self._may_power_cycle = may_power_cycle
        self._helper = helper or NoHelper()
        self._recovers = recovers
        self._ladder = Ladder()
        self._air = AirTime()
        self._reported: dict[str, object] = {}
        self._adapter: str | None = None

    async def keep_on_air(self) -> None:
        """Until cancelled. Raises RadioLost when the bus is gone, or no adapter is there for `patience_s`."""
        self._air.begin()
        try:
            await self._keep_on_air()
        except RadioLost:
            if self._air.state == "starting":  # there is no bus to ask
                self._enter("no_answer")
            raise

    async def _keep_on_air(self) -> None:
        async with system_bus() as bus:
            watch = await watch_radio(bus, scans=False)
            self._object.watch = watch
            bus.export(_PATH, self._object)
            refusals, pause_s = 0, PAUSE_FIRST_S
            while True:
                adapter = self._adapter = await usable_adapter(
                    bus,
                    watch,
                    self._wanted,
                    advertising=True,
                    patience_s=self._patience_s,
                    tell_state=self._enter,
                )
                try:
                    await self._register(bus, adapter)
                except (BlueZRefused, NoAnswer) as error:
                    refusals, pause_s = refusals + 1, min(2 * pause_s, PAUSE_CAP_S)
                    await self._on_refusal(bus, adapter, error, refusals)
                else:
                    refusals, pause_s = 0, PAUSE_FIRST_S
                    await self._while_on_air(bus, watch, adapter)
                await asyncio.sleep(pause_s)

    def seconds_on_air(self) -> float:
        """Registered, with the adapter on and nothing said against it since."""
        return self._air.seconds()

    def due_since(self, adapter: str) -> float | None:
        """Monotonic seconds since which `adapter` should hear us; None off the air, and for the adapter that sends."""
        return None if adapter == self._adapter else self._air.since

    def renew(self) -> None:
        """Register anew: another adapter does not hear us, whatever BlueZ's books say."""
        if self._object.watch:
            self._object.watch.mark("not heard by another adapter")

    def describe(self) -> dict[str, object]:
        """`state`: on_air, starting, refused (`refused` says what), off, no_advertising, no_adapter, no_answer.

        `off_air_s`, `asks_a_person`, `words`: see radio.off_air.
        """
        return {
            **self._air.describe(),
            "adapter": self._adapter or self._wanted,
            "mode": self._mode,
            "interval_ms": self._interval_ms,
            "octets": self._length,
            "recovery": self._ladder.describe(monotonic()),
            "tx_power_dbm": self._power_dbm,
            "reported": self._reported,
        }

    async def _register(self, bus: SystemBus, adapter: str) -> None:
        path = f"/org/bluez/{adapter}"
        try:
            await bus.call(path, ADVERTISING, "UnregisterAdvertisement", "o", _PATH)
        except BlueZRefused as error:
            log.debug("advert.was_not_registered", answer=error.name)
        await bus.call(path, ADVERTISING, "RegisterAdvertisement", "oa{sv}", _PATH, {})
        self._reported = await self._read_back(bus, path)
        if self._reported.get("adapter_is_connectable") and self._mode == "broadcast":
            log.warning("advert.connectable", adapter=adapter, why="another program made the adapter so")

    async def _read_back(self, bus: SystemBus, path: str) -> dict[str, object]:
        """What BlueZ says of what it does for us; {} when it does not."""
        try:
            told = await bus.call(path, PROPERTIES, "GetAll", "s", ADVERTISING)
            adapter = await bus.call(path, PROPERTIES, "GetAll", "s", ADAPTER)
        except (BlueZRefused, NoAnswer) as error:
            log.debug("advert.not_read_back", answer=str(error))
            return {}
        return report(plain(told or {}), plain(adapter or {}), getattr(self._object, "chosen_dbm", None))

    async def _while_on_air(self, bus: SystemBus, watch: Watch, adapter: str) -> None:
        """Returns when something says that the frame may be off the air."""
        self._ladder.healed(monotonic())
        with self._air.on_air(adapter=adapter):
            while not (why := await watch.wait(CHECK_S)):
                if not await _is_on(bus, adapter):
                    why = "adapter found off"
                    break
        self._air.ended(why, adapter)

    async def _on_refusal(self, bus: SystemBus, adapter: str, error: BlueZRefused | NoAnswer, refusals: int) -> None:
        powered = await _is_on(bus, adapter)
        self._air.refused(refusal(error, adapter, powered=powered), adapter=adapter)
        if (
            self._may_power_cycle
            and powered
            and refusals >= REFUSALS_BEFORE_POWER_CYCLE
            and CONTROLLER_OR_POWER in str(error)
            and not self._recovers(adapter)
        ):
            # seen after `hciconfig reset`, which bluetoothd only half understands
            await self._climb(bus, adapter)

    async def _climb(self, bus: SystemBus, adapter: str) -> None:
        step = self._ladder.climb(monotonic(), _REFUSED)
        while step:
            log.warning("advert.recovery_step", step=step, adapter=adapter)
            try:
                await (bus.power_cycle(adapter) if step is Step.power_cycle else self._helper.reset(adapter))
            except HelpRefused as error:
                step = self._ladder.skip(monotonic(), str(error))
            else:
                return

    def _enter(self, state: str) -> None:
        self._air.enter(state, adapter=self._adapter or self._wanted)


def explain(error: BlueZRefused | NoAnswer, adapter: str, *, powered: bool) -> str:
    """What was refused, in English, for logs and programs."""
    return refusal(error, adapter, powered=powered)["en"]


async def _is_on(bus: SystemBus, adapter: str) -> bool:
    """Powered, or bluetoothd gives no answer: then the kernel goes on with what it was told."""
    try:
        found = (await bus.adapters()).get(adapter)
    except NoAnswer:
        return True
    return found is not None and found.powered
