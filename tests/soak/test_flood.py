"""A flood of 100,000 random addresses, 2,000 per second, over a real D-Bus daemon."""

import asyncio
import json
import os
import sys
from pathlib import Path
from time import monotonic

from tests.bench.adverts.run import end_program, private_bus, start, wait_for_line
from tests.paths import ROOT

RATE, ADDRESSES = 2000, 100_000
LOOK_S = 0.01


def rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def test_a_flood_of_random_addresses_neither_fills_memory_nor_blocks_the_loop(tmp_path: Path) -> None:
    async with private_bus(tmp_path) as address:
        env = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": address, "PYTHONPATH": str(ROOT)}
        bluez = await start(env, sys.executable, "-m", "tests.bench.adverts.flood", RATE, ADDRESSES)
        await wait_for_line(bluez, "ready")
        gateway = await start(env, sys.executable, "-m", "tests.soak.flooded")
        try:
            await wait_for_line(gateway, "listening")
            await wait_for_line(bluez, "begin")
            await asyncio.sleep(1)
            before, most, machine_s = rss_mb(gateway.pid), 0.0, list[float]()
            ended = asyncio.create_task(wait_for_line(bluez, "end"))
            while not ended.done():
                most = max(most, rss_mb(gateway.pid))
                due = monotonic() + LOOK_S
                await asyncio.sleep(LOOK_S)
                machine_s.append(monotonic() - due)
            gateway.terminate()
            assert gateway.stdout is not None
            figures = json.loads(await gateway.stdout.read())
        finally:
            await end_program(gateway)
            await end_program(bluez)
    assert gateway.returncode == 0
    assert most - before < 20, "MB more"
    assert figures["foreign"] >= ADDRESSES // 3 - 100, "all were received"
    assert figures["frames"] - figures["foreign"] >= 400, "the wall beacon was received throughout"
    assert figures["rebuilds"] == 0
    assert figures["wall_visits"] <= 4, "it arrived, and its zone was found"
    machine_ms = 1000 * sorted(machine_s)[len(machine_s) * 99 // 100]
    print(f"+{most - before:.1f} MB, {figures}, an idle loop beside it {machine_ms:.1f} ms")
    assert figures["lag_p99_ms"] < 100 + machine_ms, "compared with an idle loop on this machine"
