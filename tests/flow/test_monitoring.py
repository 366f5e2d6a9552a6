"""Prometheus scrapes both programs; every query of the dashboard and of the alert rules names what it finds."""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from beacon_gateway.commands.demo import Demo
from tests.paths import ROOT
from tests.ports import own_port

MONITORING = ROOT / "config" / "monitoring"
DOCUMENT = ROOT / "docs" / "monitoring.md"
OURS = re.compile(r"\b(?:beacon_(?:gateway|central)|process)_[a-z_]+\b")
HELP = re.compile(r"^# HELP (\S+) ", re.MULTILINE)


def promtool(*words: str) -> None:
    program = shutil.which("promtool")
    assert program is not None, "promtool is needed: apt install prometheus"
    judged = subprocess.run([program, *words], capture_output=True, text=True, timeout=120)
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_prometheus_accepts_the_configuration_and_the_rules_and_each_trouble_gives_its_alert() -> None:
    promtool("check", "config", "--syntax-only", str(MONITORING / "prometheus.yml"))
    promtool("check", "rules", str(MONITORING / "alerts.yml"))
    promtool("test", "rules", str(ROOT / "tests" / "vectors" / "alerts_test.yml"))


async def test_a_real_prometheus_finds_every_metric_of_dashboard_rules_and_document(
    house: Demo, tmp_path: Path
) -> None:
    async with aiohttp.ClientSession() as http:
        texts = {url: await scrape(http, url) for url in (house.gateway.url, house.central.url)}
        names = {name for text in texts.values() for name in HELP.findall(text)}
        documented = set(OURS.findall(DOCUMENT.read_text("utf-8")))
        assert documented == {name for name in names if name.startswith("beacon_")}
        assert "volunteer" not in texts[house.gateway.url], "people's tags do not appear"
        async with prometheus(tmp_path, house) as prometheus_url:
            stored = set(await ask(http, prometheus_url, "label/__name__/values"))
            for query in queries():
                assert set(OURS.findall(query)) <= names | stored, query
                await ask(http, prometheus_url, "query", query=query)
            scraped = {name for name, text in samples(texts) if name.startswith("beacon_")}
            assert scraped <= stored
            answer = await ask(http, prometheus_url, "query", query="beacon_central_gateways{status='up'}")
            assert [each["value"][1] for each in answer["result"]] == ["1"]


async def scrape(http: aiohttp.ClientSession, url: str) -> str:
    for headers in ({"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}):
        async with http.get(f"{url}/metrics", headers=headers) as answer:
            assert answer.status == 404, "it came through a proxy"
    async with http.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        return await answer.text()


def samples(texts: dict[str, str]) -> list[tuple[str, str]]:
    lines = [line for text in texts.values() for line in text.splitlines() if line and not line.startswith("#")]
    return [(re.split(r"[{ ]", line, maxsplit=1)[0], line) for line in lines]


def queries() -> list[str]:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text("utf-8"))
    panels = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]
    rules = re.findall(r"^ +expr: (.+)$", (MONITORING / "alerts.yml").read_text("utf-8"), re.MULTILINE)
    assert len(panels) > 20
    assert len(rules) > 20
    return panels + rules


@asynccontextmanager
async def prometheus(folder: Path, house: Demo) -> AsyncIterator[str]:
    """Run Prometheus with our configuration and the ports of `house`; yield its address after the first scrapes."""
    program = shutil.which("prometheus")
    assert program is not None, "prometheus is needed: apt install prometheus"
    config = (MONITORING / "prometheus.yml").read_text("utf-8").replace("30s", "1s")
    for port, url in ((8080, house.gateway.url), (8040, house.central.url)):
        config = config.replace(f"127.0.0.1:{port}", url.removeprefix("http://"))
    (folder / "prometheus.yml").write_text(config, "utf-8")
    address = f"127.0.0.1:{own_port()}"
    place = (f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'prometheus'}")
    process = await asyncio.create_subprocess_exec(
        program, *place, f"--web.listen-address={address}", "--log.level=error"
    )
    try:
        async with aiohttp.ClientSession() as http, asyncio.timeout(120):
            while not await both_are_up(http, f"http://{address}"):
                assert process.returncode is None
                await asyncio.sleep(0.1)
        yield f"http://{address}"
    finally:
        process.terminate()
        await process.wait()


async def both_are_up(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        answer = await ask(http, url, "query", query="beacon_gateway_healthy + on () beacon_central_healthy")
    except (aiohttp.ClientConnectorError, aiohttp.ContentTypeError):
        return False  # it does not listen yet, or answers in plain text that it is starting
    return [each["value"][1] for each in answer["result"]] == ["2"]


async def ask(http: aiohttp.ClientSession, url: str, path: str, **query: str) -> Any:
    async with http.get(f"{url}/api/v1/{path}", params=query) as answer:
        body = await answer.json()
    assert body["status"] == "success", body
    return body["data"]
