"""Act as bluetoothd while a crowd of random addresses passes: `python -m tests.bench.adverts.flood RATE COUNT`.

Each address appears once with its own data; one in three is an iBeacon. After REMOVED_S BlueZ forgets it
(TemporaryTimeout of main.conf). It prints `begin` and `end`.
"""

import asyncio
import sys
from random import Random
from time import monotonic

from dbus_fast import Message, MessageType

from tests.bench.adverts.bluez import ADAPTER_PATH, advert, appears, start_bluez
from tests.bench.adverts.street import frames

REMOVED_S = 30
AT_ONCE = 20
WALL_PER_S = 10
"""Adverts a second of our beacon in between."""


def path(number: int) -> str:
    digits = f"{0x400000000000 + number * 7919:012X}"
    return f"{ADAPTER_PATH}/dev_" + "_".join(digits[place : place + 2] for place in range(0, 12, 2))


def removed(number: int) -> Message:
    return Message(
        message_type=MessageType.SIGNAL,
        path="/",
        interface="org.freedesktop.DBus.ObjectManager",
        member="InterfacesRemoved",
        signature="oas",
        body=[path(number), ["org.bluez.Device1"]],
    )


async def main(rate: int, count: int) -> None:
    bus, signals, scanning = await start_bluez()
    await scanning.wait()
    print("begin", flush=True)
    draw, due = Random(1), monotonic()
    (wall,) = frames(1)
    signals.send(appears(0, wall))
    for number in range(count):
        if number % (rate // WALL_PER_S) == 0:
            signals.send(advert(0, -60 - number % 5, wall))
        data = (b"\x02\x15" if number % 3 == 0 else draw.randbytes(2)) + draw.randbytes(21)
        signals.send(appears(number, data, path(number)))
        if number >= rate * REMOVED_S:
            signals.send(removed(number - rate * REMOVED_S))
        if number % AT_ONCE == 0:
            due += AT_ONCE / rate
            await asyncio.sleep(max(0.0, due - monotonic()))
    print("end", flush=True)
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast left it untyped


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
