"""One scan through bleak, from its start to its end; it never tells that it has died, so others watch.

bleak starts and stops it and holds the connection. What is heard does not go through its callbacks but to us as it
comes from the bus: bleak makes objects of each advert and keeps books of each address (docs/decisions/0013).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from time import monotonic
from typing import Literal

import structlog
from bleak import BleakScanner
from bleak.args.bluez import BlueZScannerArgs, OrPattern
from bleak.assigned_numbers import AdvertisementDataType
from bleak.backends.bluezdbus.manager import get_global_bluez_manager
from bleak.exc import BleakDBusError, BleakError
from dbus_fast import Message
from dbus_fast.aio import MessageBus

from beacon_gateway.frames.ibeacon import IBEACONS
from beacon_gateway.radio.bluez import CALL_LIMIT_S
from beacon_gateway.radio.port import RadioLost
from beacon_gateway.radio.scan.reception import DEVICE

log = structlog.get_logger()

_IBEACONS = OrPattern(0, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, IBEACONS)


class StartRefused(Exception):
    """BlueZ or bleak did not start the scan: try again after a pause."""

    @property
    def busy(self) -> bool:
        return str(self) == "org.bluez.Error.InProgress"

    @property
    def no_passive(self) -> bool:
        """bluetoothd has no advertisement monitor: it was started without --experimental, or is too old."""
        return "passive scanning" in str(self)


@asynccontextmanager
async def scan(
    adapter: str,
    mode: Literal["active", "passive"],
    on_message: Callable[[Message], bool],
    *,
    patience_s: float,
    no_answer: Callable[[], None],
) -> AsyncIterator[None]:
    """Scanning during the block. Raises StartRefused; RadioLost when bluetoothd has not answered for `patience_s`.

    `on_message` is told every message of bleak's connection, and says whether it was about a device that is heard.
    """
    options = BlueZScannerArgs(adapter=adapter)
    if mode == "passive":
        options["or_patterns"] = [_IBEACONS]
    else:
        options["filters"] = {"DuplicateData": True}  # without it a frame that changes nothing is not told
    scanner = BleakScanner(scanning_mode=mode, bluez=options)
    with ExitStack() as hearing:

        async def start() -> None:
            bus = await _told_first(on_message)
            hearing.callback(bus.remove_message_handler, on_message)
            await scanner.start()

        await _start(start(), patience_s, no_answer)
        try:
            yield
        finally:
            await _stop(scanner)


async def _told_first(on_message: Callable[[Message], bool]) -> MessageBus:
    """bleak's connection, with `on_message` before bleak's own reading of it, to which no device comes any more."""
    manager = await get_global_bluez_manager()
    bus = manager._bus
    assert bus is not None  # for bleak has just connected
    others: tuple[Callable[[Message], bool | None], ...] = (_of_a_device, manager._parse_msg)
    for handler in others:
        bus.remove_message_handler(handler)
    for handler in (on_message, *others):
        bus.add_message_handler(handler)
    return bus


def _of_a_device(message: Message) -> bool:
    """Of an adapter on which nobody listens, or after the end of a scan: nothing to keep books of."""
    if message.member == "PropertiesChanged":
        return message.body[:1] == [DEVICE]
    return message.member == "InterfacesAdded" and len(message.body) == 2 and DEVICE in message.body[1]


async def _start(starting: Coroutine[None, None, None], patience_s: float, no_answer: Callable[[], None]) -> None:
    """A start under way is not cut short: its session would linger at bluetoothd, and all later ones be refused."""
    start = asyncio.create_task(starting)
    began = monotonic()
    try:
        while not (await asyncio.wait({start}, timeout=CALL_LIMIT_S))[0]:
            no_answer()
            if monotonic() - began >= patience_s:
                raise RadioLost(f"bluetoothd has not started a scan for {patience_s:g} s")
        await start
    except BleakDBusError as error:
        raise StartRefused(error.dbus_error) from error
    except (BleakError, OSError, EOFError) as error:  # a bus that died is a bare OSError
        raise StartRefused(str(error)) from error
    finally:
        start.cancel()


async def _stop(scanner: BleakScanner) -> None:
    """Swallows what a scan that died of a disturbance answers: it is thrown away whatever it says."""
    try:
        async with asyncio.timeout(CALL_LIMIT_S):
            await scanner.stop()
    except (BleakError, OSError, EOFError) as error:  # TimeoutError is an OSError
        log.debug("scanner.stop_failed", error=str(error))
