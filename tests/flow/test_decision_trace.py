"""A card walks up to the running gateway; the person who stands there asks it why the screen turned."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from beacon_gateway.commands.demo import gateway_program, make_plan
from beacon_gateway.settings import Settings
from daemonkit.toml import load
from tests.flow.conftest import DEMO
from tests.flow.visitor import visitor
from tests.ports import keep_ports


async def test_the_trace_of_a_walk_says_which_project_was_chosen_and_why_with_numbers(tmp_path: Path) -> None:
    for name in ("bank", "central", "gateway", "logs"):
        (tmp_path / name).mkdir()
    keep_ports(tmp_path)
    plan = await asyncio.to_thread(make_plan, tmp_path, DEMO)
    async with gateway_program(tmp_path, DEMO, plan, radio="simulated") as gateway:
        shown = await shown_for_a_card(gateway.url)
        told = json.loads(await asyncio.to_thread(explain, gateway.url, "--json", "--last", "1000"))
        picture = tmp_path / "why.svg"
        words = await asyncio.to_thread(explain, gateway.url, "--svg", str(picture))
        status = await asyncio.to_thread(
            asked, "sync", "status", "--state-dir", str(tmp_path / "gateway"), "--url", gateway.url
        )
        stranger = await asyncio.to_thread(asked, "sync", "status", "--state-dir", str(tmp_path / "gateway"))
    assert "模拟的无线电,听不到真的信号 a simulated radio" in status
    assert "本站广播 own advert: 模拟的,没有真的发出 simulated" in status
    assert "等待发送 waiting" in stranger, "what is in the store is told without a gateway too"
    decision = next(each for each in told["decisions"] if each["kind"] == "shown" and each["after"] == shown)
    assert decision["reason"]["person"]
    assert decision["reason"]["distance_m"] > 0
    zones = [each for each in told["decisions"] if each["kind"] == "zone" and each["tag_class"]]
    assert zones, "the walk up is in it"
    for each in zones:
        assert each["rssi"] < 0
        assert 0 < each["distance_m"] < 10
        assert each["reason"]["kind"] == "edges_crossed"
        assert all(edge["evidence_s"] >= edge["required_s"] > 0 for edge in each["reason"]["edges"])
    assert " of clear evidence within " in words
    assert re.match(r"判定依据 decides from: 只有 TOML only\n无线接收 radio: 模拟的无线电", words)
    assert "近" in words
    drawn = picture.read_text("utf-8")
    ElementTree.fromstring(drawn)
    assert "<style>" in drawn
    for beacon in load(DEMO / "gateway.toml", Settings).beacons:
        assert beacon.kind == "place" or str(beacon.id) not in json.dumps(told), "a tag has no name but its class"


async def shown_for_a_card(url: str) -> str:
    async with visitor(url) as kiosk, asyncio.timeout(180):
        while True:
            scene: dict[str, Any] = await kiosk.json("/api/v1/scene")
            if scene["door"] == "tag":
                return str(scene["project"])
            await asyncio.sleep(0.1)


def explain(url: str, *more: str) -> str:
    return asked("explain", "--url", url, *more)


def asked(*words: str) -> str:
    command = [sys.executable, "-m", "beacon_gateway", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
