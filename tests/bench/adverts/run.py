"""Run one contender on a private bus at one rate, and measure CPU, losses and decision times."""

import asyncio
import os
import sys
from array import array
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.adverts.bluez import WARM_UP_S
from tests.bench.adverts.street import beacons
from tests.paths import ROOT

CONTENDER = Path(__file__).with_name("contender.py")
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "busconfig.dtd">
<busconfig><listen>unix:path={socket}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow receive_sender="*"/><allow own="*"/>
</policy></busconfig>"""


@dataclass(frozen=True, slots=True)
class Measured:
    """`cpu_us`: of the process per advert; `late_ms`: from sending to decision, None if adverts were lost."""

    cpu_us: float
    lost: int
    late_ms: tuple[float, ...] | None


@asynccontextmanager
async def private_bus(folder: Path) -> AsyncIterator[str]:
    """Run a dbus-daemon and yield its address."""
    config, socket = folder / "bus.conf", folder / "bus"
    config.write_text(_BUS.format(socket=socket))
    daemon = await asyncio.create_subprocess_exec(
        "dbus-daemon", f"--config-file={config}", "--nofork", "--print-address", stdout=PIPE, stderr=DEVNULL
    )
    try:
        assert daemon.stdout is not None
        await asyncio.wait_for(daemon.stdout.readline(), 10)
        yield f"unix:path={socket}"
    finally:
        await end_program(daemon)


async def measure(name: str, python: Path, rate: int, seconds: float, argument: str) -> Measured:
    """Run the contender with the interpreter `python`."""
    with TemporaryDirectory() as folder:
        sent, done = Path(folder, "sent"), Path(folder, "done")
        async with private_bus(Path(folder)) as address:
            env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address, "PYTHONPATH": str(ROOT)}
            bluez = await start(env, sys.executable, "-m", "tests.bench.adverts.bluez", rate, seconds, sent)
            await wait_for_line(bluez, "ready")
            contender = await start(env, python, CONTENDER, name, done, argument)
            try:
                await wait_for_line(contender, "listening")
                await wait_for_line(bluez, "begin")
                before = cpu_s(contender.pid)
                await wait_for_line(bluez, "end")
                spent = cpu_s(contender.pid) - before
            finally:
                await end_program(contender)
                await end_program(bluez)
        uncounted = len(beacons(rate)) + rate * WARM_UP_S
        return judge(spent, uncounted, times(sent), times(done))


def judge(spent_s: float, uncounted: int, sent: "array[float]", done: "array[float]") -> Measured:
    """Match the times: adverts keep their order on the bus, so the n-th done is the n-th sent if none was lost.

    `uncounted`: number of adverts before the measured ones.
    """
    lost = uncounted + len(sent) - len(done)
    pairs = () if lost else zip(sent, done[uncounted:], strict=True)
    late = None if lost else tuple(1000 * (end - begin) for begin, end in pairs)
    return Measured(spent_s * 1e6 / len(sent), lost, late)


def cpu_s(pid: int) -> float:
    """Return the seconds on a processor so far, of all threads, exact to the nanosecond (proc(5), schedstat)."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def times(file: Path) -> "array[float]":
    found = array("d")
    found.frombytes(file.read_bytes())
    return found


async def start(env: dict[str, str], *words: object) -> Process:
    return await asyncio.create_subprocess_exec(*map(str, words), env=env, cwd=ROOT, stdout=PIPE)


async def wait_for_line(program: Process, line_text: str) -> None:
    assert program.stdout is not None
    async with asyncio.timeout(120):
        while line := await program.stdout.readline():
            if line.decode().strip() == line_text:
                return
    raise RuntimeError(f"ended before it printed {line_text!r}")


async def end_program(program: Process) -> None:
    if program.returncode is None:
        program.terminate()
    try:
        await asyncio.wait_for(program.wait(), 15)
    except TimeoutError:
        program.kill()
        await program.wait()
