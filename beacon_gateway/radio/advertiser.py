"""Our iBeacon on the air through BlueZ's advertising manager, put back after every disturbance.

BlueZ keeps a registration in its books though a power cycle took it off the air, and after SIGKILL nobody calls
Release(): so the watch decides, and every registration is Unregister (whatever it says), then Register.
"""

import asyncio
from collections import Counter
from time import monotonic
from typing import Annotated, Literal

import structlog
from dbus_fast import PropertyAccess, Variant
from dbus_fast.annotations import DBusBool, DBusSignature, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property

from beacon_gateway.errors import GatewayError
from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from beacon_gateway.radio.bluez import ADVERTISING, BlueZRefused, NoAnswer, SystemBus, system_bus
from beacon_gateway.radio.watch import Watch, usable_adapter, watch_radio

log = structlog.get_logger()

LEGACY_OCTETS = 31
"""Core Specification 5.4, Vol 6 Part B 2.3.1. BlueZ hands more than that to a 5.x controller unchecked."""
INTERVAL_MS = range(20, 10_240 + 1)
PAUSE_FIRST_S = 0.2
PAUSE_CAP_S = 30.0
CHECK_S = 30.0
"""How often BlueZ is asked whether the adapter is still on, should a signal have been missed."""
REFUSALS_BEFORE_POWER_CYCLE = 3
POWER_CYCLE_EVERY_S = 600.0

_PATH = "/beacon_gateway/advertisement"
_CONTROLLER_OR_POWER = "Failed to register advertisement"


class AdvertTooLong(GatewayError):
    """The advert does not fit the air: nothing is registered."""


class _Advertisement(ServiceInterface):
    """org.bluez.LEAdvertisement1 (bluez/doc/org.bluez.LEAdvertisement.rst)."""

    def __init__(self, kind: str, octets: bytes, interval_ms: int) -> None:
        super().__init__("org.bluez.LEAdvertisement1")
        self.watch: Watch | None = None
        self._kind = kind
        self._octets = octets
        self._interval_ms = interval_ms

    @dbus_method()
    def Release(self) -> None:
        if self.watch:
            self.watch.mark("released by bluetoothd")

    @dbus_property(access=PropertyAccess.READ)
    def Type(self) -> DBusStr:
        return self._kind

    @dbus_property(access=PropertyAccess.READ)
    def ManufacturerData(self) -> Annotated[dict[int, Variant], DBusSignature("a{qv}")]:
        return {COMPANY: Variant("ay", self._octets)}

    @dbus_property(access=PropertyAccess.READ)
    def MinInterval(self) -> DBusUInt32:
        return self._interval_ms

    @dbus_property(access=PropertyAccess.READ)
    def MaxInterval(self) -> DBusUInt32:
        return self._interval_ms


class _ConnectableAdvertisement(_Advertisement):
    @dbus_property(access=PropertyAccess.READ)
    def Discoverable(self) -> DBusBool:
        """Adds the flags 0x06; BlueZ refuses them in a broadcast."""
        return True


class BlueZAdvertiser:
    """`adapter`: e.g. hci0, None for the first that is on. `interval_ms`: 20 to 10240.

    `broadcast`: non-connectable, 27 octets, no flags. `peripheral`: connectable, with flags, 30 octets.
    Raises AdvertTooLong for a frame over 31 octets, ValueError for an interval out of range.
    """

    def __init__(
        self,
        adapter: str | None,
        frame: IBeacon,
        *,
        interval_ms: int = 100,
        mode: Literal["broadcast", "peripheral"] = "broadcast",
        patience_s: float = 60.0,
    ) -> None:
        if interval_ms not in INTERVAL_MS:
            raise ValueError(f"an advertising interval is 20 to 10240 ms (got {interval_ms})")
        octets = frame.encode()
        flags = 3 if mode == "peripheral" else 0
        self._length = flags + 4 + len(octets)  # length, type and company identifier come before the frame
        if self._length > LEGACY_OCTETS:
            raise AdvertTooLong(f"{self._length} octets, and an advert holds {LEGACY_OCTETS}")
        self._object = (_ConnectableAdvertisement if flags else _Advertisement)(mode, octets, interval_ms)
        self._wanted = adapter
        self._mode = mode
        self._interval_ms = interval_ms
        self._patience_s = patience_s
        self._adapter: str | None = None
        self._state = "starting"
        self._refused: str | None = None
        self._on_air_s = 0.0
        self._on_air_since: float | None = None
        self._registrations = 0
        self._ends: Counter[str] = Counter()
        self._cycled_at: float | None = None

    async def keep_on_air(self) -> None:
        """Until cancelled. Raises RadioLost when the bus is gone, or no adapter is there for `patience_s`."""
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
        return self._on_air_s + (0.0 if self._on_air_since is None else monotonic() - self._on_air_since)

    def describe(self) -> dict[str, object]:
        """`state`: on_air, starting, refused (`refused` says what), off, no_advertising, no_adapter, no_answer."""
        return {
            "state": self._state,
            "adapter": self._adapter or self._wanted,
            "mode": self._mode,
            "interval_ms": self._interval_ms,
            "octets": self._length,
            "seconds_on_air": round(self.seconds_on_air(), 1),
            "registrations": self._registrations,
            "ended_why": dict(self._ends),
            "refused": self._refused,
        }

    async def _register(self, bus: SystemBus, adapter: str) -> None:
        path = f"/org/bluez/{adapter}"
        try:
            await bus.call(path, ADVERTISING, "UnregisterAdvertisement", "o", _PATH)
        except BlueZRefused as error:
            log.debug("advert.was_not_registered", answer=error.name)
        await bus.call(path, ADVERTISING, "RegisterAdvertisement", "oa{sv}", _PATH, {})

    async def _while_on_air(self, bus: SystemBus, watch: Watch, adapter: str) -> None:
        """Returns when something says that the frame may be off the air."""
        self._registrations += 1
        self._refused = None
        self._enter("on_air")
        self._on_air_since = monotonic()
        try:
            while not (why := await watch.wait(CHECK_S)):
                if not await _is_on(bus, adapter):
                    why = "adapter found off"
                    break
        finally:
            self._on_air_s = self.seconds_on_air()
            self._on_air_since = None
            self._enter("starting")
        self._ends[why] += 1
        log.info("advert.off_air", why=why, adapter=adapter)

    async def _on_refusal(self, bus: SystemBus, adapter: str, error: BlueZRefused | NoAnswer, refusals: int) -> None:
        powered = await _is_on(bus, adapter)
        text = explain(error, adapter, powered=powered)
        if text != self._refused:
            log.warning("advert.refused", why=text)
        self._refused = text
        self._enter("refused")
        due = self._cycled_at is None or monotonic() - self._cycled_at >= POWER_CYCLE_EVERY_S
        if powered and due and refusals >= REFUSALS_BEFORE_POWER_CYCLE and _CONTROLLER_OR_POWER in str(error):
            # seen after `hciconfig reset`, which bluetoothd only half understands
            self._cycled_at = monotonic()
            await bus.power_cycle(adapter)

    def _enter(self, state: str) -> None:
        if state != self._state:
            log.debug("advert.state", state=state, adapter=self._adapter or self._wanted)
        self._state = state


def explain(error: BlueZRefused | NoAnswer, adapter: str, *, powered: bool) -> str:
    """What was refused, in words: BlueZ has one text for an adapter that is off and a controller that refuses."""
    if isinstance(error, NoAnswer):
        return str(error)
    if error.name in {"org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"}:
        return "bluetoothd is not running"
    if error.name == "org.freedesktop.DBus.Error.UnknownObject":
        return f"adapter {adapter} is gone"
    if error.name == "org.bluez.Error.NotPermitted":
        return f"adapter {adapter} has no free advertisement set ({error.text})"
    if _CONTROLLER_OR_POWER in error.text:
        return f"the controller of {adapter} refused the advertisement" if powered else f"adapter {adapter} is off"
    if "parse" in error.text:
        return f"BlueZ refused a property of the advertisement ({error.text}); its log names it"
    return str(error)


async def _is_on(bus: SystemBus, adapter: str) -> bool:
    """Powered, or bluetoothd gives no answer: then the kernel goes on with what it was told."""
    try:
        found = (await bus.adapters()).get(adapter)
    except NoAnswer:
        return True
    return found is not None and found.powered
