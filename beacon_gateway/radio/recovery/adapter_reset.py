"""Power cycle an adapter, reset it through the kernel or systemd, and restart bluetoothd.

polkit allows this user exactly the two systemd jobs: see systemd/beacon-radio-reset@.service and
systemd/50-beacon-gateway.rules. Interface: org.freedesktop.systemd1(5), Manager.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from time import monotonic

import structlog
from dbus_fast import Message, MessageType

from beacon_gateway.radio.bluez_bus import BlueZRefused, NoAnswer, SystemBus, system_bus
from beacon_gateway.radio.ports import HelperRefused, RadioLost

log = structlog.get_logger()

POWER_ON_ATTEMPTS = 5
RESTARTS_APART_S = 60.0
_SYSTEMD = "org.freedesktop.systemd1"
_MANAGER = "org.freedesktop.systemd1.Manager"
_PATH = "/org/freedesktop/systemd1"
_ADAPTER = re.compile(r"hci[0-9]{1,3}")
_REASONS = {
    "org.freedesktop.DBus.Error.ServiceUnknown": "systemd is not on the bus",
    "org.freedesktop.DBus.Error.NameHasNoOwner": "systemd is not on the bus",
    "org.freedesktop.DBus.Error.AccessDenied": "polkit does not allow {unit}: is 50-beacon-gateway.rules installed?",
    "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired": (
        "polkit does not allow {unit}: is 50-beacon-gateway.rules installed?"
    ),
    "org.freedesktop.systemd1.NoSuchUnit": "{unit} is not installed",
}


async def power_cycle(bus: SystemBus, adapter: str) -> None:
    """Switch the adapter off and on through BlueZ, for when kernel and bluetoothd disagree. Raise RadioLost.

    The adapter is switched on again even if this is cancelled in between.
    """
    log.warning("adapter.power_cycled", adapter=adapter)
    try:
        await bus.set_powered(adapter, False)
    except (BlueZRefused, NoAnswer) as error:
        log.warning("adapter.power_off_failed", adapter=adapter, error=str(error))
    finally:
        for _ in range(POWER_ON_ATTEMPTS):
            try:
                await bus.set_powered(adapter, True)
                break
            except (BlueZRefused, NoAnswer) as error:
                log.warning("adapter.power_on_failed", adapter=adapter, error=str(error))
                await asyncio.sleep(1)


class NoHelper:
    """RadioHelper without any privilege."""

    async def restart_bluetoothd(self) -> None:
        raise HelperRefused("no privileged helper")

    async def reset(self, adapter: str) -> None:
        raise HelperRefused("no privileged helper")

    async def reset_hardware(self, adapter: str) -> None:
        raise HelperRefused("no privileged helper")


class PrivilegedHelper:
    """RadioHelper for all adapters that uses systemd over D-Bus, and the kernel through the radio helper.

    Either may be missing. It takes one step at a time, and a restart of bluetoothd for one adapter serves all.
    `kernel_reset`: as RadioHelper.reset. `job_limit_s`: systemd kills a bluetoothd that hangs after 90 s
    (DefaultTimeoutStopSec).
    """

    def __init__(self, kernel_reset: Callable[[str], Awaitable[None]], *, job_limit_s: float = 120.0) -> None:
        self._kernel_reset = kernel_reset
        self._job_limit_s = job_limit_s
        self._lock = asyncio.Lock()
        self._restarted_at = float("-inf")

    async def restart_bluetoothd(self) -> None:
        async with self._lock:
            if monotonic() - self._restarted_at < RESTARTS_APART_S:
                return  # just restarted for another adapter: wait for its effect
            await self._run_job("RestartUnit", "bluetooth.service")
            self._restarted_at = monotonic()

    async def reset(self, adapter: str) -> None:
        async with self._lock:
            await self._kernel_reset(adapter)
        log.warning("radio.adapter_reset", adapter=adapter, by="kernel")

    async def reset_hardware(self, adapter: str) -> None:
        if not _ADAPTER.fullmatch(adapter):
            raise HelperRefused(f"{adapter} is no adapter's name")
        async with self._lock:
            await self._run_job("StartUnit", f"beacon-radio-reset@{adapter}.service")

    async def _run_job(self, member: str, unit: str) -> None:
        """Run a systemd job for `unit`. Raise HelperRefused unless it succeeds within the limit."""
        try:
            async with system_bus() as bus:
                results = await _subscribe_job_results(bus)
                job = await bus.call_service(_SYSTEMD, _PATH, _MANAGER, member, "ss", unit, "replace")
                async with asyncio.timeout(self._job_limit_s):
                    while (result := await results.get())[0] != job:
                        log.debug("systemd.other_job_ended", unit=unit)
        except BlueZRefused as error:
            reason = _REASONS.get(error.name)
            raise HelperRefused(reason.format(unit=unit) if reason else str(error)) from error
        except (NoAnswer, RadioLost) as error:
            raise HelperRefused(str(error)) from error
        except TimeoutError as error:
            raise HelperRefused(f"{unit} was not done in {self._job_limit_s:g} s") from error
        if result[1] != "done":
            raise HelperRefused(f"{unit}: {result[1]}")
        log.warning("systemd.job_done", unit=unit)


async def _subscribe_job_results(bus: SystemBus) -> asyncio.Queue[tuple[str, str]]:
    """Return a queue that receives job and result of each JobRemoved."""
    results: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def on_message(message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.member == "JobRemoved":
            _, job, _, result = message.body
            results.put_nowait((job, result))

    bus.on_message(on_message)
    await bus.subscribe(f"sender='{_SYSTEMD}',interface='{_MANAGER}',member='JobRemoved'")
    await bus.call_service(_SYSTEMD, _PATH, _MANAGER, "Subscribe", "")
    return results
