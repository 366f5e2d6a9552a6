"""beacon-gateway first-boot: set the device up from the enrolment bundle on its boot partition, without input."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from beacon_gateway.setup.bundle_file import find_backup, find_bundle
from beacon_gateway.setup.first_boot import (
    PASSING,
    Device,
    FirstBootStopped,
    read_rotation,
    run_first_boot,
    start_services,
)
from beacon_gateway.setup.first_boot_screen import FirstBootScreen, screen_address
from beacon_gateway.store.first_boot_progress import Step
from daemonkit import logs
from daemonkit.sd_notify import Notifier
from daemonkit.web import serving

log = structlog.get_logger()
FAILURE, TRY_AGAIN = 1, 75
KIOSK = "beacon-kiosk.service"


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds until a passing fault is tried again, and between looks at a refused bundle."""

    again_s: float = 10.0
    look_s: float = 2.0


_WAITS = Waits()


def run(device: Device, active: Path, waits: Waits = _WAITS, start: Callable[[Device], None] = start_services) -> int:
    """Return 0 when the services were started, 75 after SIGTERM. `active`: exists meanwhile, see the unit."""
    logs.configure()
    return asyncio.run(_run(device, active, waits, start))


async def _run(device: Device, active: Path, waits: Waits, start: Callable[[Device], None]) -> int:
    screen = FirstBootScreen(rotation=read_rotation(device))
    notifier, stop = Notifier.from_environment(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    active.touch()
    try:
        async with AsyncExitStack() as stack:
            url = await _serve(screen, device.config, stack)
            notifier.ready(url=url)
            await _show_on_screen()
            if not await _complete(device, screen, waits, stop):
                return TRY_AGAIN
    finally:
        active.unlink(missing_ok=True)
    # The address and the mark are free: the gateway may start.
    try:
        await asyncio.to_thread(start, device)
    except FirstBootStopped as stopped:
        log.error("first_boot.stopped", fault=stopped.fault, detail=stopped.detail)
        return FAILURE
    log.info("first_boot.completed")
    return 0


async def _serve(screen: FirstBootScreen, config: Path, stack: AsyncExitStack) -> str:
    """Serve the page; set the device up without it if the address is taken."""
    kiosk = screen_address(config)
    try:
        return await stack.enter_async_context(serving(screen.app(kiosk), kiosk.host, kiosk.port))
    except OSError as error:
        log.warning("first_boot.no_screen", reason=str(error))
        return ""


async def _show_on_screen() -> None:
    """Start the kiosk's browser. The gateway, which it requires, skips its start while the mark exists."""
    with suppress(OSError):
        process = await asyncio.create_subprocess_exec("systemctl", "start", "--no-block", KIOSK)
        await process.wait()


async def _complete(device: Device, screen: FirstBootScreen, waits: Waits, stop: asyncio.Event) -> bool:
    """Repeat until every step is done; return False when stopped. A refused bundle is not sent again."""
    loop = asyncio.get_running_loop()

    def report(step: Step, hall: str) -> None:
        log.info("first_boot.step", step=step.value)
        loop.call_soon_threadsafe(screen.show_step, step, hall)

    while not stop.is_set():
        try:
            await asyncio.to_thread(run_first_boot, device, report)
        except FirstBootStopped as stopped:
            log.warning("first_boot.stopped", fault=stopped.fault, detail=stopped.detail)
            screen.show_fault(stopped.fault, stopped.detail)
            if stopped.fault in PASSING:
                await _wait(stop, waits.again_s)
            else:
                await _wait_for_other_bundle(device, stop, waits.look_s)
        else:
            return True
    return False


async def _wait_for_other_bundle(device: Device, stop: asyncio.Event, look_s: float) -> None:
    refused = _content(device)
    while not stop.is_set() and _content(device) == refused:
        await _wait(stop, look_s)


def _content(device: Device) -> tuple[bytes, str, int]:
    """Return what a person may exchange: the bundle, and name and time of the backup beside it."""
    path, backup = find_bundle(device.boot_folders), find_backup(device.boot_folders)
    with suppress(OSError):
        content = path.read_bytes() if path else b""
        return (content, backup.name, backup.stat().st_mtime_ns) if backup else (content, "", 0)
    return (b"", "", 0)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
