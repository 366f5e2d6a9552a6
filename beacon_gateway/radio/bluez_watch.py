"""What happens to the adapter we use, from BlueZ's signals: bleak and a registered advertisement tell nothing of it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from dbus_fast import Message, MessageType

from beacon_gateway.radio.bluez import ADAPTER, ADVERTISING, OBJECTS, PROPERTIES, SERVICE, Adapter, NoAnswer, SystemBus
from beacon_gateway.radio.port import RadioLost

LOOK_AGAIN_S = 2.0
MOST_ADAPTERS = 16
"""hci0 to hci15 are seen coming and going; another one is found when it is looked for again."""
_RULES = (
    f"sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='{SERVICE}'",
    f"sender='{SERVICE}',interface='{PROPERTIES}',member='PropertiesChanged',arg0='{ADAPTER}'",
    *(f"sender='{SERVICE}',interface='{OBJECTS}',arg0path='/org/bluez/hci{n}'" for n in range(MOST_ADAPTERS)),
)
"""By name, so that the devices below an adapter are not told: in a crowd each comes and goes."""


class Watch:
    """Keeps the first disturbance since `clear`. One consumer: clear, look, act, then wait.

    `adapter`: whose signals count; None counts every adapter's. `scans`: a discovery that ends is a disturbance too.
    """

    def __init__(self, *, scans: bool) -> None:
        self.adapter: str | None = None
        self.why: str | None = None
        self.bluetoothd_ended_at: float | None = None
        """Monotonic seconds; stays when cleared."""
        self._scans = scans
        self._news = asyncio.Event()

    def mark(self, why: str) -> None:
        """A disturbance: what was started or registered is not to be relied on any more."""
        self.why = self.why or why
        self._news.set()

    def clear(self) -> None:
        self.why = None
        self._news.clear()

    async def wait(self, limit_s: float) -> str | None:
        """The disturbance since `clear`, at once if there was one; None after good news, or `limit_s` without any."""
        if self.why is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(limit_s):
                    await self._news.wait()
            self._news.clear()
        return self.why

    def on_message(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        match message.member, message.body:
            case "NameOwnerChanged", [str(name), _, str(owner)] if name == SERVICE:
                if owner:
                    self._news.set()
                else:
                    self.bluetoothd_ended_at = monotonic()
                    self.mark("bluetoothd stopped")
            case "InterfacesAdded" | "InterfacesRemoved", [str(path), interfaces] if self._ours(path):
                if ADAPTER in interfaces:
                    self.mark("adapter appeared" if message.member == "InterfacesAdded" else "adapter removed")
                elif ADVERTISING in interfaces:
                    self._news.set()
            case "PropertiesChanged", [str(interface), dict(changed), _] if interface == ADAPTER:
                if self._ours(message.path or ""):
                    self._on_properties({name: value.value for name, value in changed.items()})

    def _on_properties(self, changed: dict[str, object]) -> None:
        if "Powered" in changed:  # switched on is one too: off and on at once is told as "on" alone
            self.mark("adapter switched on" if changed["Powered"] else "adapter switched off")
        if changed.get("Discovering") is False and self._scans:
            self.mark("discovery ended")

    def _ours(self, path: str) -> bool:
        return self.adapter is None or path == f"/org/bluez/{self.adapter}"


async def watch_radio(bus: SystemBus, *, scans: bool) -> Watch:
    """A watch on `bus` for the end of the connection, of bluetoothd and of adapters, for power and discovery.

    Raises RadioLost when it cannot subscribe.
    """
    watch = Watch(scans=scans)
    bus.on_message(watch.on_message)
    for rule in _RULES:
        await bus.add_match(rule)

    bus.end.add_done_callback(lambda _: watch.mark("D-Bus gone"))
    return watch


async def usable_adapter(
    bus: SystemBus,
    watch: Watch,
    wanted: str | None,
    *,
    advertising: bool,
    patience_s: float,
    tell_state: Callable[[str], None],
) -> str:
    """Wait for the `wanted` adapter (None: the first that is on) to be usable; `watch` then looks at it alone, cleared.

    Tells `off`, `no_advertising`, `no_adapter` or `no_answer` meanwhile. Raises RadioLost after `patience_s` without
    any such adapter, or when the bus is gone.
    """
    last_there = monotonic()
    while True:
        watch.adapter = wanted
        watch.clear()
        try:
            adapters = await bus.adapters()
        except NoAnswer:
            state = "no_answer"
        else:
            candidates = [adapter for adapter in adapters.values() if wanted in (None, adapter.name)]
            usable = [adapter for adapter in candidates if adapter.powered and (adapter.advertises or not advertising)]
            if usable:
                watch.adapter = usable[0].name
                return usable[0].name
            state = _what_lacks(candidates)
        tell_state(state)
        if state not in {"no_adapter", "no_answer"}:
            last_there = monotonic()
        elif monotonic() - last_there >= patience_s:
            raise RadioLost(f"no Bluetooth adapter {wanted or ''} for {patience_s:g} s ({state})")
        await watch.wait(min(LOOK_AGAIN_S, patience_s))


def _what_lacks(candidates: list[Adapter]) -> str:
    if not candidates:
        return "no_adapter"
    return "no_advertising" if any(adapter.powered for adapter in candidates) else "off"
