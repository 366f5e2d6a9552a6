"""The running gateway tells staff on the device how it is, and follows what happens; other host names get nothing."""

import asyncio
import re
from pathlib import Path

import aiohttp

from beacon_gateway.commands.demo import gateway_program, make_plan
from tests.flow.conftest import DEMO
from tests.flow.test_decision_trace import shown_for_a_card
from tests.ports import keep_ports

MARKUP = re.compile(r"<[^>]+>|\s+")
EXPECTED = ("模拟的无线电", "模拟的，没有真的发出", "volunteer-card类的卡", "连不上服务器，会自动重试", "0.1.0")


async def test_staff_on_the_device_see_the_radio_the_sync_and_the_reason_of_the_screen(tmp_path: Path) -> None:
    for name in ("bank", "central", "gateway", "logs"):
        (tmp_path / name).mkdir()
    keep_ports(tmp_path)
    plan = await asyncio.to_thread(make_plan, tmp_path, DEMO)
    async with (
        gateway_program(tmp_path, DEMO, plan, radio="simulated") as gateway,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http,
    ):
        await _missed(http, gateway.url)
        await shown_for_a_card(gateway.url)  # last: it goes away again
        async with http.get(f"{gateway.url}/site") as answer:
            assert answer.status == 200
            page = MARKUP.sub("", await answer.text())
        async with http.get(f"{gateway.url}/site/live") as stream:
            assert b'"view": "site"' in await stream.content.readuntil(b"\n\n")
        async with http.get(f"{gateway.url}/site/why") as answer:
            why = await answer.text()
        async with http.get(f"{gateway.url}/site", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
        for path in ("/site/pin", "/site/enter"):
            async with http.get(gateway.url + path) as answer:
                assert answer.status == 404, "nobody opened it to the network"
    for words in EXPECTED:
        assert words in page, words
    assert "<svg" in why
    assert "画面" in why


async def _missed(http: aiohttp.ClientSession, url: str) -> None:
    """Until some part of the gateway has found that there is no server."""
    async with asyncio.timeout(120):
        while True:
            async with http.get(f"{url}/healthz") as answer:
                stages = (await answer.json())["stages"]
            if any(each["error"] == "CentralUnreachable" for each in stages.values()):
                return
            await asyncio.sleep(0.1)
