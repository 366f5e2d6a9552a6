"""BlueZ: with DuplicateData the controller still filters duplicates.

A controller that follows this strictly reports a beacon once in each scan of 10.24 s. While an advertisement monitor is
registered, whatever its patterns, the kernel requests no filter.
"""

import asyncio

from bleak import BleakScanner
from bleak.args.bluez import BlueZScannerArgs, OrPattern
from bleak.assigned_numbers import AdvertisementDataType

SCAN_S = 2
PATTERN = OrPattern(0, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, b"\x4c\x00")


def scanner(*, passive: bool = False) -> BleakScanner:
    options = BlueZScannerArgs(adapter="hci1", filters={"DuplicateData": True})
    if passive:
        options = BlueZScannerArgs(adapter="hci1", or_patterns=[PATTERN])
    return BleakScanner(
        lambda _device, _advertisement: None, scanning_mode="passive" if passive else "active", bluez=options
    )


async def read_filter_commands() -> list[str]:
    """Return btmon's lines about the filter at each start of an active scan."""
    btmon = await asyncio.create_subprocess_exec("btmon", stdout=asyncio.subprocess.PIPE)
    await asyncio.sleep(0.5)
    async with scanner():
        await asyncio.sleep(SCAN_S)
        btmon.terminate()
        out, _ = await btmon.communicate()
    return [line.strip() for line in out.decode().splitlines() if "Filter duplicates:" in line]


async def main() -> None:
    alone = await read_filter_commands()
    async with scanner(passive=True):
        await asyncio.sleep(0.5)
        with_monitor = await read_filter_commands()
    print(f"DuplicateData: {alone}; with a monitor: {with_monitor}")
    assert alone[-1] == "Filter duplicates: Enabled (0x01)"
    assert with_monitor[-1] == "Filter duplicates: Disabled (0x00)"
    print("SEEN")


asyncio.run(main())
