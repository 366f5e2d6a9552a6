"""Pages, intake and the bank endpoint go on while background stages of the server fail."""

import asyncio

import aiohttp
import pytest

from central_server import jobs
from sync_contract.records import Receipt
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway


async def test_a_failing_background_stage_degrades_the_server_and_stops_nothing(
    central: RunningCentral,
    gateway: DeliveringGateway,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def fail(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(jobs, "count_new", fail)
    await wait_for_degraded(session, central, ["figures"])
    (receipt,) = await gateway.deliver([gateway.intent()])
    assert receipt.receipt is Receipt.accepted
    async with session.get(f"{central.url}/board") as page:
        assert page.status == 200
    monkeypatch.undo()
    await wait_for_degraded(session, central, [])


async def wait_for_degraded(session: aiohttp.ClientSession, central: RunningCentral, stages: list[str]) -> None:
    async with asyncio.timeout(120):
        while True:
            async with session.get(f"{central.url}/healthz") as answer:
                health = await answer.json()
            assert (answer.status, health["ok"]) == (200, True)
            if health["degraded"] == stages:
                return
            await asyncio.sleep(0.02)
