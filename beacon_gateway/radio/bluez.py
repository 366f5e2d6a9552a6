"""BlueZ over D-Bus: calls that end in bounded time, and which adapters there are.

Interfaces: bluez/doc/org.bluez.Adapter.rst and org.bluez.LEAdvertisingManager.rst of BlueZ 5.82.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog
from dbus_fast import BusType, DBusFastError, Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface

from beacon_gateway.errors import GatewayError
from beacon_gateway.radio.port import RadioLost

log = structlog.get_logger()

SERVICE = "org.bluez"
ADAPTER = "org.bluez.Adapter1"
ADVERTISING = "org.bluez.LEAdvertisingManager1"
OBJECTS = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
CALL_LIMIT_S = 5.0
"""A bluetoothd that hangs answers nothing, ever, and dbus-fast would wait for it."""
POWER_ON_ATTEMPTS = 5


class BlueZRefused(GatewayError):
    """BlueZ (or D-Bus for it) answered with an error: try again later, or tell what was refused."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class NoAnswer(GatewayError):
    """bluetoothd (or another service) is there but gave no answer within CALL_LIMIT_S."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """`advertises`: its LEAdvertisingManager1 is there (up to 0.2 s after the adapter itself)."""

    name: str
    powered: bool
    advertises: bool


class SystemBus:
    """One connection to the system bus."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self.end = asyncio.create_task(self._until_end())
        """Done when the connection has ended, however it did."""

    async def call(self, path: str, interface: str, member: str, signature: str = "", *body: object) -> Any:  # noqa: ANN401 - any D-Bus type
        """The first value that BlueZ answers. Raises BlueZRefused, NoAnswer, RadioLost when the bus is gone."""
        return await self.ask(SERVICE, path, interface, member, signature, *body)

    async def add_match(self, rule: str) -> None:
        """Have the signals of `rule` sent to us. Raises RadioLost."""
        name = "org.freedesktop.DBus"
        try:
            await self.ask(name, "/org/freedesktop/DBus", name, "AddMatch", "s", f"type='signal',{rule}")
        except (BlueZRefused, NoAnswer) as error:
            raise RadioLost(f"the D-Bus system bus sends no signals: {error}") from error

    def on_message(self, handler: Callable[[Message], None]) -> None:
        """Have every message that comes in told to `handler`."""
        self._bus.add_message_handler(handler)

    def export(self, path: str, interface: ServiceInterface) -> None:
        """Offer an object of ours to BlueZ until the connection ends."""
        self._bus.export(path, interface)

    def unexport(self, path: str, interface: ServiceInterface) -> None:
        """Take back what was exported; nothing is left of it where the connection has ended."""
        if self._bus.connected:
            with suppress(OSError, EOFError):
                self._bus.unexport(path, interface)

    async def _until_end(self) -> None:
        with suppress(OSError, EOFError, DBusFastError):
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast left it untyped

    async def ask(self, to: str, path: str, interface: str, member: str, signature: str, *body: object) -> Any:  # noqa: ANN401 - any D-Bus type
        """As `call`, of the service `to`."""
        message = Message(
            destination=to,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
            flags=MessageFlag.NO_AUTOSTART,  # looking for a radio must not start one
        )
        if not self._bus.connected:
            raise RadioLost("the D-Bus system bus is gone")
        try:
            async with asyncio.timeout(CALL_LIMIT_S):
                reply = await self._bus.call(message)
        except TimeoutError as error:
            whose = "bluetoothd" if to == SERVICE else to
            raise NoAnswer(f"{whose} gave no answer to {member} in {CALL_LIMIT_S:g} s") from error
        except (OSError, EOFError, DBusFastError) as error:
            raise RadioLost(f"the D-Bus system bus is gone: {error}") from error
        if reply is None:  # dbus-fast's answer to a call that the end of the connection cut short
            raise RadioLost("the D-Bus system bus is gone")
        if reply.message_type is MessageType.ERROR:
            raise BlueZRefused(reply.error_name or "", str(reply.body[0]) if reply.body else "")
        return reply.body[0] if reply.body else None

    async def adapters(self) -> dict[str, Adapter]:
        """By name, in the kernel's order; empty without bluetoothd. Raises NoAnswer, RadioLost."""
        try:
            objects = await self.call("/", OBJECTS, "GetManagedObjects")
        except BlueZRefused:  # ServiceUnknown, or the service manager could not start it
            return {}
        found = [
            Adapter(path.rpartition("/")[2], bool(interfaces[ADAPTER]["Powered"].value), ADVERTISING in interfaces)
            for path, interfaces in objects.items()
            if ADAPTER in interfaces
        ]
        return {adapter.name: adapter for adapter in sorted(found, key=lambda a: (len(a.name), a.name))}

    async def set_powered(self, adapter: str, on: bool) -> None:
        """Raises BlueZRefused, NoAnswer, RadioLost."""
        await self.call(f"/org/bluez/{adapter}", PROPERTIES, "Set", "ssv", ADAPTER, "Powered", Variant("b", on))

    async def power_cycle(self, adapter: str) -> None:
        """Off and on: the last resort when the kernel's and bluetoothd's books differ. Raises RadioLost.

        Never leaves the adapter off while bluetoothd can be told otherwise, also when cancelled in between.
        """
        log.warning("adapter.power_cycled", adapter=adapter)
        try:
            await self.set_powered(adapter, False)
        except (BlueZRefused, NoAnswer) as error:
            log.warning("adapter.power_off_failed", adapter=adapter, error=str(error))
        finally:
            for _ in range(POWER_ON_ATTEMPTS):
                try:
                    await self.set_powered(adapter, True)
                    break
                except (BlueZRefused, NoAnswer) as error:
                    log.warning("adapter.power_on_failed", adapter=adapter, error=str(error))
                    await asyncio.sleep(1)


def plain(value: Any) -> Any:  # noqa: ANN401 - any D-Bus type
    """Without the Variants that D-Bus wraps around values."""
    if isinstance(value, Variant):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


@asynccontextmanager
async def system_bus() -> AsyncIterator[SystemBus]:
    """Connected until the end of the block. Raises RadioLost when there is no bus or it does not answer."""
    try:
        bus = MessageBus(bus_type=BusType.SYSTEM)
        async with asyncio.timeout(CALL_LIMIT_S):
            await bus.connect()
    except (OSError, EOFError, DBusFastError) as error:  # TimeoutError is an OSError
        raise RadioLost(f"no D-Bus system bus: {str(error) or type(error).__name__}") from error
    connection = SystemBus(bus)
    try:
        yield connection
    finally:
        bus.disconnect()
        await connection.end


async def find_adapters() -> tuple[str, ...]:
    """The names of the Bluetooth adapters; () without D-Bus, bluetoothd or adapter. Within 2 x CALL_LIMIT_S."""
    try:
        async with system_bus() as bus:
            return tuple(await bus.adapters())
    except (RadioLost, NoAnswer):
        return ()
