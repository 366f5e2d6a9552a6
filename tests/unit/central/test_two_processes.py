"""Two servers beside each other on one database: no truth lives in a process."""

import asyncio
from collections import Counter
from pathlib import Path

import aiohttp

from sync_contract.records import Receipt
from tests.fakes.central_process import RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor


async def test_what_one_server_is_told_the_other_knows(
    central: RunningCentral,
    bank: RunningBank,
    gateway: DeliveringGateway,
    session: aiohttp.ClientSession,
    donor: Donor,
) -> None:
    async with running_central(central.state, bank) as second:
        batch = [gateway.intent() for _ in range(20)]
        answers = []
        for round_of in range(6):
            gateway.url = (central, second)[round_of % 2].url
            answers.append(asyncio.create_task(gateway.deliver(batch)))
            await asyncio.sleep(0)
        told = Counter(receipt.receipt for receipts in await asyncio.gather(*answers) for receipt in receipts)
        assert told == {Receipt.accepted: 20, Receipt.duplicate: 100}

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
        async with asyncio.timeout(3):
            for task in waiting:
                assert (await task)[1]["outcomes"][0]["state"] == "paid"


async def test_they_share_what_they_sign_with(
    tmp_path: Path, central: RunningCentral, bank: RunningBank, session: aiohttp.ClientSession
) -> None:
    async with running_central(central.state, bank) as second:
        answers = []
        for server in (central, second):
            async with session.get(f"{server.url}/api/v1/catalogue") as answer:
                answers.append(await answer.read())
    assert answers[0] == answers[1]
