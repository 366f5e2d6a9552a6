"""Run our programs and commands in processes forked from one that has imported them.

This saves one to two seconds of a processor per start. test_demo.py and test_programs.py start them without a fork.
"""

import asyncio
import ctypes
import multiprocessing
import os
import pty
import runpy
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from select import select
from tempfile import TemporaryDirectory
from typing import BinaryIO

from daemonkit.programs import Process, Program, supervised

FORKED = multiprocessing.get_context("forkserver")
_PRELOADED = [
    *("tests.fakes.money_program", "central_server.cli", "central_server.commands.run"),
    *("central_server.commands.bank_emulator", "central_server.commands.gateway", "central_server.commands.user"),
    *("beacon_gateway.cli", "beacon_gateway.commands.run", "beacon_gateway.commands.enrol"),
    *("beacon_gateway.commands.replay", "beacon_gateway.commands.scan", "beacon_gateway.commands.calibrate"),
    *("beacon_gateway.commands.explain", "beacon_gateway.commands.sync", "beacon_gateway.radio.simulated_radio"),
    *("beacon_gateway.simulation.demo", "beacon_gateway.radio.scan.capture_scanner", __name__),
]
FORKED.set_forkserver_preload(_PRELOADED)
_PR_SET_PDEATHSIG = 1
_ENDS_WITHIN_S = 60.0


def start_fork_server() -> None:
    """Start the process from which programs are forked, with all pages compiled: for a run with many programs."""
    FORKED.set_forkserver_preload([*_PRELOADED, "tests.fakes.program_preload"])
    forkserver.ensure_running()


async def run_command(*argv: str, program: str = "central_server", user: int | None = None) -> tuple[int, str, str]:
    """Return the exit status, standard output and standard error.

    `program`: the package that is run. `user`: the number of a user and group without others, None for our own.
    A program that serves instead of ending is killed after `_ENDS_WITHIN_S`; its status is then -9.
    """
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = start_command(*argv, program=program, out=out, err=err, user=user)
        limit = asyncio.get_running_loop().call_later(_ENDS_WITHIN_S, process.kill)
        code = await process.wait()
        limit.cancel()
        return code, out.read_text("utf-8"), err.read_text("utf-8")


def start_command(*argv: str, program: str, out: Path, err: Path, user: int | None = None) -> Process:
    """Start the command; its output is written to the files. The caller ends it and waits for it."""
    process = FORKED.Process(target=_run, args=(program, argv, out, err, user))
    process.start()
    return _Forked(process)


def run_program(program: str, *argv: str, user: int | None = None) -> subprocess.CompletedProcess[str]:
    """Do as `run_command`, for a test without an event loop."""
    return subprocess.CompletedProcess(argv, *asyncio.run(run_command(*argv, program=program, user=user)))


def _run(program: str, argv: tuple[str, ...], out: Path, err: Path, user: int | None) -> None:
    for number, file in ((1, out), (2, err)):
        with file.open("wb") as stream:
            os.dup2(stream.fileno(), number)
    if user is not None:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    _run_module(program, argv)


def _run_module(program: str, argv: tuple[str, ...]) -> None:
    sys.argv = [program, *argv]
    runpy.run_module(program, run_name="__main__", alter_sys=True)


def run_on_terminal(program: str, *argv: str, columns: int) -> str:
    """Return the output on a terminal of that width. Raises AssertionError unless the program succeeds."""
    ours, theirs = pty.openpty()
    process = FORKED.Process(target=_run_on_terminal, args=(program, argv, os.ttyname(theirs), columns))
    process.start()
    written = b""
    while ready := select([ours, process.sentinel], [], [], _ENDS_WITHIN_S)[0]:
        if ours not in ready:
            break  # it has ended, and everything is read
        written += os.read(ours, 65536)
    process.kill()
    process.join()
    os.close(ours)
    os.close(theirs)
    assert process.exitcode == 0, written.decode()
    process.close()
    return written.decode()


def _run_on_terminal(program: str, argv: tuple[str, ...], terminal: str, columns: int) -> None:
    opened = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    for number in (0, 1, 2):
        os.dup2(opened, number)
    os.environ.update(COLUMNS=str(columns), LINES="40", TERM="xterm-256color")
    _run_module(program, argv)


def run_in_terminal(program: str, argv: tuple[str, ...], terminal: str, path: str) -> None:
    """Run the program on the terminal of that name; the target of a process. `path`: its PATH."""
    os.environ["PATH"] = path
    _run_on_terminal(program, argv, terminal, 100)


def forked_program(
    name: str, main: Callable[[], int], *, log: Path, ready_s: float = 120.0
) -> AbstractAsyncContextManager[Program]:
    """Do as daemonkit.programs.program, for a function that returns the exit code."""
    return supervised(name, partial(_fork, main), log=log, ready_s=ready_s)


async def _fork(main: Callable[[], int], output: BinaryIO, environment: Mapping[str, str]) -> Process:
    process = FORKED.Process(target=_serve, args=(main, output.name, dict(environment)))
    process.start()
    return _Forked(process)


def _serve(main: Callable[[], int], log: str, environment: dict[str, str]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgid(0, 0)
    with open(log, "ab") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    os.environ.clear()
    os.environ.update(environment)
    sys.exit(main())


class _Forked:
    """The interface of asyncio.subprocess.Process."""

    def __init__(self, process: ForkServerProcess) -> None:
        assert process.pid is not None
        self.pid = process.pid
        self._process = process
        self._code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    @property
    def returncode(self) -> int | None:
        return self._code.result() if self._code.done() else None

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    async def wait(self) -> int:
        return await asyncio.shield(self._code)

    def _send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        self._code.set_result(self._process.exitcode)
        self._process.close()
