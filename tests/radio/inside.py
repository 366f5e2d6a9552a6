"""Inside the radio lab: the lives of the daemons, the power of the adapters, and what is on the air."""

import asyncio
import os
import signal
import struct
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from time import monotonic

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.bluez import (
    ADAPTER,
    ADVERTISING,
    OBJECTS,
    BlueZRefused,
    NoAnswer,
    SystemBus,
    plain,
    system_bus,
)
from beacon_gateway.radio.hci.advertising_reports import Report, reports
from beacon_gateway.radio.hci.btsnoop import Losses, read_events
from beacon_gateway.radio.hci.mgmt_socket import Mgmt, MgmtRefused
from beacon_gateway.radio.port import RadioLost, Scanner

_BLUETOOTHD = Path("/run/bluetoothd.pid")
_BTVIRT = Path("/run/btvirt.pid")
_DBUS = Path("/run/dbus.pid")
_SET_CONNECTABLE, _BUSY = 0x0007, 0x0A  # bluez/doc/mgmt-api.txt
_NO_MONITOR = 0xFFF0
_LIMIT_S = 20.0
_COME_UP_S = 5.0
_AT_REST_S = 1.0
"""What the test before had on the air, or scanned, is over within this, unless a program of it is still there."""
PATIENCE = float(os.environ.get("RADIOLAB_PATIENCE", "6"))
"""Times each limit: a machine that others use too is late, and that is no fault. On an idle one 1 proves the limits."""


def in_lab() -> bool:
    return Path("/run/radiolab/settings").exists()


async def until(condition: Callable[[], object], limit_s: float = _LIMIT_S) -> float:
    """Wait for `condition`; the seconds it took. AssertionError when it takes PATIENCE times the limit."""
    began = monotonic()
    while not condition():
        assert monotonic() - began < limit_s * PATIENCE, f"not within {PATIENCE:g} times {limit_s:g} s"
        await asyncio.sleep(0.02)
    return monotonic() - began


@asynccontextmanager
async def running(stage: Awaitable[None]) -> AsyncIterator[asyncio.Task[None]]:
    """A stage at work during the block; a stage that failed by itself fails the block."""
    task = asyncio.ensure_future(stage)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class Ear:
    """What a scanner has told."""

    def __init__(self) -> None:
        self.heard: list[Sighting] = []

    @asynccontextmanager
    async def at(self, scanner: Scanner) -> AsyncIterator[None]:
        async with running(scanner.hear(self.heard.append)):
            yield

    async def hears_again(self, limit_s: float = _LIMIT_S) -> float:
        """Seconds until the next frame."""
        count = len(self.heard)
        return await until(lambda: len(self.heard) > count, limit_s)

    async def is_silent(self, for_s: float, limit_s: float = _LIMIT_S) -> None:
        """Nothing heard for so long, within the limit."""
        await until(lambda: not self.heard or monotonic() - self.heard[-1].at >= for_s, limit_s)


def send_bluetoothd(number: signal.Signals) -> None:
    os.kill(int(_BLUETOOTHD.read_text()), number)


def bluetoothd_is_there() -> bool:
    """Its process is, hung or not."""
    return _alive(_BLUETOOTHD)


async def end_bluetoothd(number: signal.Signals = signal.SIGKILL) -> None:
    send_bluetoothd(number)
    await _end(_BLUETOOTHD)


def start_bluetoothd(*flags: str, experimental: bool = True) -> None:
    assert not bluetoothd_is_there(), "a second one would end by itself, and the first not be known any more"
    words = ["--experimental", *flags] if experimental else [*flags]
    _start(["/usr/libexec/bluetooth/bluetoothd", "-n", *words], _BLUETOOTHD)


async def pull_radios() -> None:
    """All adapters vanish, as pulled dongles do."""
    os.kill(int(_BTVIRT.read_text()), signal.SIGTERM)
    await _end(_BTVIRT)


def plug_radios(count: int = 2) -> None:
    _start(["btvirt", f"-l{count}"], _BTVIRT)


def plugged() -> bool:
    """Whether there are radios: btvirt may also die by itself (seen once, while its radios answered inquiries)."""
    return _alive(_BTVIRT)


async def end_dbus() -> None:
    """The system bus dies, and bluetoothd with it."""
    os.kill(int(_DBUS.read_text()), signal.SIGKILL)
    await _end(_DBUS)
    await _end(_BLUETOOTHD)


def start_dbus() -> None:
    """Returns when it takes connections."""
    line = ["dbus-daemon", "--system", "--fork", "--nopidfile", "--print-pid"]
    _DBUS.write_bytes(subprocess.run(line, stdout=subprocess.PIPE, check=True).stdout)


def hciconfig(*words: str) -> None:
    subprocess.run(["hciconfig", *words], check=True)


def rfkill(*, block: bool) -> None:
    """All Bluetooth radios, as `rfkill block bluetooth` does (struct rfkill_event of linux/rfkill.h)."""
    kind_bluetooth, change_all = 2, 3
    Path("/dev/rfkill").write_bytes(struct.pack("=IBBBB", 0, kind_bluetooth, change_all, block, 0))


async def power(adapter: str, on: bool) -> None:
    """As another program does it, on a connection of its own, and again while the adapter is being switched."""
    async with system_bus() as bus:
        await unless_busy(lambda: bus.set_powered(adapter, on))


async def make_connectable(adapter: int, on: bool) -> None:
    """A setting of the whole adapter, which only the kernel's management socket changes.

    While an advert comes or goes the controller may disallow it, and the kernel passes that on as busy.
    """
    with closing(Mgmt.open(lambda _: None)) as mgmt:
        await _set_connectable(mgmt, adapter, on)


async def _set_connectable(mgmt: Mgmt, adapter: int, on: bool) -> None:
    await unless_busy(partial(mgmt._command, adapter, _SET_CONNECTABLE, bytes([on]), what="connectable"))


async def jam_monitors(adapter: int) -> None:
    """One that comes while the adapter is off: the kernel takes no other until it is switched off again."""
    await power(f"hci{adapter}", False)
    with closing(Mgmt.open(lambda _: None)) as mgmt, suppress(MgmtRefused):
        await mgmt.add_monitor(adapter)
    await power(f"hci{adapter}", True)


async def takes_no_monitor(mgmt: Mgmt, adapter: int) -> bool:
    """See jam_monitors. Asked by taking away one that is not there, which changes nothing."""
    try:
        await mgmt.remove_monitor(adapter, _NO_MONITOR)
    except MgmtRefused as refused:
        return refused.status == _BUSY
    return False


async def unless_busy(attempt: Callable[[], Awaitable[object]]) -> None:
    """Again while BlueZ or the kernel is busy with another's wish, or late; raises what it answers if that stays."""
    deadline = monotonic() + _LIMIT_S * PATIENCE
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
    """For the beginning of a test: as after the boot, whatever the test before did and wherever it failed.

    The daemons are alive and awake, the adapters plugged in, not blocked, not connectable and on; nothing is on the
    air and nobody scans.
    """
    if not _alive(_DBUS):
        if bluetoothd_is_there():
            await end_bluetoothd()
        start_dbus()
    if bluetoothd_is_there():
        send_bluetoothd(signal.SIGCONT)
    rfkill(block=False)
    if not await _come_up(count, _COME_UP_S):  # a daemon or a controller that does not come to itself
        await end_bluetoothd()
        rfkill(block=True)
        rfkill(block=False)
    await radios_up(count)
    await _mend_settings()
    if not await _come_to(_at_rest, count, _AT_REST_S):  # a program of before still holds what it asked for
        await end_bluetoothd(signal.SIGTERM)
        await radios_up(count)
        assert await _come_to(_at_rest, count, _LIMIT_S), "the radios did not come to rest"


async def radios_up(count: int = 2) -> None:
    """For the midst of a test: bluetoothd runs, the adapters are on and can advertise. What is on the air stays."""
    assert await _come_up(count, _LIMIT_S), f"the radios did not come up: {await _seen()}"


async def _come_up(count: int, limit_s: float) -> bool:
    if not _alive(_BTVIRT):
        plug_radios(count)
    if not bluetoothd_is_there():
        start_bluetoothd()
    return await _come_to(_up, count, limit_s)


@contextmanager
def recording(path: Path) -> Iterator[None]:
    """btmon records all controllers' traffic to `path` during the block."""
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
    """The adverts that any adapter has reported so far during the block."""
    path = folder / "air.btsnoop"

    def seen() -> list[Report]:
        return [report for event in read_events(path.read_bytes(), Losses()) for report in reports(event.octets)]

    with recording(path):
        yield seen


async def _mend_settings() -> None:
    """What the kernel keeps of an adapter though every program is gone."""
    with closing(Mgmt.open(lambda _: None)) as mgmt:
        for facts in await mgmt.adapters():
            if facts.connectable:
                await _set_connectable(mgmt, facts.index, False)
            if await takes_no_monitor(mgmt, facts.index):
                await power(f"hci{facts.index}", False)
                await power(f"hci{facts.index}", True)


async def _come_to(state: Callable[[SystemBus, int], Awaitable[bool]], count: int, limit_s: float) -> bool:
    """Whether `count` adapters are in that state within PATIENCE times the limit."""
    deadline = monotonic() + limit_s * PATIENCE
    while True:
        async with system_bus() as bus:  # anew: what once went wrong on a connection may stay wrong on it
            if await state(bus, count):
                return True
        if monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)


async def _seen() -> str:
    """The adapters as bluetoothd and as the kernel have them."""
    async with system_bus() as bus:
        try:
            said: object = list((await bus.adapters()).values())
        except NoAnswer as error:
            said = error
    return f"{said}; {_hciconfig()}"


def _hciconfig() -> str:
    return " ".join(subprocess.run(["hciconfig"], capture_output=True, text=True, check=False).stdout.split())


async def _up(bus: SystemBus, count: int) -> bool:
    try:
        adapters = await bus.adapters()
    except NoAnswer:
        return False
    for adapter in adapters.values():
        if not adapter.powered:
            with suppress(RadioLost, NoAnswer, BlueZRefused):  # Busy while it is being switched
                await bus.set_powered(adapter.name, True)
    return sum(adapter.powered and adapter.advertises for adapter in adapters.values()) == count


async def _at_rest(bus: SystemBus, count: int) -> bool:
    """Of `count` adapters that are up none scans and none advertises, as far as bluetoothd knows."""
    if not await _up(bus, count):
        return False
    try:
        objects = plain(await bus.call("/", OBJECTS, "GetManagedObjects"))
    except (BlueZRefused, NoAnswer):
        return False
    adapters = [interfaces for interfaces in objects.values() if ADVERTISING in interfaces]
    return not any(one[ADAPTER]["Discovering"] or one[ADVERTISING]["ActiveInstances"] for one in adapters)


def _start(argv: list[str], pid: Path) -> None:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _ours[pid] = process
    pid.write_text(str(process.pid))


async def _end(pid: Path) -> None:
    await until(lambda: not _alive(pid))


def _alive(pid: Path) -> bool:
    process = _ours.get(pid)
    return process.poll() is None if process else Path(f"/proc/{pid.read_text().strip()}/exe").exists()


_ours: dict[Path, subprocess.Popen[bytes]] = {}
