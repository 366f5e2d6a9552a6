"""Start programs and wait for their READY=1 (sd_notify(3)), as systemd does."""

import asyncio
import ctypes
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, BinaryIO, Protocol

_NOTHING: Mapping[str, str] = MappingProxyType({})
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


class ProgramFailed(Exception):
    """A program ended or timed out before it was ready. The message ends with the tail of its log."""


class Process(Protocol):
    """What a program needs of its process; `returncode` is None until it has ended."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def kill(self) -> None: ...
    def terminate(self) -> None: ...
    async def wait(self) -> int: ...


Start = Callable[[BinaryIO, Mapping[str, str]], Awaitable[Process]]
"""Starts a process with this output and environment."""


class Program:
    """A program that is ready. `url`: the X_URL that it sent; empty when it sent none."""

    def __init__(self, name: str, process: Process, url: str) -> None:
        self.name = name
        self.url = url
        self.pid = process.pid
        self._process = process

    def kill(self) -> None:
        """Send SIGKILL."""
        if self._process.returncode is None:
            self._process.kill()

    def terminate(self) -> None:
        if self._process.returncode is None:
            self._process.terminate()

    async def exited(self) -> int:
        """Wait until it has ended; return its exit code, or the negative number of the signal that ended it."""
        return await self._process.wait()


def program(
    name: str, argv: Sequence[str], *, log: Path, env: Mapping[str, str] = _NOTHING, ready_s: float = 120.0
) -> AbstractAsyncContextManager[Program]:
    """Start a program, wait for READY, and stop it after the block: SIGTERM, SIGKILL after 5 s. Output goes to `log`.

    Raises ProgramFailed, and OSError when it cannot be started at all.
    """
    return supervised(name, partial(_execute, argv), log=log, env=env, ready_s=ready_s)


@asynccontextmanager
async def supervised(
    name: str, start: Start, *, log: Path, env: Mapping[str, str] = _NOTHING, ready_s: float = 120.0
) -> AsyncIterator[Program]:
    """Do the same with a process that `start` starts."""
    with TemporaryDirectory(prefix="ready-") as folder, log.open("ab") as output:
        log_start = output.tell()
        inbox, channel = await _listen(Path(folder) / "notify")
        process = None
        try:
            process = await start(output, _environment(env, Path(folder) / "notify"))
            url = await _until_ready(name, process, inbox, ready_s, log, log_start)
            yield Program(name, process, url)
        finally:
            if process is not None:
                await _stop(process)
            channel.close()


async def _execute(argv: Sequence[str], output: BinaryIO, environment: Mapping[str, str]) -> Process:
    return await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        env=environment,
        process_group=0,  # Ctrl-C reaches the parent only, which stops its programs in order
        preexec_fn=_die_with_parent,
    )


class _Inbox(asyncio.DatagramProtocol):
    """Reads after READY too: otherwise the program could block on a full socket."""

    def __init__(self) -> None:
        self.ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, _addr: object) -> None:
        fields = dict(line.partition("=")[::2] for line in data.decode(errors="replace").splitlines())
        if fields.get("READY") == "1" and not self.ready.done():
            self.ready.set_result(fields.get("X_URL", ""))


async def _listen(path: Path) -> tuple[_Inbox, asyncio.DatagramTransport]:
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        channel.bind(str(path))
        transport, inbox = await asyncio.get_running_loop().create_datagram_endpoint(_Inbox, sock=channel)
    except BaseException:
        channel.close()
        raise
    return inbox, transport


async def _until_ready(name: str, process: Process, inbox: _Inbox, ready_s: float, log: Path, log_start: int) -> str:
    ended = asyncio.create_task(process.wait())
    try:
        waited: set[asyncio.Future[Any]] = {inbox.ready, ended}
        await asyncio.wait(waited, timeout=ready_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        ended.cancel()
    if inbox.ready.done():
        return inbox.ready.result()
    what = f"was not ready within {ready_s:g} s" if process.returncode is None else f"ended with {process.returncode}"
    with log.open("rb") as file:
        file.seek(log_start)
        tail = file.read().decode(errors="replace").splitlines()[-30:]
    raise ProgramFailed("\n".join((f"{name} {what}; its log {log} ends:", *tail)))


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(5.0):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _environment(extra: Mapping[str, str], notify: Path) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("WATCHDOG_")}
    return inherited | dict(extra) | {"NOTIFY_SOCKET": str(notify)}


def _die_with_parent() -> None:
    """Run in the child before exec: end it when the parent is killed (prctl(2))."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
