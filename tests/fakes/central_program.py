"""Run the real central server, once or several times, and the sandbox bank as programs."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from central_server.store.engine.sqlite import sqlite_url
from daemonkit.programs import Program, program
from tests.fakes.central_process import CONFIG
from tests.fakes.delivering_gateway import DeliveringGateway

CENTRAL = (sys.executable, "-m", "central_server")


@dataclass
class House:
    """`folder`: the servers' settings and state folder; `store`: the URL of their database."""

    folder: Path
    store: str
    bank: Program
    servers: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Program]:
        self.servers += 1
        argv = (
            *(*CENTRAL, "run", "--port", "0"),
            *("--config", str(self.folder / "central.toml"), "--state-dir", str(self.folder / "state")),
            *("--bank-url", self.bank.url, "--bank-credentials", str(self.folder / "bank")),
        )
        async with program(f"central {self.servers}", argv, log=self.log(self.servers), ready_s=90) as central:
            yield central

    def log(self, number: int) -> Path:
        return self.folder / f"central-{number}.log"

    async def enrol(self, gateway: DeliveringGateway) -> None:
        argv = (
            *(*CENTRAL, "gateway", "add", gateway.id, gateway.public, "--community", "huada"),
            *("--config", str(self.folder / "central.toml"), "--state-dir", str(self.folder / "state")),
        )
        process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.DEVNULL)
        assert await process.wait() == 0


@asynccontextmanager
async def open_house(folder: Path, store: str) -> AsyncIterator[House]:
    """Run the bank. `store`: the URL of the database; empty for a SQLite file."""
    (folder / "central.toml").write_text(f'[store]\nurl = "{store}"\n{CONFIG}', encoding="utf-8")
    bank = (*CENTRAL, "bank-emulator", "--state-dir", str(folder / "bank"), "--port", "0")
    async with program("bank", bank, log=folder / "bank.log", ready_s=90) as running:
        yield House(folder, store or sqlite_url(folder / "state" / "central.db"), running)
