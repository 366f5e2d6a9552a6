"""Run one scan through bleak, which does not report that a scan has died; scan_loop watches for that.

bleak starts and stops the scan and owns the connection. Adverts do not pass through its callbacks but come directly
from the bus: bleak creates objects for each advert and stores data of each address (docs/decisions/0013).
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
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.scan.reception import DEVICE

log = structlog.get_logger()

_IBEACONS = OrPattern(0, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, IBEACONS)


class StartRefused(Exception):
    """BlueZ or bleak did not start the scan: retry after a pause."""

    @property
    def busy(self) -> bool:
        return str(self) == "org.bluez.Error.InProgress"

    @property
    def no_passive(self) -> bool:
        """Whether bluetoothd has no advertisement monitor: it runs without --experimental, or is too old."""
        return "passive scanning" in str(self)


@asynccontextmanager
async def scan(
    adapter: str,
    mode: Literal["active", "passive"],
    on_message: Callable[[Message], bool],
    *,
    call_limit_s: float,
    patience_s: float,
    on_no_answer: Callable[[], None],
) -> AsyncIterator[None]:
    """Scan during the block. Raise StartRefused; RadioLost if bluetoothd does not reply for `patience_s`.

    `on_message` receives every message of bleak's connection, and returns whether it was about a device of the adapter.
    `on_no_answer` is called after each `call_limit_s` without a reply.
    """
    options = BlueZScannerArgs(adapter=adapter)
    if mode == "passive":
        options["or_patterns"] = [_IBEACONS]
    else:
        options["filters"] = {"DuplicateData": True}  # without it a frame that changes nothing is not reported
    scanner = BleakScanner(scanning_mode=mode, bluez=options)
    with ExitStack() as handlers:

        async def start() -> None:
            bus = await _insert_handler(on_message)
            handlers.callback(bus.remove_message_handler, on_message)
            await scanner.start()

        await _start(start(), call_limit_s, patience_s, on_no_answer)
        try:
            yield
        finally:
            await _stop(scanner, call_limit_s)


async def _insert_handler(on_message: Callable[[Message], bool]) -> MessageBus:
    """Call `on_message` before bleak's own handler, and withhold devices from the latter; return bleak's connection."""
    manager = await get_global_bluez_manager()
    bus = manager._bus
    assert bus is not None  # for bleak has just connected
    others: tuple[Callable[[Message], bool | None], ...] = (_is_about_device, manager._parse_msg)
    for handler in others:
        bus.remove_message_handler(handler)
    for handler in (on_message, *others):
        bus.add_message_handler(handler)
    return bus


def _is_about_device(message: Message) -> bool:
    """Stop messages about devices of other adapters, or after the end of a scan: bleak would store them."""
    if message.member == "PropertiesChanged":
        return message.body[:1] == [DEVICE]
    return message.member == "InterfacesAdded" and len(message.body) == 2 and DEVICE in message.body[1]


async def _start(
    starting: Coroutine[None, None, None], call_limit_s: float, patience_s: float, on_no_answer: Callable[[], None]
) -> None:
    """Wait for a start. Cancelled early, its session would remain in bluetoothd, which then refuses every other."""
    start = asyncio.create_task(starting)
    began = monotonic()
    try:
        while not (await asyncio.wait({start}, timeout=call_limit_s))[0]:
            on_no_answer()
            if monotonic() - began >= patience_s:
                raise RadioLost(f"bluetoothd has not started a scan for {patience_s:g} s")
        await start
    except BleakDBusError as error:
        raise StartRefused(error.dbus_error) from error
    except (BleakError, OSError, EOFError) as error:  # a bus that died is a bare OSError
        raise StartRefused(str(error)) from error
    finally:
        start.cancel()


async def _stop(scanner: BleakScanner, call_limit_s: float) -> None:
    """Stop a scan and ignore errors: a scan that a disturbance ended cannot be stopped any more."""
    try:
        async with asyncio.timeout(call_limit_s):
            await scanner.stop()
    except (BleakError, OSError, EOFError) as error:  # TimeoutError is an OSError
        log.debug("scanner.stop_failed", error=str(error))
