"""A fake bluetoothd on a private bus, for what the real one does only when it is broken.

The radio lab tests against the real one.
"""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

ADAPTER_PATH = "/org/bluez/hci0"
MANAGED = "GetManagedObjects"


class FakeBlueZ:
    """One adapter or more, and one device in range. Tests change the public attributes at any time.

    `errors`: D-Bus member to (error name, text) of the reply; `unanswered`: members without a reply; `calls`: time
    (monotonic seconds) and member; `remembered`: devices by path. `experimental`: has advertisement monitors, which it
    activates if `activates`; `monitor_stuck`: accepts none until the adapter is switched off.
    """

    def __init__(self, bus: MessageBus) -> None:
        self.powered = True
        self.adapters: tuple[str, ...] = ("hci0",)
        self.errors: dict[str, tuple[str, str]] = {}
        self.unanswered: set[str] = set()
        self.calls: list[tuple[float, str]] = []
        self.filters: dict[str, Variant] = {}
        self.remembered: dict[str, dict[str, Variant]] = {}
        self.experimental = False
        self.activates = True
        self.monitor_stuck = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._bus = bus
        bus.add_message_handler(self._on_message)

    async def report_advert(self, manufacturer_data: bytes, rssi: int | None = -60, *, adapter: str = "hci0") -> None:
        """Report an advert of the device."""
        properties = {
            "Adapter": Variant("o", f"/org/bluez/{adapter}"),
            "Address": Variant("s", "C0:00:00:00:00:01"),
            "Alias": Variant("s", "C0-00-00-00-00-01"),
            "ManufacturerData": Variant("a{qv}", {0x004C: Variant("ay", manufacturer_data)}),
        }
        if rssi is not None:
            properties["RSSI"] = Variant("n", rssi)
        body = [f"/org/bluez/{adapter}/dev_C0_00_00_00_00_01", {"org.bluez.Device1": properties}]
        await self._signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "oa{sa{sv}}", body)

    async def plug(self, adapter: str) -> None:
        self.adapters += (adapter,)
        body = [f"/org/bluez/{adapter}", {"org.bluez.Adapter1": {"Powered": Variant("b", True)}}]
        await self._signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded", "oa{sa{sv}}", body)

    async def unplug(self, adapter: str) -> None:
        self.adapters = tuple(name for name in self.adapters if name != adapter)
        body = [f"/org/bluez/{adapter}", ["org.bluez.Adapter1"]]
        await self._signal("/", "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved", "oas", body)

    async def restart(self) -> None:
        """Release the name and request it again, as when bluetoothd is killed and started."""
        await self._bus.release_name("org.bluez")
        await self._bus.request_name("org.bluez")

    async def change_adapter(self, path: str = ADAPTER_PATH, **properties: Variant) -> None:
        """Signal that properties of Adapter1 have changed."""
        body = ["org.bluez.Adapter1", properties, []]
        await self._signal(path, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", body)

    def times_of(self, member: str) -> list[float]:
        return [at for at, called in self.calls if called == member]

    def count(self, member: str) -> int:
        return len(self.times_of(member))

    async def activate_monitor(self, client: str, path: str) -> None:
        accepted = self.activates and not self.monitor_stuck
        call = Message(client, path, "org.bluez.AdvertisementMonitor1", "Activate" if accepted else "Release")
        while (reply := await self._bus.call(call)) and reply.message_type is MessageType.ERROR:
            await asyncio.sleep(0.02)  # the object is exported after it is registered

    async def send(self, message: Message) -> None:
        """Send any signal."""
        await self._bus.send(message)

    async def _signal(self, path: str, interface: str, member: str, signature: str, body: Sequence[object]) -> None:
        await self._bus.send(Message.new_signal(path, interface, member, signature, list(body)))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Cancel pending signals: the bus is about to be closed."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _on_message(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL or message.member is None:
            return None
        self.calls.append((monotonic(), message.member))
        if message.member in self.unanswered:
            return True
        if message.member in self.errors:
            return Message.new_error(message, *self.errors[message.member])
        if message.interface == "org.bluez.AdvertisementMonitorManager1" and not self.experimental:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", "No such interface")
        if message.member == "RegisterMonitor":
            self._start(self.activate_monitor(message.sender or "", message.body[0]))
        if message.member == MANAGED:
            adapter = {"Powered": Variant("b", self.powered), "Roles": Variant("as", ["central", "peripheral"])}
            interfaces: dict[str, dict[str, Variant]] = {
                "org.bluez.Adapter1": adapter,
                "org.bluez.LEAdvertisingManager1": {},
            }
            objects = {f"/org/bluez/{name}": interfaces for name in self.adapters}
            objects |= {path: {"org.bluez.Device1": properties} for path, properties in self.remembered.items()}
            return Message.new_method_return(message, "a{oa{sa{sv}}}", [objects])
        if message.member == "GetAll":
            return Message.new_method_return(message, "a{sv}", [{}])
        if message.member == "RemoveDevice":
            del self.remembered[message.body[0]]
        if message.member == "SetDiscoveryFilter":
            self.filters = message.body[0]
        if message.member == "Set":
            self.powered = message.body[2].value
            self.monitor_stuck = self.monitor_stuck and self.powered
            self._start(self.change_adapter(message.path or "", Powered=message.body[2]))
        return Message.new_method_return(message)


@dataclass(frozen=True, slots=True)
class PrivateBus:
    """A D-Bus daemon for one test."""

    address: str
    process: asyncio.subprocess.Process
    config: Path

    def deny(self, rule: str) -> None:
        """Let the policy deny what matches the attributes `rule`, none if empty, from now on."""
        _write_policy(self.config, self.address, f"<deny {rule}/>" if rule else "")
        self.process.send_signal(signal.SIGHUP)


def _write_policy(config: Path, address: str, denial: str = "") -> None:
    config.write_text(
        "<busconfig><type>system</type>"
        f"<listen>{address}</listen><auth>EXTERNAL</auth>"
        '<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>'
        f'<allow own="*"/><allow user="*"/>{denial}</policy></busconfig>'
    )


@asynccontextmanager
async def private_bus(folder: Path) -> AsyncIterator[PrivateBus]:
    address = f"unix:path={folder}/bus"
    config = folder / "bus.conf"
    _write_policy(config, address)
    words = [f"--config-file={config}", "--nofork", "--nopidfile", "--print-address"]
    process = await asyncio.create_subprocess_exec(
        "dbus-daemon", *words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        assert await process.stdout.readline(), "dbus-daemon did not start"
        yield PrivateBus(address, process, config)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


@asynccontextmanager
async def fake_bluez(address: str) -> AsyncIterator[FakeBlueZ]:
    bus = await MessageBus(bus_address=address, bus_type=BusType.SYSTEM).connect()
    fake = FakeBlueZ(bus)
    await bus.request_name("org.bluez")
    try:
        yield fake
    finally:
        await fake.end()
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast left it untyped
