"""Resolve the radio that the command line requests; refuse a simulated one where donations are real."""

import os
from pathlib import Path

import structlog

from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.timings import DEFAULT_TIMINGS
from sync_contract.strict_model import Environment

log = structlog.get_logger()

AUTO = "auto"
_NOT_REAL = frozenset(("simulated", "capture"))


class BackendSelector:
    """Resolve `requested`: auto, bluez, simulated or capture:FILE.

    `auto` is resolved once: later the program waits for a radio that is slow, missing or not there yet, and uses no
    other. `by_systemd`: systemd started it as a service; None: as systemd.exec(5) says. `sysfs`: the kernel's list
    of adapters.
    """

    def __init__(
        self,
        requested: str,
        *,
        by_systemd: bool | None = None,
        sysfs: Path = Path("/sys/class/bluetooth"),
        call_limit_s: float = DEFAULT_TIMINGS.call_limit_s,
    ) -> None:
        self._requested = requested
        self._by_systemd = is_service() if by_systemd is None else by_systemd
        self._sysfs = sysfs
        self._call_limit_s = call_limit_s
        self._detected: str | None = None

    async def resolve(self, environment: Environment) -> str:
        """Return the backend in place of `auto`.

        It is the simulator only in a drill that a person started on a machine without any Bluetooth adapter.
        """
        if self._requested != AUTO:
            return self._requested
        if environment is Environment.real or self._by_systemd:
            return "bluez"
        if self._detected is None:
            adapter = any(self._sysfs.glob("hci*")) or await _bluez_may_have_adapter(self._call_limit_s)
            self._detected = "bluez" if adapter else "simulated"
            log.info("radio.backend_selected", backend=self._detected)
        return self._detected


def refuse_simulated_radio(backend: str, environment: Environment) -> None:
    """Raise ValueError for a radio that plays simulated or recorded beacons where donations are real."""
    if environment is Environment.real and backend.partition(":")[0] in _NOT_REAL:
        raise ValueError(
            f'--radio {backend}: 模拟或录下的信号只能用于演练 only for a drill: [site] environment is "real", '
            "and a simulated or recorded radio would report people who are not present; omit --radio, or use bluez"
        )


def is_service() -> bool:
    """Return whether systemd started this process; child processes inherit the variable with another pid."""
    return os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid())


async def _bluez_may_have_adapter(call_limit_s: float) -> bool:
    """Return whether bluetoothd has an adapter, or runs but does not reply in time or must not be asked."""
    # imported here: a gateway that replays or simulates needs no D-Bus
    from beacon_gateway.radio.bluez_bus import AccessDenied, NoAnswer, system_bus

    try:
        async with system_bus(call_limit_s) as bus:
            return bool(await bus.list_adapters())
    except (NoAnswer, AccessDenied):
        return True
    except RadioLost:
        return False
