"""Prepare, run and inspect the three real programs."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from beacon_gateway.commands.demo import Plan, make_plan
from central_server.store.parcels.batches import unpack
from daemonkit.programs import Program
from tests.flow.conftest import DEMO
from tests.ports import keep_ports

SIMULATED = "simulated"


async def prepare(state: Path) -> Plan:
    """Create the folders and the plan of the programs, or read the plan again."""
    for name in ("bank", "central", "gateway", "logs"):
        (state / name).mkdir(exist_ok=True)
    if not (state / "demo.json").exists():
        keep_ports(state)
    return await asyncio.to_thread(make_plan, state, DEMO)


async def stop(program: Program) -> None:
    """Send SIGTERM; the program must exit with 0 within 30 s."""
    program.terminate()
    async with asyncio.timeout(30):
        assert await program.exited() == 0


def run_gateway_command(*words: str) -> str:
    """Run a `beacon-gateway` command that must succeed; return its output."""
    command = [sys.executable, "-m", "beacon_gateway", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


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
            await asyncio.sleep(0.05)


async def wait_paid(state: Path, count: int) -> None:
    """Wait until `count` intents are paid: the donor may return before the bank's notification."""
    async with asyncio.timeout(60):
        while rows(state, "SELECT count(*) FROM intents WHERE state = 'paid'") != [(count,)]:
            await asyncio.sleep(0.05)
