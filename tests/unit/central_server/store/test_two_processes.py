"""Two servers beside each other on one database: no truth lives in a process."""

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import aiohttp
from sqlalchemy import select

from central_server.store.engine.database import Database
from central_server.store.engine.tables import leases
from sync_contract.records import Receipt
from tests.databases import both_databases
from tests.fakes.central_process import RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor

pytestmark = both_databases


async def test_what_one_server_is_told_the_other_knows(
    central: RunningCentral,
    bank: RunningBank,
    gateway: DeliveringGateway,
    session: aiohttp.ClientSession,
    donor: Donor,
) -> None:
    async with running_central(central.state, bank, store=central.store) as second:
        batch = [gateway.intent() for _ in range(20)]
        answers = []
        for round_of in range(6):
            gateway.url = (central, second)[round_of % 2].url
            answers.append(asyncio.create_task(gateway.deliver(batch)))
            await asyncio.sleep(0)
        counts = Counter(receipt.receipt for receipts in await asyncio.gather(*answers) for receipt in receipts)
        assert counts == {Receipt.accepted: 20, Receipt.duplicate: 100}

        page = await donor.open(f"{central.url}/t/{gateway.ticket(batch[0])}")
        elsewhere = page.html.replace('action="/t/', f'action="{second.url}/t/')
        page.html = elsewhere
        at_bank = await donor.press(page)
        assert "/pay/" in at_bank.url
        waiting = []
        for server in (central, second):
            gateway.url = server.url
            query = f"known={batch[0].id}:handed_off&wait=25"
            waiting.append(asyncio.create_task(gateway.get("/api/v1/outcomes", query)))
            await asyncio.sleep(0.1)
        await donor.press(at_bank, decision="confirm")
        async with asyncio.timeout(120):
            for task in waiting:
                assert (await task)[1]["outcomes"][0]["state"] == "paid"


async def test_a_server_that_stops_gives_its_work_to_the_others(
    tmp_path: Path, bank: RunningBank, store_url: str, database: Database
) -> None:
    async def holders() -> dict[str, str]:
        async with database.read() as connection:
            return {name: holder for name, holder in await connection.execute(select(leases.c.name, leases.c.holder))}

    async def until(good: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        async with asyncio.timeout(120):
            while not good(found := await holders()):
                await asyncio.sleep(0.05)
        return found

    work = {"ask_bank", "figures"}
    async with running_central(tmp_path / "central", bank, store=store_url):
        first = await until(lambda found: found.keys() >= work)
    assert await holders() == {}
    async with running_central(tmp_path / "central", bank, store=store_url):
        second = await until(lambda found: found.keys() >= work)
    assert not {*first.values()} & {*second.values()}


async def test_they_share_what_they_sign_with(
    central: RunningCentral, bank: RunningBank, gateway: DeliveringGateway
) -> None:
    async with running_central(central.state, bank, store=central.store) as second:
        answers = []
        for server in (central, second):
            gateway.url = server.url
            answers.append(await gateway.get("/api/v1/catalogue"))
    assert answers[0] == answers[1]
    assert answers[0][0] == 200
