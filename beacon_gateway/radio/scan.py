"""One scan through bleak, from its start to its end; it never tells that it has died, so others watch."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic
from typing import Literal

import structlog
from bleak import BleakScanner
from bleak.args.bluez import BlueZScannerArgs, OrPattern
from bleak.assigned_numbers import AdvertisementDataType
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakDBusError, BleakError

from beacon_gateway.frames.ibeacon import IBEACONS
from beacon_gateway.radio.bleak_books import Books, books_of
from beacon_gateway.radio.bluez import CALL_LIMIT_S
from beacon_gateway.radio.port import RadioLost

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
    on_advert: Callable[[AdvertisementData], None],
    *,
    patience_s: float,
    no_answer: Callable[[], None],
    keeps: Callable[[AdvertisementData], bool],
) -> AsyncIterator[None]:
    """Scanning during the block. Raises StartRefused; RadioLost when bluetoothd has not answered for `patience_s`.

    `keeps`: of which addresses more is remembered than a moment, when there are very many.
    """
    books: Books | None = None

    def heard(_device: BLEDevice, data: AdvertisementData) -> None:
        on_advert(data)
        if books is not None:
            books.tidy()

    options = BlueZScannerArgs(adapter=adapter)
    if mode == "passive":
        options["or_patterns"] = [_IBEACONS]
    else:
        options["filters"] = {"DuplicateData": True}  # without it a frame that changes nothing is not told
    scanner = BleakScanner(heard, scanning_mode=mode, bluez=options)
    await _start(scanner, patience_s, no_answer)
    try:
        books = await books_of(scanner, keeps)
        yield
    finally:
        await _stop(scanner)


async def _start(scanner: BleakScanner, patience_s: float, no_answer: Callable[[], None]) -> None:
    """A start under way is not cut short: its session would linger at bluetoothd, and all later ones be refused."""
    start = asyncio.create_task(scanner.start())
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
