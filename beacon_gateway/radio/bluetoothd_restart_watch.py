"""Detect restarts of bluetoothd, adapters that disappear or are switched, and scans that end, from D-Bus signals.

bleak and a registered advertisement report none of these. On a disturbance the scan loop begins a new scan and the
advertiser registers its advert again.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from dbus_fast import Message, MessageType

from beacon_gateway.radio.bluez_bus import (
    ADAPTER,
    ADVERTISING,
    OBJECTS,
    PROPERTIES,
    SERVICE,
    AccessDenied,
    Adapter,
    NoAnswer,
    SystemBus,
)
from beacon_gateway.radio.ports import RadioLost

MAX_ADAPTERS = 16
"""hci0 to hci15 are watched; an adapter with a higher number is found by polling only."""
_RULES = (
    f"sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{SERVICE}'",
    f"sender='{SERVICE}',interface='{PROPERTIES}',member='PropertiesChanged',arg0='{ADAPTER}'",
    f"sender='{SERVICE}',interface='{PROPERTIES}',member='PropertiesChanged',arg0='{ADVERTISING}'",
    *(f"sender='{SERVICE}',interface='{OBJECTS}',arg0path='/org/bluez/hci{n}'" for n in range(MAX_ADAPTERS)),
)
"""One rule for each adapter, as a rule for all would also match the devices below: in a crowd they come and go."""
_UNREACHABLE = frozenset(("no_adapter", "no_bluetoothd", "access_denied", "no_answer"))


class DisturbanceWatch:
    """Store the first disturbance since `clear`. The one consumer clears, inspects, acts and then waits.

    `adapter`: whose signals count; None: those of every adapter. `scans`: the end of a discovery is a disturbance too.
    """

    def __init__(self, *, scans: bool) -> None:
        self.adapter: str | None = None
        self.why: str | None = None
        self.bluetoothd_ended_at: float | None = None
        """Monotonic seconds; `clear` does not reset it."""
        self._scans = scans
        self._changed = asyncio.Event()

    def mark(self, why: str) -> None:
        """Record a disturbance: what was started or registered may not work any more."""
        self.why = self.why or why
        self._changed.set()

    def clear(self) -> None:
        self.why = None
        self._changed.clear()

    async def wait(self, limit_s: float) -> str | None:
        """Return the disturbance since `clear`, or None after an improvement or after `limit_s`."""
        if self.why is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._changed.wait()
            self._changed.clear()
        return self.why

    def on_message(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        match message.member, message.body:
            case "NameOwnerChanged", [str(name), _, str(owner)] if name == SERVICE:
                if owner:
                    self._changed.set()
                else:
                    self.bluetoothd_ended_at = monotonic()
                    self.mark("bluetoothd stopped")
            case "InterfacesAdded" | "InterfacesRemoved", [str(path), interfaces] if self._is_watched(path):
                if ADAPTER in interfaces:
                    self.mark("adapter appeared" if message.member == "InterfacesAdded" else "adapter removed")
                elif ADVERTISING in interfaces:
                    self._changed.set()
            case "PropertiesChanged", [str(interface), dict(changed), _] if interface == ADAPTER:
                if self._is_watched(message.path or ""):
                    self._on_properties({name: value.value for name, value in changed.items()})
            case "PropertiesChanged", [str(interface), _, _] if interface == ADVERTISING:
                if self._is_watched(message.path or "") and not self._scans:
                    self._changed.set()  # an advertisement set was taken or became free

    def _on_properties(self, changed: dict[str, object]) -> None:
        if "Powered" in changed:  # "on" counts too: BlueZ reports a quick off and on as "on" alone
            self.mark("adapter switched on" if changed["Powered"] else "adapter switched off")
        if changed.get("Discovering") is False and self._scans:
            self.mark("discovery ended")

    def _is_watched(self, path: str) -> bool:
        return self.adapter is None or path == f"/org/bluez/{self.adapter}"


async def watch_disturbances(bus: SystemBus, *, scans: bool) -> DisturbanceWatch:
    """Return a watch on `bus`, which also notices the end of the connection. Raise RadioLost if it cannot subscribe."""
    watch = DisturbanceWatch(scans=scans)
    bus.on_message(watch.on_message)
    for rule in _RULES:
        await bus.subscribe(rule)
    bus.ended.add_done_callback(lambda _: watch.mark("D-Bus gone"))
    return watch


async def wait_for_adapter(
    bus: SystemBus,
    watch: DisturbanceWatch,
    requested: str | None,
    *,
    advertising: bool,
    patience_s: float,
    poll_s: float,
    on_state: Callable[[str], None],
) -> str:
    """Return the name of the `requested` adapter (None: the first that is on) once it is usable.

    `watch` is then cleared and watches that adapter alone. Meanwhile `on_state` is called with off, no_advertising,
    no_adapter, no_bluetoothd, access_denied or no_answer. Raise RadioLost after `patience_s` without such an adapter,
    or if the bus has ended.
    """
    last_present_at = monotonic()
    while True:
        watch.adapter = requested
        watch.clear()
        try:
            adapters = await bus.list_adapters()
        except NoAnswer:
            state = "no_answer"
        except AccessDenied:
            state = "access_denied"
        else:
            candidates = [adapter for adapter in adapters.values() if requested in (None, adapter.name)]
            usable = [adapter for adapter in candidates if adapter.powered and (adapter.advertises or not advertising)]
            if usable:
                watch.adapter = usable[0].name
                return usable[0].name
            state = await _find_obstacle(bus, candidates)
        on_state(state)
        if state not in _UNREACHABLE:
            last_present_at = monotonic()
        elif monotonic() - last_present_at >= patience_s:
            raise RadioLost(f"no Bluetooth adapter {requested or ''} for {patience_s:g} s ({state})")
        await watch.wait(min(poll_s, patience_s))


async def _find_obstacle(bus: SystemBus, candidates: list[Adapter]) -> str:
    if not candidates:
        return "no_adapter" if await bus.bluetoothd_runs() else "no_bluetoothd"
    return "no_advertising" if any(adapter.powered for adapter in candidates) else "off"
