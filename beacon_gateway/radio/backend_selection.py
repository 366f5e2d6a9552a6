"""What the command line wishes of the radio, settled: invented people are never heard where gifts are real."""

import os
from pathlib import Path

import structlog

from beacon_gateway.radio.port import RadioLost
from sync_contract.strict_model import Environment

log = structlog.get_logger()

AUTO = "auto"
_IMAGINED = frozenset(("simulated", "capture"))
_KERNELS_ADAPTERS = Path("/sys/class/bluetooth")


class Wish:
    """`word`: auto, bluez, simulated or capture:FILE. `auto` is looked at once: a radio that is slow, gone or not
    there yet is waited for, and no other one takes its place while the program runs.

    `by_systemd`: started by it, as a service; None: as systemd.exec(5) tells. `kernel`: where it lists adapters.
    """

    def __init__(self, word: str, *, by_systemd: bool | None = None, kernel: Path = _KERNELS_ADAPTERS) -> None:
        self._word = word
        self._by_systemd = is_service() if by_systemd is None else by_systemd
        self._kernel = kernel
        self._found: str | None = None

    async def settled(self, environment: Environment) -> str:
        """The word without `auto`. The simulator is found only in a drill that a person started, where this machine
        has no Bluetooth adapter at all.
        """
        if self._word != AUTO:
            return self._word
        if environment is Environment.real or self._by_systemd:
            return "bluez"
        if self._found is None:
            self._found = "bluez" if self._kernel_has_adapter() or await _bluez_may_have() else "simulated"
            log.info("radio.chosen", kind=self._found)
        return self._found

    def _kernel_has_adapter(self) -> bool:
        return any(self._kernel.glob("hci*"))


def refuse_imagined(word: str, environment: Environment) -> None:
    """Raises ValueError for a radio that hears invented or recorded people where gifts are real."""
    if environment is Environment.real and word.partition(":")[0] in _IMAGINED:
        raise ValueError(
            f'--radio {word}: 模拟或录下的信号只能用于演练 only for a drill: [site] environment is "real", '
            "and nobody is heard there who is not there; leave --radio out, or say bluez"
        )


def is_service() -> bool:
    """Whether systemd started this very process: what that starts inherits the variable, with another's number."""
    return os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid())


async def _bluez_may_have() -> bool:
    """Whether bluetoothd knows an adapter, or is there and too slow to say."""
    # imported here: a gateway that replays or simulates needs no D-Bus
    from beacon_gateway.radio.bluez import NoAnswer, system_bus

    try:
        async with system_bus() as bus:
            return bool(await bus.adapters())
    except NoAnswer:
        return True
    except RadioLost:
        return False
