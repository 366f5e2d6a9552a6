"""Call BlueZ over D-Bus within bounded time, and list its adapters.

Interfaces: bluez/doc/org.bluez.Adapter.rst and org.bluez.LEAdvertisingManager.rst of BlueZ 5.82.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from dbus_fast import BusType, DBusFastError, Message, MessageFlag, MessageType, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface

from beacon_gateway.errors import GatewayError
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.timings import DEFAULT_TIMINGS

SERVICE = "org.bluez"
ADAPTER = "org.bluez.Adapter1"
ADVERTISING = "org.bluez.LEAdvertisingManager1"
OBJECTS = "org.freedesktop.DBus.ObjectManager"
PROPERTIES = "org.freedesktop.DBus.Properties"
ACCESS_DENIED = "org.freedesktop.DBus.Error.AccessDenied"
"""The bus daemon's own error; it never reaches bluetoothd (D-Bus Specification, dbus-daemon(1): policy)."""


class BlueZRefused(GatewayError):
    """BlueZ (or D-Bus in its place) replied with an error: retry later, or report what was refused."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class AccessDenied(BlueZRefused):
    """The policy of D-Bus, or a security module of the kernel, does not let this user make the call."""


class NoAnswer(GatewayError):
    """bluetoothd (or another service) runs but did not reply within the call limit."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A Bluetooth adapter. `advertises`: it has LEAdvertisingManager1, which appears up to 0.2 s later."""

    name: str
    powered: bool
    advertises: bool


class _Connection(MessageBus):
    """MessageBus without "Future exception was never retrieved" for a call on a bus that has just died.

    dbus-fast then raises from the write, so that nothing awaits the futures of the write and of the reply.
    """

    async def call(self, msg: Message) -> Message:
        reply = self._create_future()
        self._call(msg, partial(self._reply_handler, reply))
        result: Message = await reply
        return result

    def send(self, msg: Message) -> asyncio.Future[Any]:  # type: ignore[override]  # as in the class above it
        msg.serial = msg.serial or self.next_serial()
        written = self._create_future()
        assert self._writer is not None  # for it is connected
        self._writer.schedule_write(msg, written)
        return written

    def _create_future(self) -> asyncio.Future[Any]:
        future = self._loop.create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())
        return future


class SystemBus:
    """A connection to the D-Bus system bus. `ended`: done when the connection has ended for any reason."""

    def __init__(self, bus: MessageBus, call_limit_s: float) -> None:
        self._bus = bus
        self._call_limit_s = call_limit_s
        self.ended = asyncio.create_task(self._wait_for_end())

    async def call(self, path: str, interface: str, member: str, signature: str = "", *body: object) -> Any:  # noqa: ANN401 - any D-Bus type
        """Return the first value of BlueZ's reply. Raise BlueZRefused, NoAnswer, or RadioLost if the bus has ended."""
        return await self.call_service(SERVICE, path, interface, member, signature, *body)

    async def call_service(
        self, service: str, path: str, interface: str, member: str, signature: str, *body: object
    ) -> Any:  # noqa: ANN401 - any D-Bus type
        """Call another service than BlueZ; as `call`."""
        message = Message(
            destination=service,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=list(body),
            flags=MessageFlag.NO_AUTOSTART,  # looking for a radio must not start bluetoothd
        )
        if not self._bus.connected:
            raise RadioLost("the D-Bus system bus is gone")
        try:
            async with asyncio.timeout(self._call_limit_s):
                reply = await self._bus.call(message)
        except TimeoutError as error:
            name = "bluetoothd" if service == SERVICE else service
            raise NoAnswer(f"{name} gave no answer to {member} in {self._call_limit_s:g} s") from error
        except (OSError, EOFError, DBusFastError) as error:
            raise RadioLost(f"the D-Bus system bus is gone: {error}") from error
        if reply is None:  # dbus-fast's reply to a call that the end of the connection interrupted
            raise RadioLost("the D-Bus system bus is gone")
        if reply.message_type is MessageType.ERROR:
            name = reply.error_name or ""
            refusal = AccessDenied if name == ACCESS_DENIED else BlueZRefused
            raise refusal(name, str(reply.body[0]) if reply.body else "")
        return reply.body[0] if reply.body else None

    async def subscribe(self, rule: str) -> None:
        """Receive the signals that match `rule`. Raise RadioLost."""
        name = "org.freedesktop.DBus"
        try:
            await self.call_service(name, "/org/freedesktop/DBus", name, "AddMatch", "s", f"type='signal',{rule}")
        except (BlueZRefused, NoAnswer) as error:
            raise RadioLost(f"the D-Bus system bus sends no signals: {error}") from error

    def on_message(self, handler: Callable[[Message], None]) -> None:
        """Call `handler` for every received message."""
        self._bus.add_message_handler(handler)

    def export(self, path: str, interface: ServiceInterface) -> None:
        """Offer an object to BlueZ until the connection ends."""
        self._bus.export(path, interface)

    def unexport(self, path: str, interface: ServiceInterface) -> None:
        """Withdraw an exported object. Do nothing if the connection has ended."""
        if self._bus.connected:
            with suppress(OSError, EOFError):
                self._bus.unexport(path, interface)

    async def list_adapters(self) -> dict[str, Adapter]:
        """Return the adapters by name, in the kernel's order; empty without bluetoothd.

        Raise AccessDenied, NoAnswer, RadioLost.
        """
        try:
            objects = await self.call("/", OBJECTS, "GetManagedObjects")
        except AccessDenied:
            raise
        except BlueZRefused:  # ServiceUnknown, or the service manager could not start it
            return {}
        adapters = [
            Adapter(path.rpartition("/")[2], bool(interfaces[ADAPTER]["Powered"].value), ADVERTISING in interfaces)
            for path, interfaces in objects.items()
            if ADAPTER in interfaces
        ]
        return {adapter.name: adapter for adapter in sorted(adapters, key=lambda a: (len(a.name), a.name))}

    async def bluetoothd_runs(self) -> bool:
        """Return whether bluetoothd has its name on the bus; True if the bus does not say. Raise RadioLost."""
        bus = "org.freedesktop.DBus"
        try:
            return bool(await self.call_service(bus, "/org/freedesktop/DBus", bus, "NameHasOwner", "s", SERVICE))
        except (BlueZRefused, NoAnswer):
            return True

    async def set_powered(self, adapter: str, on: bool) -> None:
        """Switch an adapter. Raise BlueZRefused, NoAnswer, RadioLost."""
        await self.call(f"/org/bluez/{adapter}", PROPERTIES, "Set", "ssv", ADAPTER, "Powered", Variant("b", on))

    async def _wait_for_end(self) -> None:
        with suppress(OSError, EOFError, DBusFastError):
            await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast left it untyped


def unwrap_variants(value: Any) -> Any:  # noqa: ANN401 - any D-Bus type
    """Return `value` without the Variants that D-Bus puts around values."""
    if isinstance(value, Variant):
        return unwrap_variants(value.value)
    if isinstance(value, dict):
        return {key: unwrap_variants(one) for key, one in value.items()}
    return [unwrap_variants(one) for one in value] if isinstance(value, list) else value


@asynccontextmanager
async def system_bus(call_limit_s: float = DEFAULT_TIMINGS.call_limit_s) -> AsyncIterator[SystemBus]:
    """Connect to the system bus for the block. Raise RadioLost if there is no bus or it does not reply."""
    bus: MessageBus | None = None
    try:
        bus = _Connection(bus_type=BusType.SYSTEM)
        async with asyncio.timeout(call_limit_s):
            await bus.connect()
    except (OSError, EOFError, DBusFastError) as error:  # TimeoutError is an OSError
        if bus is not None:
            bus.disconnect()
        raise RadioLost(f"no D-Bus system bus: {str(error) or type(error).__name__}") from error
    connection = SystemBus(bus, call_limit_s)
    try:
        yield connection
    finally:
        bus.disconnect()
        await connection.ended
