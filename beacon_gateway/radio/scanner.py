"""Sightings from BlueZ through bleak, with supervision of its own.

bleak never tells that a running scan has died (bluetoothd restarted, adapter switched off and on, pulled and back): it
falls silent for good. So every signal that tells of such a thing, and a long silence, give a new BleakScanner.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Literal

import structlog
from bleak import BleakScanner
from bleak.args.bluez import BlueZScannerArgs, OrPattern
from bleak.assigned_numbers import AdvertisementDataType
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakDBusError, BleakError

from beacon_gateway.frames import decode
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.bluez import CALL_LIMIT_S, SystemBus, system_bus
from beacon_gateway.radio.port import RadioLost
from beacon_gateway.radio.watch import Watch, usable_adapter, watch_radio

log = structlog.get_logger()

PAUSE_FIRST_S = 0.2
PAUSE_CAP_S = 5.0
BUSY_PAUSE_S = 0.5
KERNEL_SCAN_S = 15.0
"""After bluetoothd was killed the kernel ends its scan by itself, 10.24 s after it began; until then: InProgress."""
POWER_CYCLE_EVERY_S = 600.0

_RSSI_NOT_AVAILABLE = 127  # Core Specification 5.4, Vol 4 Part E 7.7.65.2
_RSSI_MISSING = -127  # bleak's word for a Device1 without RSSI: BlueZ told something else than a frame
_IBEACONS = OrPattern(0, AdvertisementDataType.MANUFACTURER_SPECIFIC_DATA, b"\x4c\x00\x02\x15")


class _StartRefused(Exception):
    @property
    def busy(self) -> bool:
        return str(self) == "org.bluez.Error.InProgress"


class BlueZScanner:
    """`adapter`: e.g. hci0, None for the first that is on. `silence_s`: nothing heard for so long renews the scan.

    `passive` hears a beacon's first frame and then only great changes (BlueZ's monitor), and needs bluetoothd
    --experimental: it saves power but cannot tell "still there". `patience_s`: without an adapter, until RadioLost.
    """

    name = "bluez"

    def __init__(
        self,
        adapter: str | None,
        *,
        mode: Literal["active", "passive"] = "active",
        silence_s: float = 60.0,
        patience_s: float = 60.0,
    ) -> None:
        self._wanted = adapter
        self._mode = mode
        self._silence_s = silence_s
        self._patience_s = patience_s
        self._adapter: str | None = None
        self._state = "starting"
        self._heard_at: float | None = None
        self._frames = 0
        self._foreign = 0
        self._rebuilds: Counter[str] = Counter()
        self._last_why: str | None = None
        self._starts_refused = 0
        self._refused: str | None = None
        self._busy_since: float | None = None
        self._cycle_not_before = 0.0

    async def hear(self, tell: Callable[[Sighting], None]) -> None:
        """Until cancelled. Raises RadioLost when the bus is gone, or no adapter is there for `patience_s`."""
        async with system_bus() as bus:
            watch = await watch_radio(bus, scans=True)
            pause_s = PAUSE_FIRST_S
            while True:
                adapter = self._adapter = await usable_adapter(
                    bus,
                    watch,
                    self._wanted,
                    advertising=False,
                    patience_s=self._patience_s,
                    tell_state=self._enter,
                )
                try:
                    self._count_rebuild(await self._scan(adapter, watch, tell))
                    pause_s = PAUSE_FIRST_S
                except _StartRefused as refused:
                    pause_s = BUSY_PAUSE_S if refused.busy else min(2 * pause_s, PAUSE_CAP_S)
                    await self._on_refusal(bus, adapter, refused)
                await asyncio.sleep(pause_s)

    def describe(self) -> dict[str, object]:
        """`state`: hearing, listening (nothing heard yet), silent, starting, refused, off, no_adapter, no_answer.

        `last_why`: why the scan was last renewed; `refused`: what its start is refused with now.
        """
        age = None if self._heard_at is None else monotonic() - self._heard_at
        state = self._state
        if state == "listening" and age is not None and age < self._silence_s:
            state = "hearing"
        elif state == "listening" and self._last_why == "silence":
            state = "silent"
        return {
            "state": state,
            "adapter": self._adapter or self._wanted,
            "mode": self._mode,
            "last_heard_s": None if age is None else round(age, 1),
            "frames": self._frames,
            "foreign": self._foreign,
            "rebuilds": sum(self._rebuilds.values()),
            "rebuilds_why": dict(self._rebuilds),
            "last_why": self._last_why,
            "starts_refused": self._starts_refused,
            "refused": self._refused,
        }

    async def _scan(self, adapter: str, watch: Watch, tell: Callable[[Sighting], None]) -> str:
        """One BleakScanner's life; why it ended. Raises _StartRefused."""
        fault: list[Exception] = []

        def on_advert(_device: BLEDevice, data: AdvertisementData) -> None:
            try:
                self._on_advert(adapter, data, tell)
            except Exception as error:  # noqa: BLE001 - dbus-fast would log it and go on; it must end the stage
                fault.append(error)
                watch.mark("fault")

        options = BlueZScannerArgs(adapter=adapter)
        if self._mode == "passive":
            options["or_patterns"] = [_IBEACONS]
        else:
            options["filters"] = {"DuplicateData": True}  # without it a frame that changes nothing is not told
        scanner = BleakScanner(on_advert, scanning_mode=self._mode, bluez=options)
        await self._start(scanner)
        self._refused = self._busy_since = None
        self._enter("listening")
        try:
            why = await self._until_disturbed(watch)
        finally:
            self._enter("starting")
            await _stop(scanner)
        if fault:
            raise fault[0]
        return why

    async def _start(self, scanner: BleakScanner) -> None:
        """A start under way is not cut short: its session would linger at bluetoothd, and all later ones be refused."""
        start = asyncio.create_task(scanner.start())
        began = monotonic()
        try:
            while not (await asyncio.wait({start}, timeout=CALL_LIMIT_S))[0]:
                self._enter("no_answer")
                if monotonic() - began >= self._patience_s:
                    raise RadioLost(f"bluetoothd has not started a scan for {self._patience_s:g} s")
            await start
        except BleakDBusError as error:
            raise _StartRefused(error.dbus_error) from error
        except (BleakError, OSError, EOFError) as error:  # a bus that died is a bare OSError
            raise _StartRefused(str(error)) from error
        finally:
            start.cancel()

    async def _on_refusal(self, bus: SystemBus, adapter: str, refused: _StartRefused) -> None:
        """Power cycle an adapter that says InProgress for longer than the kernel's own scan can last."""
        if self._refused != str(refused):
            log.warning("scanner.refused", why=str(refused), adapter=adapter)
        self._starts_refused += 1
        self._refused = str(refused)
        self._enter("refused")
        now = monotonic()
        if not refused.busy:
            self._busy_since = None
        elif self._busy_since is None:
            self._busy_since = now
        elif now - self._busy_since >= KERNEL_SCAN_S and now >= self._cycle_not_before:
            self._cycle_not_before = now + POWER_CYCLE_EVERY_S
            await bus.power_cycle(adapter)

    async def _until_disturbed(self, watch: Watch) -> str:
        quiet_since = monotonic()
        while True:
            if self._heard_at is not None:
                quiet_since = max(quiet_since, self._heard_at)
            left_s = quiet_since + self._silence_s - monotonic()
            if left_s <= 0:
                return "silence"
            if why := await watch.wait(left_s):
                return why

    def _on_advert(self, adapter: str, data: AdvertisementData, tell: Callable[[Sighting], None]) -> None:
        if data.rssi == _RSSI_MISSING:
            return
        self._heard_at = now = monotonic()
        frame = decode(data.manufacturer_data)
        if frame is None:
            self._foreign += 1
            return
        self._frames += 1
        rssi = None if data.rssi == _RSSI_NOT_AVAILABLE else data.rssi
        tell(Sighting(frame.beacon, rssi, now, frame.measured_power, adapter))

    def _enter(self, state: str) -> None:
        if state != self._state:
            log.debug("scanner.state", state=state, adapter=self._adapter or self._wanted)
        self._state = state

    def _count_rebuild(self, why: str) -> None:
        self._rebuilds[why] += 1
        if why != self._last_why:  # a quiet site renews its scan for ever: said once
            log.info("scanner.renewed", why=why, adapter=self._adapter)
        self._last_why = why


async def _stop(scanner: BleakScanner) -> None:
    """Swallows what a scan that died of a disturbance answers: it is thrown away whatever it says."""
    try:
        async with asyncio.timeout(CALL_LIMIT_S):
            await scanner.stop()
    except (BleakError, OSError, EOFError) as error:  # TimeoutError is an OSError
        log.debug("scanner.stop_failed", error=str(error))
