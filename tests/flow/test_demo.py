"""`beacon-gateway demo` looks as in use from its first start, and survives a killed gateway."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp

from tests.flow.programs import DEMO, rows
from tests.ports import keep_ports
from tests.sqlite import put_database


async def wait_ready(session: aiohttp.ClientSession, kiosk: str) -> None:
    """Wait until the kiosk answers."""
    async with asyncio.timeout(300):
        while True:
            try:
                async with session.get(f"{kiosk}/healthz") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


def gateway_pid(state: Path) -> int:
    """Return the process that runs the gateway of this demo."""
    marks = (b"beacon_gateway", b"run", str(state / "gateway").encode())
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if all(mark in words for mark in marks):
                return int(folder.name)
    raise AssertionError("no gateway runs")


async def test_the_demo_has_a_history_and_starts_a_killed_gateway_again(tmp_path: Path) -> None:
    state = tmp_path / "demo"
    (state / "central").mkdir(mode=0o700, parents=True)
    await put_database(state / "central" / "central.db")
    keep_ports(state)
    kiosk = f"http://127.0.0.1:{json.loads((state / 'demo.json').read_text())['kiosk_port']}"
    command = [sys.executable, "-m", "beacon_gateway", "demo", "--radio", "simulated"]
    command += ["--state-dir", str(state), "--config-dir", str(DEMO)]
    demo = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert demo.stdout is not None
    try:
        async with aiohttp.ClientSession() as session:
            await wait_ready(session, kiosk)
            ((paid, spent),) = rows(
                state,
                "SELECT count(*) FILTER (WHERE kind = 'paid'), count(*) FILTER (WHERE kind = 'disbursed')"
                " FROM ledger_lines WHERE environment = 'drill'",
            )
            assert paid > 50
            assert spent >= 3
            first = gateway_pid(state)
            os.kill(first, signal.SIGKILL)
            async with asyncio.timeout(300):
                while b"started again" not in (line := await demo.stdout.readline()):
                    assert line
            await wait_ready(session, kiosk)
            assert gateway_pid(state) != first
        demo.terminate()
        async with asyncio.timeout(300):
            assert await demo.wait() == 0
    finally:
        if demo.returncode is None:
            demo.kill()
            await demo.wait()
