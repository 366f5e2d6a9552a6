"""Run the real central server and the emulated UnionPay as processes that tests kill at any moment.

They are forked from a process that has imported everything, so they start within tenths of a second. They differ from
`beacon-central run` in the clock, which is the bank's, and in shorter pauses between periodic jobs.
"""

import asyncio
import ctypes
import json
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from central_server import server
from central_server.bank_emulator.unionpay import server as emulator
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID
from central_server.server_options import ServerOptions, ServerTimings
from central_server.settings import Settings
from daemonkit import logs
from daemonkit.toml import load
from tests.fakes.central_process import CONFIG
from tests.fakes.forked_programs import FORKED

SETTINGS = CONFIG.replace('kind = "sandbox"', f'kind = "unionpay"\nmerchant = "{MERCHANT_ID}"\nown_site = true')
_PR_SET_PDEATHSIG = 1
_PATIENCE_S = 90


def clock_of(bank: Path) -> Callable[[], datetime]:
    """Return the clock of the emulator with that state folder."""

    def now() -> datetime:
        try:
            ahead = json.loads((bank / "clock.json").read_text("utf-8"))["ahead_s"]
        except FileNotFoundError:
            ahead = 0.0
        return datetime.fromtimestamp(time.time() + ahead, UTC)

    return now


@dataclass(frozen=True, slots=True)
class Central:
    """A server with the state and the settings in `folder`; several may share it, and the database at `store`."""

    folder: Path
    store: str
    bank_url: str
    bank: Path

    def __call__(self, port: int, ready: Callable[[str], None]) -> None:
        options = ServerOptions(self.folder, self.bank_url, self.bank / "merchant", "", port, self.store, connections=5)
        settings = load(self.folder / "central.toml", Settings)
        timings = ServerTimings(bank_every_s=0.05, reconcile_every_s=0.05, startup_delay_s=0.05)
        now = clock_of(self.bank)
        asyncio.run(server.run(settings, options, asyncio.Event(), ready=ready, now=now, timings=timings))


@dataclass(frozen=True, slots=True)
class Emulator:
    """The bank with this state folder."""

    state: Path

    def __call__(self, port: int, ready: Callable[[str], None]) -> None:
        asyncio.run(emulator.run(self.state, host="127.0.0.1", port=port, stop=asyncio.Event(), ready=ready))


@dataclass
class Killable:
    """A process at one port. `kills`: how often it was killed."""

    program: Central | Emulator
    log: Path
    port: int = field(default_factory=lambda: free_port())
    kills: int = 0
    _process: ForkServerProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        return self._process is not None

    async def begin(self) -> None:
        """Start; return when it serves."""
        ours, theirs = FORKED.Pipe(duplex=False)
        with ours:
            with theirs:
                self._process = FORKED.Process(target=_serve, args=(self.program, self.port, self.log, theirs))
                self._process.start()
            channel = await asyncio.to_thread(_first_message, ours)
        assert channel == self.url, f"{channel}; its log ends:\n{self.log.read_text('utf-8')[-3000:]}"

    def kill(self) -> None:
        """Send SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None
            self.kills += 1

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Stop with SIGSTOP, then continue."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.pid is not None:
            os.kill(self._process.pid, number)


def free_port() -> int:
    """Return a free port below the kernel's ephemeral range, so that a restarted process finds it free."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _serve(program: Central | Emulator, port: int, log: Path, channel: Connection) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with log.open("ab") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    logs.configure(json=True)
    program(port, channel.send)


def _first_message(channel: Connection) -> str:
    try:
        return str(channel.recv()) if channel.poll(_PATIENCE_S) else "it did not begin to serve"
    except EOFError:
        return "it ended before it served"
