"""Run the real central server, once or several times, and the sandbox bank as programs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from central_server.commands import bank_emulator
from central_server.commands import run as central_run
from central_server.store.engine.sqlite import sqlite_url
from daemonkit.programs import Program
from tests.fakes.central_process import CONFIG
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.forked_programs import forked_program, run_command


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
        config, state, bank = self.folder / "central.toml", self.folder / "state", self.folder / "bank"
        main = partial(central_run.run, config, state, 0, "", self.bank.url, bank)
        async with forked_program(f"central {self.servers}", main, log=self.log(self.servers)) as central:
            yield central

    def log(self, number: int) -> Path:
        return self.folder / f"central-{number}.log"

    async def enrol(self, gateway: DeliveringGateway) -> None:
        place = ("--config", str(self.folder / "central.toml"), "--state-dir", str(self.folder / "state"))
        code, _, errors = await run_command(
            "gateway", "add", gateway.id, gateway.public, "--community", "huada", *place
        )
        assert code == 0, errors


@asynccontextmanager
async def open_house(folder: Path, store: str) -> AsyncIterator[House]:
    """Run the bank. `store`: the URL of the database; empty for a SQLite file."""
    (folder / "central.toml").write_text(f'[store]\nurl = "{store}"\n{CONFIG}', encoding="utf-8")
    bank = partial(bank_emulator.run, folder / "bank", 0, "sandbox", [], Path("/nowhere"))
    async with forked_program("bank", bank, log=folder / "bank.log") as running:
        yield House(folder, store or sqlite_url(folder / "state" / "central.db"), running)
