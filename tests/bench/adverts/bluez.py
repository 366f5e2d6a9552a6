"""Act as bluetoothd on a private bus: `python -m tests.bench.adverts.bluez RATE SECONDS TIMES_FILE`.

After the start of a scan each beacon appears (InterfacesAdded); its adverts follow as PropertiesChanged with RSSI and
ManufacturerData, as BlueZ 5.82 sends them to a scan with DuplicateData. It prints `begin` and `end` around the measured
adverts, and writes the time of each.
"""

import asyncio
import sys
from array import array
from pathlib import Path
from select import select
from time import monotonic, sleep

from dbus_fast import BusType, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from tests.bench.adverts.street import adverts, frames

ADAPTER_PATH = "/org/bluez/hci0"
WARM_UP_S = 2
ADAPTER = {
    "Address": Variant("s", "00:00:5E:00:53:00"),
    "Powered": Variant("b", True),
    "Discovering": Variant("b", False),
    "Name": Variant("s", "bench"),
    "Roles": Variant("as", ["central", "peripheral"]),
    "Modalias": Variant("s", "usb:v1D6Bp0246d0552"),
}
APPLE = 0x004C


def device_path(number: int) -> str:
    return f"{ADAPTER_PATH}/dev_00_00_5E_00_{number >> 8:02X}_{number & 255:02X}"


def appears(number: int, data: bytes, path: str = "") -> Message:
    """Return InterfacesAdded of a beacon. `path`: of another object than the numbered one."""
    path = path or device_path(number)
    address = path.rpartition("dev_")[2].replace("_", ":")
    device = {
        "Address": Variant("s", address),
        "AddressType": Variant("s", "random"),
        "Alias": Variant("s", address.replace(":", "-")),
        "Paired": Variant("b", False),
        "Connected": Variant("b", False),
        "UUIDs": Variant("as", []),
        "Adapter": Variant("o", ADAPTER_PATH),
        "RSSI": Variant("n", -60),
        "ManufacturerData": Variant("a{qv}", {APPLE: Variant("ay", data)}),
    }
    return Message(
        message_type=MessageType.SIGNAL,
        path="/",
        interface="org.freedesktop.DBus.ObjectManager",
        member="InterfacesAdded",
        signature="oa{sa{sv}}",
        body=[path, {"org.bluez.Device1": device}],
    )


def advert(number: int, rssi: int, data: bytes) -> Message:
    changed = {"RSSI": Variant("n", rssi), "ManufacturerData": Variant("a{qv}", {APPLE: Variant("ay", data)})}
    return Message(
        message_type=MessageType.SIGNAL,
        path=device_path(number),
        interface="org.freedesktop.DBus.Properties",
        member="PropertiesChanged",
        signature="sa{sv}as",
        body=["org.bluez.Device1", changed, []],
    )


class Signals:
    """A connection that only sends, and waits while the bus accepts nothing; dbus-fast would fail."""

    def __init__(self, bus: MessageBus) -> None:
        assert bus._sock is not None
        self._socket, self._serial = bus._sock, 1000

    def send(self, message: Message) -> None:
        self._serial += 1
        message.serial = self._serial
        left = memoryview(bytes(message._marshall(False)))
        while left:
            try:
                left = left[self._socket.send(left) :]
            except BlockingIOError:
                select([], [self._socket], [], 5.0)


async def start_bluez() -> tuple[MessageBus, Signals, asyncio.Event]:
    """Own org.bluez with one adapter. The event is set half a second after the start of a scan."""
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    signals = Signals(await MessageBus(bus_type=BusType.SYSTEM).connect())
    scanning = asyncio.Event()

    def answer(message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL or message.path is None:
            return None
        match message.member:
            case "GetManagedObjects":
                return Message.new_method_return(
                    message, "a{oa{sa{sv}}}", [{ADAPTER_PATH: {"org.bluez.Adapter1": ADAPTER}}]
                )
            case "Get":
                return Message.new_method_return(message, "v", [ADAPTER[message.body[1]]])
            case "GetAll":
                return Message.new_method_return(message, "a{sv}", [ADAPTER])
            case "StartDiscovery":
                asyncio.get_running_loop().call_later(0.5, scanning.set)
        return Message.new_method_return(message)

    bus.add_message_handler(answer)
    await bus.request_name("org.bluez")
    print("ready", flush=True)
    return bus, signals, scanning


async def main(rate: int, seconds: float, times_file: Path) -> None:
    data = frames(rate)
    warm_up = rate * WARM_UP_S
    messages = [advert(n, rssi, data[n]) for n, rssi in adverts(rate, warm_up + int(rate * seconds))]
    bus, signals, scanning = await start_bluez()
    await scanning.wait()
    for number, each in enumerate(data):
        signals.send(appears(number, each))
    await asyncio.sleep(0.5)
    sent = array("d")
    due = monotonic()
    for number, message in enumerate(messages):
        if number == warm_up:
            print("begin", flush=True)
            sleep(0.2)  # noqa: ASYNC251 - there is no other work
            due = monotonic()
        if (early := due - monotonic()) > 0:
            sleep(early)  # noqa: ASYNC251 - exact to the microsecond, unlike the timers of the loop
        if number >= warm_up:
            sent.append(monotonic())
        signals.send(message)
        await asyncio.sleep(0)
        due += 1 / rate
    await asyncio.sleep(0.5)
    print("end", flush=True)
    times_file.write_bytes(sent.tobytes())
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast left it untyped


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])))
