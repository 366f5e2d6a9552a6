"""Five gifts go from the screen to the published sums, and a gateway stands by them, also without a server."""

import asyncio
from pathlib import Path
from typing import Any

from beacon_gateway.commands.demo import House
from tests.flow.journey import pay, register
from tests.flow.test_end_to_end import rows
from tests.flow.visitor import Visitor, visitor


async def chain(phone: Visitor) -> dict[str, Any] | None:
    """What the server published of the project; None before that."""
    page = await phone.open("/api/v1/transparency/huada/elder-lunch")
    return None if page.status == 404 else await phone.json("/api/v1/transparency/huada/elder-lunch")


async def test_five_gifts_are_published_cosigned_and_shown_in_the_hall(house: House, tmp_path: Path) -> None:
    async with visitor(house.gateway.url) as kiosk, visitor(house.central.url) as phone, asyncio.timeout(300):
        for number in range(5):
            assert await chain(phone) is None, f"nothing is told of {number} gifts"
            await pay(await register(kiosk))
        while not (told := await chain(phone)) or not told["heads"][0]["cosignatures"]:
            await asyncio.sleep(0.2)
        (gateway,) = {one["gateway"] for one in told["heads"][0]["cosignatures"]}
        assert rows(tmp_path, "SELECT id FROM gateways WHERE kind = 'device'") == [(gateway,)]
        page = await kiosk.open("/board")
        assert "¥150" in page.text
        digest = told["heads"][0]["digest"]
        assert f"{digest[:4]} {digest[4:8]} {digest[8:12]}" in page.text, "the number that people compare"
        ((secret,), *_) = rows(tmp_path, "SELECT secret FROM ledger_lines")
        assert (await phone.json(f"/api/v1/proofs/{secret}"))["sums"]["received"] == 3000
