"""On a full disk no gift is acknowledged: a small tmpfs, filled twice (mounting needs root)."""

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from beacon_gateway.commands.demo import gateway_program
from beacon_gateway.donations.ports import MIN_FREE_BYTES
from tests.flow.programs import DEMO, prepare

RECOVERED_S = 10


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The gateway's state directory on a disk that has a little more than the space that gifts need."""
    state = tmp_path / "gateway"
    state.mkdir(mode=0o700)
    assert os.geteuid() == 0, "mounting a tmpfs needs root: run ./dev soak as root"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "tmpfs", state], check=True)
    yield state
    subprocess.run(["umount", "-l", state], check=True)


async def test_only_recorded_gifts_are_acknowledged_and_the_page_stays(tmp_path: Path, small_disk: Path) -> None:
    plan = await prepare(tmp_path)
    acknowledged: set[str] = set()
    statuses: set[int] = set()

    async def give(session: aiohttp.ClientSession, key: str) -> int:
        body = {"project": "elder-lunch", "amount_minor": 3000, "currency": "CNY"}
        headers = {"Idempotency-Key": key, "Origin": url, "Sec-Fetch-Site": "same-origin"}
        async with session.post(f"{url}/api/v1/intents", json=body, headers=headers) as answer:
            statuses.add(answer.status)
            if answer.status in {200, 201}:
                acknowledged.add((await answer.json())["intent"])
            elif answer.status == 503:
                assert (await answer.json())["reason"] == "disk_full"
            return answer.status

    async with gateway_program(tmp_path, DEMO, plan, radio="simulated") as gateway, aiohttp.ClientSession() as session:
        url = gateway.url
        for round_ in range(2):
            ballast = small_disk / "ballast"
            await asyncio.to_thread(fill, ballast)
            refused = 0
            for number in range(400):
                status = await give(session, f"round-{round_}-number-{number:05d}")
                refused += status == 503
                if refused >= 5:
                    break
                await asyncio.sleep(0.05)
            assert refused >= 5, "the disk was never full"
            async with session.get(f"{url}/") as page:
                assert page.status == 200
            ballast.unlink()
            async with asyncio.timeout(RECOVERED_S):
                while await give(session, f"round-{round_}-recovered") not in {200, 201}:
                    await asyncio.sleep(0.2)
        gateway.kill()
        await gateway.exited()
    with closing(sqlite3.connect(small_disk / "gateway.db")) as store:
        stored = {i.hex() for (i,) in store.execute("SELECT id FROM intents JOIN outbox USING (id)")}
    assert acknowledged <= stored
    assert statuses <= {200, 201, 429, 503, 507}
    print(f"\nfilled twice: {len(acknowledged)} acknowledged, all stored; statuses {sorted(statuses)}")


def fill(ballast: Path) -> None:
    """Fill the disk except for the space that gifts need and a few pages."""
    left = os.statvfs(ballast.parent).f_bavail * os.statvfs(ballast.parent).f_frsize
    ballast.write_bytes(bytes(max(0, left - MIN_FREE_BYTES - 16 * 1024)))
