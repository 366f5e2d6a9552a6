"""Bad input gets a clear answer and loses nothing."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from beacon_gateway.commands.demo import Demo
from daemonkit.programs import ProgramFailed
from tests.flow.conftest import furnished_house
from tests.flow.journey import open_ticket, register
from tests.flow.programs import DEMO, gateway_program, has_started, prepare, rows
from tests.flow.visitor import Visitor, visitor

GATEWAY = [sys.executable, "-m", "beacon_gateway"]
in_the_same_house = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True)
class Spared:
    """A house in which nothing is changed by what the tests do, so that they may share it."""

    house: Demo
    folder: Path

    def intents(self) -> int:
        """So many are registered at the gateway."""
        with closing(sqlite3.connect(self.folder / "gateway" / "gateway.db")) as store:
            (count,) = store.execute("SELECT count(*) FROM intents").fetchone()
            return int(count)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def spared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Spared]:
    folder = tmp_path_factory.mktemp("house")
    async with furnished_house(folder) as house:
        yield Spared(house, folder)


@in_the_same_house
async def test_residents_get_a_page_that_says_so_and_nothing_is_registered(spared: Spared) -> None:
    before = spared.intents()
    async with visitor(spared.house.gateway.url) as kiosk:
        unknown = await kiosk.open("/project/nothing-here")
        assert unknown.status == 404
        assert "这里没有这个项目" in unknown.text or "项目" in unknown.text

        closed = await kiosk.open("/project/info-only")
        assert closed.status == 200
        assert not any("/amount" in link for link in closed.links), "no permit, no button"

        page = await kiosk.open("/project/elder-lunch/amount")
        form = page.form("/give")
        refused = await kiosk.submit(page, form, ("amount_fen", "3000"), project="info-only")
        assert refused.status == 409
        for fen in ("1", "99999999999", "-5", "3.5", ""):
            refused = await kiosk.submit(page, form, ("amount_fen", fen))
            assert refused.status == 422, fen
            assert refused.forms, "the page keeps its ways out"
        forged = await kiosk.submit(page, form, ("amount_fen", "3000"), csrf="0" * 64)
        assert forged.status == 403

    assert spared.intents() == before


@in_the_same_house
async def test_a_forged_ticket_gets_a_plain_page_and_changes_nothing(spared: Spared) -> None:
    async with visitor(spared.house.gateway.url) as kiosk:
        url = await register(kiosk)
    head, text = url[:-30], url[-30:]
    altered = head + text[:10] + ("A" if text[10] != "A" else "B") + text[11:]
    for bad in (altered, head, f"{spared.house.central.url}/T/HELLO"):
        page = await open_ticket(bad)
        assert page.status == 400, bad
        assert not [form for form in page.forms if form.method == "post"]
    assert rows(spared.folder, "SELECT count(*) FROM attempts") == [(0,)]


@in_the_same_house
async def test_looking_at_a_ticket_changes_nothing(spared: Spared) -> None:
    async with visitor(spared.house.gateway.url) as kiosk:
        url = await register(kiosk)
        for _ in range(5):
            assert (await open_ticket(url)).status == 200
        assert rows(spared.folder, "SELECT count(*) FROM attempts") == [(0,)]
        assert (await kiosk.open("/handoff")).status == 200


def test_a_broken_toml_never_starts_afresh_and_names_every_fault(tmp_path: Path) -> None:
    broken = tmp_path / "gateway.toml"
    text = (DEMO / "gateway.toml").read_text("utf-8")
    broken.write_text(
        text.replace("major = 2", "major = 99999").replace('kind = "person"', 'kind = "persona"'), "utf-8"
    )
    command = [*GATEWAY, "run", "--config", str(broken), "--state-dir", str(tmp_path / "state"), "--radio", "simulated"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 78
    assert f"{broken}:" in ended.stderr
    assert "99999" in ended.stderr
    assert "persona" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "state").exists(), "nothing was begun"


async def test_settings_become_the_last_good_ones_only_when_they_have_worked(tmp_path: Path) -> None:
    """The kiosk is served and a radio scans; after that, a broken TOML leaves the kiosk on them."""
    plan, last_good = await prepare(tmp_path), tmp_path / "gateway" / "last-good.toml"
    config = tmp_path / "config"
    config.mkdir()
    good = (DEMO / "gateway.toml").read_text("utf-8")
    (config / "gateway.toml").write_text(good)
    async with gateway_program(tmp_path, config, plan, radio="bluez") as gateway, visitor(gateway.url) as kiosk:
        assert (await kiosk.open("/project/elder-lunch")).status == 200
    assert not last_good.exists(), "no radio received"
    async with gateway_program(tmp_path, config, plan):
        while not last_good.exists():
            await asyncio.sleep(0.02)
    (config / "gateway.toml").write_text(good.replace("[kiosk]\n", '[kiosk]\nhost = "192.0.2.1"\n'))
    with pytest.raises(ProgramFailed, match="can be written and the port is free"):
        async with gateway_program(tmp_path, config, plan):
            pass
    assert last_good.read_text("utf-8") == good, "this address cannot be bound"
    (config / "gateway.toml").write_text("this is [not TOML")
    last_good.with_name("last-good.toml.2").write_text(good)
    last_good.write_text("of a version [that is gone")
    async with gateway_program(tmp_path, config, plan) as gateway, visitor(gateway.url) as kiosk:
        project = await kiosk.open("/project/elder-lunch")
        assert project.status == 200
        assert "工作人员请看：设置文件有错" in project.text
        assert "gateway.toml:1" in (await kiosk.open("/site")).text, "staff see the fault on site"
    log = await asyncio.to_thread((tmp_path / "logs" / "gateway.log").read_text)
    assert "settings.refused" in log
    assert "settings.good_refused" in log
    assert "gateway.toml:1" in log


async def test_sighup_takes_over_a_valid_file_and_refuses_a_faulty_one_in_the_same_process(tmp_path: Path) -> None:
    plan, config = await prepare(tmp_path), tmp_path / "config"
    config.mkdir()
    file, good = config / "gateway.toml", (DEMO / "gateway.toml").read_text("utf-8")
    file.write_text(good)
    faulty = good.replace("major = 2", "major = 99999")
    busy = good.replace("[kiosk]\n", '[kiosk]\nhost = "192.0.2.1"\n')
    async with gateway_program(tmp_path, config, plan) as gateway, visitor(gateway.url) as kiosk:
        for refused, key in ((faulty, "major"), (busy, "kiosk.host")):
            assert refused != good
            file.write_text(refused)
            os.kill(gateway.pid, signal.SIGHUP)
            assert key in str(await _refused_settings(kiosk, until=partial(_mentions, key)))
            assert (await kiosk.open("/project/elder-lunch")).status == 200
        file.write_text(good.replace("[kiosk]\n", '[kiosk]\nsite = "off"\n'))
        os.kill(gateway.pid, signal.SIGHUP)
        await has_started(tmp_path / "logs" / "gateway.log", 2)
        assert (await kiosk.open("/site")).status == 404, "the new file is in use"
        assert await _refused_settings(kiosk, until=lambda faults: not faults) == []


def _mentions(key: str, faults: list[str]) -> bool:
    return key in str(faults)


async def _refused_settings(kiosk: Visitor, *, until: Callable[[list[str]], bool]) -> list[str]:
    """Wait until the faults of the settings file in /healthz are as expected, and return them."""
    async with asyncio.timeout(120):
        while not until(faults := list((await kiosk.json("/healthz"))["settings_refused"])):
            await asyncio.sleep(0.02)
    return faults
