"""A gateway without a server: its kiosk works, and staff on site see its status and its decisions."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import aiohttp

from beacon_gateway.settings import Settings
from beacon_gateway.stages import StageTimings
from daemonkit.toml import load
from tests.flow.journey import register
from tests.flow.programs import DEMO, gateway_program, prepare, run_well
from tests.flow.visitor import visitor

MARKUP = re.compile(r"<[^>]+>|\s+")
EXPECTED = ("蓝牙是模拟的", "模拟的，没有真的发出", "volunteer-card类的卡", "连不上服务器，会自动重试", "0.1.0")


async def test_a_gateway_without_a_server_works_and_explains_itself(tmp_path: Path) -> None:
    plan = await prepare(tmp_path)
    state = str(tmp_path / "gateway")
    picture = tmp_path / "why.svg"
    async with gateway_program(tmp_path, DEMO, plan, timings=StageTimings()) as gateway:
        shown = await wait_for_card(gateway.url)  # the card selects no project during a donation
        await check_kiosk(gateway.url, state)
        await check_site_pages(gateway.url)
        trace = json.loads(await run("explain", "--url", gateway.url, "--json", "--last", "1000"))
        words = await run("explain", "--url", gateway.url, "--svg", str(picture))
        status = await run("sync", "status", "--state-dir", state, "--url", gateway.url)
    stopped = await run("sync", "status", "--state-dir", state)
    assert "模拟的蓝牙,收不到真的信号 a simulated radio" in status
    assert "本站广播 own advert: 模拟的,没有真的发出 simulated" in status
    assert "大厅 hall: 还没有校准" in status
    assert "等待发送 waiting" in stopped, "the store is readable without a running gateway"
    check_trace(trace, shown)
    assert " of clear evidence within " in words
    assert re.match(r"判定依据 decides from: 只有 TOML only\n无线接收 radio: 模拟的蓝牙", words)
    assert "近" in words
    drawn = picture.read_text("utf-8")
    ElementTree.fromstring(drawn)
    assert "<style>" in drawn


async def check_kiosk(url: str, state: str) -> None:
    async with visitor(url) as kiosk:
        assert (await register(kiosk)).startswith("http://127.0.0.1:")
        assert (await kiosk.open("/handoff")).status == 200
        health = await kiosk.json("/healthz")
        assert health["stages"]["presence"]["state"] == "running"
        assert health["hall"]["state"] == "not_calibrated"
    async with asyncio.timeout(120):
        while "server unreachable" not in (log := await run("sync", "log", "--state-dir", state)):
            await asyncio.sleep(0.1)
    assert log.count("server unreachable") == 1


async def check_site_pages(url: str) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        async with http.get(f"{url}/site") as answer:
            assert answer.status == 200
            page = MARKUP.sub("", await answer.text())
        async with http.get(f"{url}/site/live") as stream:
            assert b'"view": "site"' in await stream.content.readuntil(b"\n\n")
        async with http.get(f"{url}/site/why") as answer:
            why = await answer.text()
        async with http.get(f"{url}/site", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
        for path in ("/site/pin", "/site/enter"):
            async with http.get(url + path) as answer:
                assert answer.status == 404, "the site page is not open to the network"
    for words in EXPECTED:
        assert words in page, words
    assert "<svg" in why
    assert "画面" in why


def check_trace(trace: dict[str, Any], shown: str) -> None:
    decision = next(each for each in trace["decisions"] if each["kind"] == "shown" and each["after"] == shown)
    assert decision["reason"]["person"]
    assert decision["reason"]["distance_m"] > 0
    zones = [each for each in trace["decisions"] if each["kind"] == "zone" and each["tag_class"]]
    assert zones, "the approach of the card is in the trace"
    for each in zones:
        assert each["rssi"] < 0
        assert 0 < each["distance_m"] < 10
        assert each["reason"]["kind"] == "edges_crossed"
        assert all(edge["evidence_s"] >= edge["required_s"] > 0 for edge in each["reason"]["edges"])
    for beacon in load(DEMO / "gateway.toml", Settings).beacons:
        assert beacon.kind == "place" or str(beacon.id) not in json.dumps(trace), "a tag is named by its class only"


async def wait_for_card(url: str) -> str:
    """Wait until a simulated card has selected a project; return the project."""
    async with visitor(url) as kiosk, asyncio.timeout(180):
        while True:
            scene: dict[str, Any] = await kiosk.json("/api/v1/scene")
            if scene["door"] == "tag":
                return str(scene["project"])
            await asyncio.sleep(0.1)


async def run(*words: str) -> str:
    return await run_well(*words, program="beacon_gateway")
