"""Two real servers on one PostgreSQL: all state is in the database."""

import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from sync_contract.records import Parcel, ParcelReceipts, Receipt
from sync_contract.wire_record import decode
from tests.fakes.central_program import open_house
from tests.fakes.delivering_gateway import DeliveringGateway, as_json
from tests.fakes.donor import Donor
from tests.postgres import Postgres


async def delivered(gateway: DeliveringGateway, count: int = 1) -> list[Receipt]:
    """Deliver new parcels, repeatedly while no server is available."""
    batch = {"contract": 1, "parcels": [as_json(gateway.intent()) for _ in range(count)]}
    async with asyncio.timeout(180):
        while True:
            status, body = await gateway.post_batch(batch)
            if status == 200:
                return [receipt.receipt for receipt in decode(ParcelReceipts, body).receipts]
            assert status == 503
            await asyncio.sleep(0.1)


async def outcome(gateway: DeliveringGateway, gift: Parcel, known: str) -> str:
    """Poll until the gift's state differs from `known`; return it."""
    async with asyncio.timeout(180):
        while True:
            status, answer = await gateway.get("/api/v1/outcomes", f"known={gift.id}:{known}&wait=25")
            assert status == 200, answer
            for found in answer["outcomes"]:
                return str(found["state"])


async def test_a_payment_reaches_the_other_server_and_survives_kills_and_a_database_crash(
    postgres: Postgres, tmp_path: Path
) -> None:
    async with AsyncExitStack() as edges:
        store = await edges.enter_async_context(postgres.database())
        house = await edges.enter_async_context(open_house(tmp_path, store))
        jar = aiohttp.CookieJar(unsafe=True)
        fresh = aiohttp.TCPConnector(force_close=True)  # servers close connections that are idle for long
        session = await edges.enter_async_context(aiohttp.ClientSession(connector=fresh, cookie_jar=jar))
        one, other = await asyncio.gather(
            edges.enter_async_context(house.running()), edges.enter_async_context(house.running())
        )
        gateway, donor = DeliveringGateway(session, one.url), Donor(session)
        await house.enrol(gateway)

        gift = gateway.intent()
        assert [receipt.receipt for receipt in await gateway.deliver([gift])] == [Receipt.accepted]
        at_bank = await donor.press(await donor.open(f"{other.url}/t/{gateway.ticket(gift)}"))
        waiting = asyncio.create_task(outcome(gateway, gift, "handed_off"))
        after = await donor.press(at_bank, decision="confirm")
        assert after.url.startswith(other.url)
        assert await waiting == "paid"

        other.kill()
        await other.exited()
        assert await delivered(gateway) == [Receipt.accepted]
        postgres.stop(signal.SIGQUIT)
        status, _ = await gateway.post_batch({"contract": 1, "parcels": []})
        assert status == 503
        postgres.start()
        assert await delivered(gateway, 3) == [Receipt.accepted] * 3
        third = await edges.enter_async_context(house.running())
        gateway.url = third.url
        assert [receipt.receipt for receipt in await gateway.deliver([gift])] == [Receipt.duplicate]
        assert await outcome(gateway, gift, "handed_off") == "paid"
    for number in (1, 2, 3):
        assert "Traceback" not in house.log(number).read_text(encoding="utf-8")
