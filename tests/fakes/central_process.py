"""Run the real central server and bank emulator in the test's event loop, each on a free port."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypedDict

from aiohttp import web

from central_server.bank_emulator import server as bank_emulator
from central_server.bank_emulator.unionpay import server as unionpay_emulator
from central_server.bank_emulator.unionpay.clock import Clock
from central_server.bank_emulator.unionpay.schedule import SendTimings
from central_server.catalogue.phrase_process import phrases
from central_server.parts import Part
from central_server.server import run as run_central
from central_server.server_options import RateLimits, ServerOptions, ServerTimings
from central_server.settings import Settings
from central_server.store.engine.database import Database, open_database, sqlite_url
from daemonkit.toml import load
from daemonkit.web import guarded_app
from sync_contract.project import Project
from tests.sqlite import put_database

BankKind = Literal["sandbox", "unionpay"]


class _Serving(TypedDict):
    host: str
    port: int
    stop: asyncio.Event
    ready: Callable[[str], None]


CONFIG = """
[site]
environment = "drill"
community = { zh-Hans = "华大社区", zh-Hant = "華大社區", en = "Huada Community" }

[bank]
kind = "sandbox"

[spending]
new_payee_hours = 0

[[projects]]
id = "lunch"
title = { zh-Hans = "长者爱心午餐", zh-Hant = "長者愛心午餐", en = "Warm lunches" }
summary = { zh-Hans = "午餐", zh-Hant = "午餐", en = "Lunch" }
story = { zh-Hans = "午餐", zh-Hant = "午餐", en = "Lunch" }
payee = { zh-Hans = "演练慈善会", zh-Hant = "演練慈善會", en = "Drill Charity" }
amounts_fen = [1000, 5000]
max_fen = 100_000
[projects.permit]
organisation = "演练慈善会"
certificate = "DRILL-1"
certificate_until = 2099-12-31
filing = "DRILL-F-1"
area = "泉州"
opens = 2020-01-01
closes = 2099-12-31

[[projects]]
id = "ended"
title = { zh-Hans = "旧项目", zh-Hant = "舊項目", en = "Old project" }
summary = { zh-Hans = "旧", zh-Hant = "舊", en = "Old" }
story = { zh-Hans = "旧", zh-Hant = "舊", en = "Old" }
payee = { zh-Hans = "演练慈善会", zh-Hant = "演練慈善會", en = "Drill Charity" }
amounts_fen = [1000]
[projects.permit]
organisation = "演练慈善会"
certificate = "DRILL-1"
certificate_until = 2099-12-31
filing = "DRILL-F-0"
area = "泉州"
opens = 2020-01-01
closes = 2020-12-31
"""


@dataclass
class RunningBank:
    url: str
    state: Path
    kind: BankKind = "sandbox"

    @property
    def credentials(self) -> Path:
        """The merchant's folder of credentials."""
        return self.state / "merchant" if self.kind == "unionpay" else self.state


@dataclass
class RunningCentral:
    """`store`: the URL of its database."""

    url: str
    state: Path
    store: str

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """Open the same database with other connections."""
        async with open_database(self.store) as database:
            yield database


@asynccontextmanager
async def running_bank(
    state: Path,
    *,
    gaps_min: tuple[float, ...] = (0.0, 0.001),
    kind: BankKind = "sandbox",
    clock: Clock | None = None,
    faults: tuple[str, ...] = (),
    patience_s: float = 10.0,
) -> AsyncIterator[RunningBank]:
    """Run the bank. `clock`, `faults` and `patience_s` (its time limit for an answer) are for the kind `unionpay`."""
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    place = _Serving(host="127.0.0.1", port=0, stop=stop, ready=ready.set_result)
    if kind == "unionpay":
        serving = unionpay_emulator.run(
            state, **place, clock=clock, faults=faults, timings=SendTimings(gaps_min, patience_s)
        )
    else:
        serving = bank_emulator.run(state, **place, gaps_min=gaps_min)
    task = asyncio.create_task(serving)
    try:
        yield RunningBank(await _first(ready, task), state, kind)
    finally:
        stop.set()
        await task


_divided: dict[Project, tuple[str, ...]] = {}


async def _divide(projects: Sequence[Project]) -> list[tuple[str, ...]]:
    """In this process, and each project once: a child process for every server takes half a second."""
    if new := [project for project in projects if project not in _divided]:
        _divided.update(zip(new, phrases(new), strict=True))
    return [_divided[project] for project in projects]


@asynccontextmanager
async def running_central(
    state: Path,
    bank: RunningBank,
    *,
    config: str = CONFIG,
    store: str = "",
    public_url: str = "",
    limits: RateLimits | None = None,
    timings: ServerTimings | None = None,
    make_app: Callable[..., web.Application] = guarded_app,
    parts: tuple[Part, ...] = (),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> AsyncIterator[RunningCentral]:
    """Run the server. `store`: the URL of its database; empty for a SQLite file in `state`.

    `parts`: the optional parts that are on.
    """
    stop = asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    state.mkdir(mode=0o700, exist_ok=True)
    if not store and not (state / "central.db").exists():
        await put_database(state / "central.db")
    file = state / "central.toml"
    file.write_text(config, encoding="utf-8")
    options = ServerOptions(
        state=state, bank_url=bank.url, bank_credentials=bank.credentials, public_url=public_url, port=0, store=store
    )
    running = run_central(
        load(file, Settings),
        options,
        stop,
        ready=ready.set_result,
        timings=timings or ServerTimings(),
        limits=limits or RateLimits(),
        make_app=make_app,
        divide=_divide,
        load=lambda _settings: parts,
        now=now,
    )
    task = asyncio.create_task(running)
    try:
        yield RunningCentral(await _first(ready, task), state, store or sqlite_url(state / "central.db"))
    finally:
        stop.set()
        await task


async def _first(ready: asyncio.Future[str], task: asyncio.Task[None]) -> str:
    waited: set[asyncio.Future[Any]] = {ready, task}
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    return ready.result()
