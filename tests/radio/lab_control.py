"""Control the radio lab from inside: daemons, adapter power, and recordings of what is on the air."""

import asyncio
import os
import signal
import struct
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic

from beacon_gateway.radio.bluez_bus import (
    ADAPTER,
    ADVERTISING,
    OBJECTS,
    BlueZRefused,
    NoAnswer,
    SystemBus,
    system_bus,
    unwrap_variants,
)
from beacon_gateway.radio.hci.advertising_reports import Report, read_reports
from beacon_gateway.radio.hci.btsnoop import Losses, read_events
from beacon_gateway.radio.hci.mgmt_socket import ManagementSocket, MgmtRefused
from beacon_gateway.radio.ports import RadioLost
from tests.radio.waiting import LIMIT_S, PATIENCE, TooLate, until

_BLUETOOTHD = Path("/run/bluetoothd.pid")
_BTVIRT = Path("/run/btvirt.pid")
_DBUS = Path("/run/dbus.pid")
_SET_CONNECTABLE, _BUSY = 0x0007, 0x0A  # bluez/doc/mgmt-api.txt
_NO_MONITOR = 0xFFF0
_COME_UP_S = 5.0
_AT_REST_S = 1.0
"""Adverts and scans of the test before end within this, unless one of its programs still runs."""


def in_lab() -> bool:
    return Path("/run/radiolab/settings").exists()


def send_bluetoothd(number: signal.Signals) -> None:
    os.kill(int(_BLUETOOTHD.read_text()), number)


def bluetoothd_exists() -> bool:
    """Return whether its process exists, stopped or not."""
    return _alive(_BLUETOOTHD)


async def end_bluetoothd(number: signal.Signals = signal.SIGKILL) -> None:
    send_bluetoothd(number)
    await _end(_BLUETOOTHD)


def start_bluetoothd(*flags: str, experimental: bool = True) -> None:
    assert not bluetoothd_exists(), "a second one would end by itself, and its pid replace that of the first"
    words = ["--experimental", *flags] if experimental else [*flags]
    _start(["/usr/libexec/bluetooth/bluetoothd", "-n", *words], _BLUETOOTHD)


async def pull_radios() -> None:
    """Remove all adapters, as if dongles were unplugged."""
    os.kill(int(_BTVIRT.read_text()), signal.SIGTERM)
    await _end(_BTVIRT)


def plug_radios(count: int = 2) -> None:
    _start(["btvirt", f"-l{count}"], _BTVIRT)


def btvirt_runs() -> bool:
    """Return whether there are radios: btvirt may die by itself (seen once, while its radios answered inquiries)."""
    return _alive(_BTVIRT)


async def end_dbus() -> None:
    """Kill the system bus, which also ends bluetoothd."""
    os.kill(int(_DBUS.read_text()), signal.SIGKILL)
    await _end(_DBUS)
    await _end(_BLUETOOTHD)


def start_dbus() -> None:
    """Start the system bus and return when it accepts connections."""
    line = ["dbus-daemon", "--system", "--fork", "--nopidfile", "--print-pid"]
    _DBUS.write_bytes(subprocess.run(line, stdout=subprocess.PIPE, check=True).stdout)


def hciconfig(*words: str) -> None:
    subprocess.run(["hciconfig", *words], check=True)


def rfkill(*, block: bool) -> None:
    """Block or unblock all Bluetooth radios, as `rfkill` does (struct rfkill_event of linux/rfkill.h)."""
    kind_bluetooth, change_all = 2, 3
    Path("/dev/rfkill").write_bytes(struct.pack("=IBBBB", 0, kind_bluetooth, change_all, block, 0))


async def find_adapters(call_limit_s: float = 5.0) -> tuple[str, ...]:
    """Return the names of the adapters, within two call limits; () without D-Bus, bluetoothd or adapter."""
    try:
        async with system_bus(call_limit_s) as bus:
            return tuple(await bus.list_adapters())
    except (RadioLost, NoAnswer):
        return ()


async def power(adapter: str, on: bool) -> None:
    """Switch an adapter as another program would, and retry while it is being switched."""
    async with system_bus() as bus:
        await retry_while_busy(lambda: bus.set_powered(adapter, on))


async def make_connectable(adapter: int, on: bool) -> None:
    """Change a setting of the adapter that only the kernel's management socket changes.

    The controller may refuse while an advert changes, which the kernel reports as busy.
    """
    with closing(ManagementSocket.open(lambda _: None)) as mgmt:
        await _set_connectable(mgmt, adapter, on)


async def _set_connectable(mgmt: ManagementSocket, adapter: int, on: bool) -> None:
    await retry_while_busy(partial(mgmt._command, adapter, _SET_CONNECTABLE, bytes([on]), what="connectable"))


async def block_monitors(adapter: int) -> None:
    """Add a monitor while the adapter is off: the kernel then accepts no other until it is switched off again."""
    await power(f"hci{adapter}", False)
    with closing(ManagementSocket.open(lambda _: None)) as mgmt, suppress(MgmtRefused):
        await mgmt.add_monitor(adapter)
    await power(f"hci{adapter}", True)


async def monitors_are_blocked(mgmt: ManagementSocket, adapter: int) -> bool:
    """Return whether `block_monitors` has its effect, by removing a monitor that does not exist."""
    try:
        await mgmt.remove_monitor(adapter, _NO_MONITOR)
    except MgmtRefused as refused:
        return refused.status == _BUSY
    return False


async def retry_while_busy(attempt: Callable[[], Awaitable[object]]) -> None:
    """Retry while BlueZ or the kernel is busy or does not reply; raise its error if that continues."""
    deadline = monotonic() + LIMIT_S * PATIENCE
    while True:
        try:
            await attempt()
        except (BlueZRefused, MgmtRefused, NoAnswer) as refused:
            if not _is_busy(refused) or monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            return


def _is_busy(refused: BlueZRefused | MgmtRefused | NoAnswer) -> bool:
    if isinstance(refused, MgmtRefused):
        return refused.status == _BUSY
    return isinstance(refused, NoAnswer) or refused.name == "org.bluez.Error.Busy"


async def radios_ready(count: int = 2) -> None:
    """Restore the state after boot at the beginning of a test, whatever the test before left behind.

    The daemons run, the adapters are plugged in, unblocked, not connectable and on; there are no adverts and no scans.
    """
    if not _alive(_DBUS):
        if bluetoothd_exists():
            await end_bluetoothd()
        start_dbus()
    if bluetoothd_exists():
        send_bluetoothd(signal.SIGCONT)
    rfkill(block=False)
    if not await _come_up(count, _COME_UP_S):  # a daemon or a controller that does not recover
        await end_bluetoothd()
        rfkill(block=True)
        rfkill(block=False)
    await radios_up(count)
    await _reset_settings()
    if not await _reach(_at_rest, count, _AT_REST_S):  # an earlier program still has an advert or a scan
        await end_bluetoothd(signal.SIGTERM)
        await radios_up(count)
        if not await _reach(_at_rest, count, LIMIT_S):
            raise TooLate("an advert or a scan did not end")


async def radios_up(count: int = 2) -> None:
    """Wait within a test until bluetoothd runs and the adapters are on and can advertise. Adverts remain."""
    if not await _come_up(count, LIMIT_S):
        raise TooLate(f"the radios did not come up: {await _describe_adapters()}")


async def _come_up(count: int, limit_s: float) -> bool:
    if not _alive(_BTVIRT):
        plug_radios(count)
    if not bluetoothd_exists():
        start_bluetoothd()
    return await _reach(_up, count, limit_s)


@contextmanager
def recording(path: Path) -> Iterator[None]:
    """Record all controllers' traffic to `path` with btmon during the block."""
    with subprocess.Popen(["btmon", "-w", path], stdout=subprocess.DEVNULL) as btmon:
        try:
            while not path.exists() or path.stat().st_size < 16:
                assert btmon.poll() is None, "btmon ended"
                time.sleep(0.01)  # there is one processor, and btmon wants it
            yield
        finally:
            btmon.terminate()


@contextmanager
def on_the_air(folder: Path) -> Iterator[Callable[[], list[Report]]]:
    """Yield a function that returns the adverts that any adapter has reported during the block."""
    path = folder / "air.btsnoop"

    def seen() -> list[Report]:
        return [report for event in read_events(path.read_bytes(), Losses()) for report in read_reports(event.data)]

    with recording(path):
        yield seen


async def _reset_settings() -> None:
    """Reset what the kernel stores of an adapter after every program has ended."""
    with closing(ManagementSocket.open(lambda _: None)) as mgmt:
        for facts in await mgmt.list_adapters():
            if facts.connectable:
                await _set_connectable(mgmt, facts.index, False)
            if await monitors_are_blocked(mgmt, facts.index):
                await power(f"hci{facts.index}", False)
                await power(f"hci{facts.index}", True)


async def _reach(state: Callable[[SystemBus, int], Awaitable[bool]], count: int, limit_s: float) -> bool:
    """Return whether `count` adapters reach that state within PATIENCE times the limit."""
    deadline = monotonic() + limit_s * PATIENCE
    while True:
        async with system_bus() as bus:  # a new connection: an old one may be broken
            if await state(bus, count):
                return True
        if monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)


async def _describe_adapters() -> str:
    """Return the adapters as bluetoothd and as the kernel list them."""
    async with system_bus() as bus:
        try:
            known: object = list((await bus.list_adapters()).values())
        except NoAnswer as error:
            known = error
    return f"{known}; {_hciconfig()}"


def _hciconfig() -> str:
    return " ".join(subprocess.run(["hciconfig"], capture_output=True, text=True, check=False).stdout.split())


async def _up(bus: SystemBus, count: int) -> bool:
    try:
        adapters = await bus.list_adapters()
    except NoAnswer:
        return False
    for adapter in adapters.values():
        if not adapter.powered:
            with suppress(RadioLost, NoAnswer, BlueZRefused):  # Busy while it is being switched
                await bus.set_powered(adapter.name, True)
    return sum(adapter.powered and adapter.advertises for adapter in adapters.values()) == count


async def _at_rest(bus: SystemBus, count: int) -> bool:
    """Return whether `count` adapters are up and none scans or advertises, as far as bluetoothd knows."""
    if not await _up(bus, count):
        return False
    try:
        objects = unwrap_variants(await bus.call("/", OBJECTS, "GetManagedObjects"))
    except (BlueZRefused, NoAnswer):
        return False
    adapters = [interfaces for interfaces in objects.values() if ADVERTISING in interfaces]
    return not any(one[ADAPTER]["Discovering"] or one[ADVERTISING]["ActiveInstances"] for one in adapters)


def _start(argv: list[str], pid: Path) -> None:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _started[pid] = process
    pid.write_text(str(process.pid))


async def _end(pid: Path) -> None:
    await until(lambda: not _alive(pid))


def _alive(pid: Path) -> bool:
    process = _started.get(pid)
    return process.poll() is None if process else Path(f"/proc/{pid.read_text().strip()}/exe").exists()


_started: dict[Path, subprocess.Popen[bytes]] = {}
