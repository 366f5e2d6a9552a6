"""One contender on one private bus at one rate: what it costs, what it loses, how long a decision takes."""

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
    """`cpu_us`: of the whole process, an advert; `late_ms`: from sending to decision, None when some were lost."""

    cpu_us: float
    lost: int
    late_ms: tuple[float, ...] | None


@asynccontextmanager
async def private_bus(folder: Path) -> AsyncIterator[str]:
    """The address of a dbus-daemon of its own."""
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
    """`python`: the environment in which the contender is."""
    with TemporaryDirectory() as folder:
        sent, done = Path(folder, "sent"), Path(folder, "done")
        async with private_bus(Path(folder)) as address:
            env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address, "PYTHONPATH": str(ROOT)}
            bluez = await start(env, sys.executable, "-m", "tests.bench.adverts.bluez", rate, seconds, sent)
            await said(bluez, "ready")
            contender = await start(env, python, CONTENDER, name, done, argument)
            try:
                await said(contender, "listening")
                await said(bluez, "begin")
                before = cpu_s(contender.pid)
                await said(bluez, "end")
                spent = cpu_s(contender.pid) - before
            finally:
                await end_program(contender)
                await end_program(bluez)
        before_that = len(beacons(rate)) + rate * WARM_UP_S
        return judge(spent, before_that, times(sent), times(done))


def judge(spent_s: float, uncounted: int, sent: "array[float]", done: "array[float]") -> Measured:
    """Adverts keep their order on the bus, so the n-th done is the n-th sent when none was lost.

    `uncounted`: so many came before those that count.
    """
    lost = uncounted + len(sent) - len(done)
    pairs = () if lost else zip(sent, done[uncounted:], strict=True)
    late = None if lost else tuple(1000 * (end - begin) for begin, end in pairs)
    return Measured(spent_s * 1e6 / len(sent), lost, late)


def cpu_s(pid: int) -> float:
    """On a processor so far, all threads, to the nanosecond (proc(5), schedstat)."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9


def times(file: Path) -> "array[float]":
    found = array("d")
    found.frombytes(file.read_bytes())
    return found


async def start(env: dict[str, str], *words: object) -> Process:
    return await asyncio.create_subprocess_exec(*map(str, words), env=env, cwd=ROOT, stdout=PIPE)


async def said(program: Process, word: str) -> None:
    assert program.stdout is not None
    async with asyncio.timeout(120):
        while line := await program.stdout.readline():
            if line.decode().strip() == word:
                return
    raise RuntimeError(f"ended before it said {word!r}")


async def end_program(program: Process) -> None:
    if program.returncode is None:
        program.terminate()
    try:
        await asyncio.wait_for(program.wait(), 15)
    except TimeoutError:
        program.kill()
        await program.wait()
