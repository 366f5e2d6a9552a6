"""Prepare, run and inspect the three real programs, each in a process of its own."""

import asyncio
import json
import sqlite3
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from beacon_gateway.commands import run as gateway_run
from beacon_gateway.commands.demo import Plan
from beacon_gateway.stages import StageTimings
from beacon_gateway.store.identity import FILE, open_identity
from central_server.commands import bank_emulator
from central_server.commands import run as central_run
from central_server.store.parcels.batches import unpack
from daemonkit.programs import Program
from sync_contract.keys import public_text
from tests.fakes.forked_programs import forked_program, run_command
from tests.paths import ROOT
from tests.ports import free_plan
from tests.sqlite import put_database

DEMO = ROOT / "config" / "demo"
SIMULATED = "simulated"
IMPATIENT = StageTimings(
    sync_cap_s=0.5, first_outcomes_s=0.2, first_background_s=0.2, beacons_check_s=0.1, heads_every_s=0.5
)
"""A failed stage starts again at once, so that tests of its recovery need not wait."""


async def prepare(state: Path) -> Plan:
    """Create the folders, the databases, staff's account and the plan of the programs, or read the plan again."""
    file = state / "demo.json"
    if file.exists():
        return Plan(**json.loads(file.read_text("utf-8")))
    for name in ("bank", "central", "gateway", "logs"):
        (state / name).mkdir(mode=0o700, exist_ok=True)
    await put_database(state / "central" / "central.db")
    plan = free_plan()
    (state / "password").write_text(plan.password)
    place = ("--config", str(DEMO / "central.toml"), "--state-dir", str(state / "central"))
    await run_well("user", "add", "staff", "--role", "chief", "--password-file", str(state / "password"), *place)
    own = open_identity(state / "gateway" / FILE)
    public = public_text(own.key.public_key())
    output = await run_well("gateway", "add", own.gateway, public, "--community", "huada", "--label", "hall", *place)
    plan = replace(plan, catalogue_key=output.split()[-1])
    file.write_text(json.dumps(asdict(plan)), "utf-8")
    return plan


def bank_program(state: Path, plan: Plan) -> AbstractAsyncContextManager[Program]:
    main = partial(bank_emulator.run, state / "bank", plan.bank_port, "sandbox", [], Path("/nowhere"))
    return forked_program("sandbox bank", main, log=state / "logs" / "bank.log")


def central_program(state: Path, config: Path, plan: Plan) -> AbstractAsyncContextManager[Program]:
    bank = f"http://127.0.0.1:{plan.bank_port}"
    main = partial(
        central_run.run, config / "central.toml", state / "central", plan.central_port, "", bank, state / "bank"
    )
    return forked_program("central server", main, log=state / "logs" / "central.log")


def gateway_program(
    state: Path, config: Path, plan: Plan, *, radio: str = SIMULATED, timings: StageTimings = IMPATIENT
) -> AbstractAsyncContextManager[Program]:
    central, key = f"http://127.0.0.1:{plan.central_port}", plan.catalogue_key or None
    own = state / "gateway"
    main = partial(gateway_run.run, config / "gateway.toml", own, radio, plan.kiosk_port, central, key, timings)
    return forked_program("gateway", main, log=state / "logs" / "gateway.log")


async def stop(program: Program) -> None:
    """Send SIGTERM; the program must exit with 0 within two minutes."""
    program.terminate()
    async with asyncio.timeout(120):
        assert await program.exited() == 0


async def restarted_with_catalogue(state: Path) -> None:
    """Wait until the gateway has pulled the catalogue and started again with its beacons."""
    await has_started(state / "logs" / "gateway.log", 2)


async def has_started(log: Path, times: int) -> None:
    """Wait until the gateway with this log has started so many times."""
    async with asyncio.timeout(120):
        while log.read_text("utf-8").count("gateway.ready") < times:
            await asyncio.sleep(0.02)


async def run_well(*words: str, program: str = "central_server") -> str:
    """Run a command that must succeed; return its output."""
    code, output, errors = await run_command(*words, program=program)
    assert code == 0, errors
    return output


def rows(state: Path, query: str) -> list[tuple[Any, ...]]:
    """Query the central server's database."""
    with closing(sqlite3.connect(f"file:{state / 'central' / 'central.db'}?mode=ro", uri=True)) as store:
        return store.execute(query).fetchall()


def delivered_contents(state: Path) -> list[bytes]:
    """Return the contents of all delivered parcels; the database stores them compressed."""
    return [content for (packed,) in rows(state, "SELECT content FROM batches") for content in unpack(packed)]


def delivered_gifts(state: Path) -> list[dict[str, Any]]:
    """Return the delivered intent parcels."""
    parcels = (json.loads(content) for content in delivered_contents(state))
    return [parcel for parcel in parcels if parcel["body"]["kind"] == "intent"]


async def wait_delivered(state: Path, count: int) -> None:
    """Wait until `count` intent parcels were delivered."""
    async with asyncio.timeout(120):
        while len(delivered_gifts(state)) < count:
            await asyncio.sleep(0.02)


async def wait_paid(state: Path, count: int) -> None:
    """Wait until `count` intents are paid: the donor may return before the bank's notification."""
    async with asyncio.timeout(120):
        while rows(state, "SELECT count(*) FROM intents WHERE state = 'paid'") != [(count,)]:
            await asyncio.sleep(0.02)
