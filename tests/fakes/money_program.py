"""The real central server and the emulated UnionPay as processes that may be killed at any moment.

All are forked from one process that has imported everything, so that a start takes tenths of a second. Two things
differ from `beacon-central run`: the clock is the bank's, which tests turn, and periodic work comes round much sooner.
"""

import asyncio
import ctypes
import json
import multiprocessing
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from central_server import jobs, server
from central_server.bank_emulator.unionpay import server as emulator
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID
from central_server.server import Place
from central_server.settings import Settings
from daemonkit import logs
from daemonkit.toml import load
from tests.fakes.central_process import CONFIG

SETTINGS = CONFIG.replace('kind = "sandbox"', f'kind = "unionpay"\nmerchant = "{MERCHANT_ID}"\nown_site = true')
_PR_SET_PDEATHSIG = 1
_PATIENCE_S = 90
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload([__name__])


def clock_of(bank: Path) -> Callable[[], datetime]:
    """What the clock of the emulator with that state folder shows."""

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
        place = Place(self.folder, self.bank_url, self.bank / "merchant", "", port, self.store, connections=5)
        settings = load(self.folder / "central.toml", Settings)
        _come_round_soon()
        asyncio.run(server.run(settings, place, asyncio.Event(), ready=ready, now=clock_of(self.bank)))


@dataclass(frozen=True, slots=True)
class Emulator:
    """The bank with this state folder."""

    state: Path

    def __call__(self, port: int, ready: Callable[[str], None]) -> None:
        asyncio.run(emulator.run(self.state, host="127.0.0.1", port=port, stop=asyncio.Event(), ready=ready))


@dataclass
class Killable:
    """A process at one port. `kills`: how often it was ended; it is never asked to."""

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
        """Returns when it serves."""
        ours, theirs = FORKED.Pipe(duplex=False)
        with ours:
            with theirs:
                self._process = FORKED.Process(target=_serve, args=(self.program, self.port, self.log, theirs))
                self._process.start()
            told = await asyncio.to_thread(_first_word, ours)
        assert told == self.url, f"{told}; its log ends:\n{self.log.read_text('utf-8')[-3000:]}"

    def kill(self) -> None:
        """SIGKILL: it gets no word in."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None
            self.kills += 1

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """SIGSTOP, and SIGCONT for whoever is there afterwards."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.pid is not None:
            os.kill(self._process.pid, number)


def free_port() -> int:
    """Below those from which the kernel takes for connections: nobody is there when a killed one comes back."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def _serve(program: Central | Emulator, port: int, log: Path, told: Connection) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with log.open("ab") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    logs.configure(json=True)
    program(port, told.send)


def _first_word(told: Connection) -> str:
    try:
        return str(told.recv()) if told.poll(_PATIENCE_S) else "it did not begin to serve"
    except EOFError:
        return "it ended before it served"


def _come_round_soon() -> None:
    """The loops of the server's jobs, with shorter pauses between their rounds."""
    jobs.ask_bank = partial(jobs.ask_bank, every_s=0.05)
    jobs.reconcile = partial(jobs.reconcile, every_s=0.05)
    server._SETTLED_S = 0.05
