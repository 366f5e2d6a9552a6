"""Adverts and gifts, from end to end through the real programs."""

import asyncio
import re
import shutil
import sqlite3
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from beacon_gateway.commands.demo import Demo
from beacon_gateway.frames.ibeacon import IBeacon
from tests.captures.identity import PERSON_TAG, WALK
from tests.flow.conftest import furnished_house
from tests.flow.journey import pay, register, staff_log
from tests.flow.programs import (
    DEMO,
    bank_program,
    central_program,
    delivered_contents,
    delivered_gifts,
    gateway_program,
    prepare,
    rows,
    stop,
    wait_delivered,
    wait_paid,
)
from tests.flow.visitor import Visitor, visitor


async def test_five_gifts_return_to_the_screen_and_are_published_and_cosigned(house: Demo, tmp_path: Path) -> None:
    async with visitor(house.central.url) as phone, asyncio.timeout(300):
        await give_by_qr_code(house, tmp_path)
        await give_by_typed_code(house, tmp_path)
        async with visitor(house.gateway.url) as kiosk:
            for number in range(2, 5):
                assert await published_chain(phone) is None, f"{number} gifts are too few"
                async with visitor(house.gateway.url) as neighbour:
                    await pay(await register(neighbour))
            while not (chain := await published_chain(phone)) or not chain["heads"][0]["cosignatures"]:
                await asyncio.sleep(0.02)
            (gateway,) = {one["gateway"] for one in chain["heads"][0]["cosignatures"]}
            assert rows(tmp_path, "SELECT id FROM gateways WHERE kind = 'device'") == [(gateway,)]
            page = await kiosk.open("/board")
        assert "¥150" in page.text
        digest = chain["heads"][0]["digest"]
        assert f"{digest[:4]} {digest[4:8]} {digest[8:12]}" in page.text, "the number that people compare"
        ((secret,), *_) = rows(tmp_path, "SELECT secret FROM ledger_lines")
        assert (await phone.json(f"/api/v1/proofs/{secret}"))["sums"]["received"] == 3000


async def give_by_qr_code(house: Demo, state: Path) -> None:
    async with visitor(house.gateway.url) as kiosk:
        after = await pay(await register(kiosk))
        assert after.status == 200
        await kiosk.live_until(lambda event: event.get("go") == "/thanks", seconds=60, path="/live?view=handoff")
        thanks = await kiosk.open("/thanks")
    ((slip, status),) = rows(state, "SELECT slip, state FROM intents")
    assert status == "paid"
    assert slip in thanks.text
    async with visitor(after.url) as phone:  # it shows "waiting" until the bank's notification, then the slip
        assert slip in (await phone.open(after.url)).text
    await wait_delivered(state, 1)
    log = await staff_log(house.central.url, house.plan.password)
    assert "¥30" in log.text or "30.00" in log.text
    assert rows(state, "SELECT count(*), sum(amount_minor) FROM ledger_lines") == [(1, 3000)]


async def give_by_typed_code(house: Demo, state: Path) -> None:
    async with visitor(house.gateway.url) as kiosk:
        await register(kiosk)
        shown = await kiosk.live_until(
            lambda event: "/t</b>" in event.get("html", ""), seconds=60, path="/live?view=handoff"
        )
        code = re.search(r'class="shown">([0-9A-Z]{4}-[0-9A-Z]{4})<', shown["html"])
        assert code is not None
        async with visitor(house.central.url) as phone:
            typed = await phone.open(f"/t?code={code[1].lower().replace('-', '')}")
            bank = await phone.submit(typed, typed.form("/t"))
            await phone.submit(bank, bank.form("/pay"))
        await kiosk.live_until(lambda event: event.get("go") == "/thanks", seconds=60, path="/live?view=handoff")
    assert rows(state, f"SELECT state FROM intents WHERE code = '{code[1]}'") == [("paid",)]


async def published_chain(phone: Visitor) -> dict[str, Any] | None:
    """Return the published chain of the project; None before its publication."""
    page = await phone.open("/api/v1/transparency/huada/elder-lunch")
    return None if page.status == 404 else await phone.json("/api/v1/transparency/huada/elder-lunch")


async def test_a_card_selects_the_project_and_leaves_no_trace(tmp_path: Path) -> None:
    config = config_with_card(PERSON_TAG, tmp_path / "config")
    async with furnished_house(tmp_path, config, f"capture:{WALK}") as house, visitor(house.gateway.url) as kiosk:
        assert "/project/student-aid" in (await kiosk.open("/")).links, "all projects while nobody is near"
        turned = await kiosk.live_until(
            lambda event: "/project/elder-lunch/amount" in event.get("html", ""), seconds=120
        )
        assert turned["view"] == "attract"
        page = await kiosk.open("/")
        assert page.link("/project/elder-lunch/amount")
        await pay(await register(kiosk))
        await wait_delivered(tmp_path, 1)
    (gift,) = delivered_gifts(tmp_path)
    body = gift["body"]
    assert (body["door"], body["beacon"]) == ("tag", None), "a person's tag is not recorded"
    everything = b"".join(
        file.read_bytes() for file in tmp_path.rglob("*") if file.is_file() and "config" not in file.parts
    ) + b"".join(delivered_contents(tmp_path))
    for trace in (PERSON_TAG.uuid.bytes, str(PERSON_TAG.uuid).encode()):
        assert trace not in everything.replace((tmp_path / "gateway" / "last-good.toml").read_bytes(), b"")


def config_with_card(tag: IBeacon, folder: Path) -> Path:
    """Write the demo's settings with this tag as the volunteer's card."""
    folder.mkdir()
    shutil.copy(DEMO / "central.toml", folder)
    text = (DEMO / "gateway.toml").read_text("utf-8")
    before, card = text.split("[[beacons]]", 1)
    card = re.sub(r'uuid = ".*"', f'uuid = "{tag.uuid}"', card, count=1)
    card = re.sub(r"major = .*", f"major = {tag.major}", card, count=1)
    card = re.sub(r"minor = .*", f"minor = {tag.minor}", card, count=1)
    (folder / "gateway.toml").write_text(f"{before}[[beacons]]{card}", "utf-8")
    return folder


async def test_gifts_survive_a_killed_gateway_and_arrive_exactly_once(tmp_path: Path) -> None:
    """The gateway is killed before its first sync. One gift is paid before its parcel arrives, one after."""
    async with AsyncExitStack() as edges:
        plan = await prepare(tmp_path)
        await edges.enter_async_context(bank_program(tmp_path, plan))
        async with gateway_program(tmp_path, DEMO, plan) as gateway:
            async with visitor(gateway.url) as kiosk:
                paid_first, delivered_first = await register(kiosk), await register(kiosk, fen=5000)
            gateway.kill()
            assert await gateway.exited() == -9
        central = await edges.enter_async_context(central_program(tmp_path, DEMO, plan))
        await pay(paid_first)
        await wait_paid(tmp_path, 1)
        assert delivered_gifts(tmp_path) == []
        gateway = await edges.enter_async_context(gateway_program(tmp_path, DEMO, plan))
        await wait_delivered(tmp_path, 2)
        await pay(delivered_first)
        await wait_paid(tmp_path, 2)
        await gateway_knows_paid(tmp_path, 2)
        assert rows(tmp_path, "SELECT count(*) FROM intents") == [(2,)]
        assert rows(tmp_path, "SELECT count(*), sum(amount_minor) FROM ledger_lines") == [(2, 8000)]
        assert rows(tmp_path, "SELECT count(*) FROM arrivals WHERE result = 'conflict'") == [(0,)]
        following = asyncio.Event()
        async with visitor(gateway.url) as kiosk, asyncio.TaskGroup() as group:
            group.create_task(follow(kiosk, following))  # an open event stream must not delay the exit
            await following.wait()
            await stop(gateway)
        await stop(central)


async def gateway_knows_paid(state: Path, count: int) -> None:
    async with asyncio.timeout(120):
        while True:
            with closing(sqlite3.connect(f"file:{state / 'gateway' / 'gateway.db'}?mode=ro", uri=True)) as store:
                paid = store.execute("SELECT count(DISTINCT intent) FROM intent_states WHERE state = 'paid'").fetchone()
            if paid == (count,):
                return
            await asyncio.sleep(0.02)


async def follow(kiosk: Visitor, following: asyncio.Event) -> None:
    """Follow the events to their end; set `following` at the first one."""

    def notice(event: object) -> bool:
        following.set()
        return False

    with pytest.raises(AssertionError, match="stream of events ended"):
        await kiosk.live_until(notice, seconds=60)
