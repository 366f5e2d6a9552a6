"""The privileged steps of recovery, asked of systemd over D-Bus: polkit lets this user do just these two things.

Interface: org.freedesktop.systemd1(5), Manager. The unit and the rule: systemd/beacon-radio-reset@.service and
systemd/50-beacon-gateway.rules.
"""

import asyncio
import re

import structlog
from dbus_fast import Message, MessageType

from beacon_gateway.radio.bluez import BlueZRefused, NoAnswer, SystemBus, system_bus
from beacon_gateway.radio.port import HelpRefused, RadioLost

log = structlog.get_logger()

SYSTEMD = "org.freedesktop.systemd1"
MANAGER = "org.freedesktop.systemd1.Manager"
BLUETOOTHD = "bluetooth.service"
RESET = "beacon-radio-reset@{adapter}.service"
JOB_LIMIT_S = 120.0
"""A bluetoothd that hangs is killed by systemd after 90 s (DefaultTimeoutStopSec)."""

_PATH = "/org/freedesktop/systemd1"
_ADAPTER = re.compile(r"hci[0-9]{1,3}")
_NO_PERMISSION = frozenset(
    {
        "org.freedesktop.DBus.Error.AccessDenied",
        "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
    }
)


class SystemdHelper:
    """The steps of radio.port.RadioHelper that systemd takes."""

    async def restart_bluetoothd(self) -> None:
        await _job("RestartUnit", BLUETOOTHD)

    async def reset_hardware(self, adapter: str) -> None:
        if not _ADAPTER.fullmatch(adapter):
            raise HelpRefused(f"{adapter} is no adapter's name")
        await _job("StartUnit", RESET.format(adapter=adapter))


async def _job(member: str, unit: str) -> None:
    """Have a job done for `unit`. Raises HelpRefused unless it ends well within JOB_LIMIT_S."""
    try:
        async with system_bus() as bus:
            ended = await _ended_jobs(bus)
            job = await bus.ask(SYSTEMD, _PATH, MANAGER, member, "ss", unit, "replace")
            async with asyncio.timeout(JOB_LIMIT_S):
                while (end := await ended.get())[0] != job:
                    log.debug("systemd.other_job_ended", unit=unit)
    except BlueZRefused as error:
        raise HelpRefused(_why(error, unit)) from error
    except (NoAnswer, RadioLost) as error:
        raise HelpRefused(str(error)) from error
    except TimeoutError as error:
        raise HelpRefused(f"{unit} was not done in {JOB_LIMIT_S:g} s") from error
    if end[1] != "done":
        raise HelpRefused(f"{unit}: {end[1]}")
    log.warning("systemd.helped", unit=unit)


async def _ended_jobs(bus: SystemBus) -> asyncio.Queue[tuple[str, str]]:
    """Job and result of each JobRemoved from now on."""
    ended: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    def on_message(message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and message.member == "JobRemoved":
            _, job, _, result = message.body
            ended.put_nowait((job, result))

    bus.on_message(on_message)
    await bus.add_match(f"sender='{SYSTEMD}',interface='{MANAGER}',member='JobRemoved'")
    await bus.ask(SYSTEMD, _PATH, MANAGER, "Subscribe", "")
    return ended


def _why(error: BlueZRefused, unit: str) -> str:
    if error.name in {"org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"}:
        return "systemd is not on the bus"
    if error.name in _NO_PERMISSION:
        return f"polkit does not allow {unit}: is 50-beacon-gateway.rules installed?"
    if error.name == "org.freedesktop.systemd1.NoSuchUnit":
        return f"{unit} is not installed"
    return str(error)
