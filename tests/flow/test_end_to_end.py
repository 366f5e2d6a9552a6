"""The whole way of an advert and of a gift, through the real programs."""

import asyncio
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from beacon_gateway.commands.demo import (
    House,
    bank_program,
    central_program,
    gateway_program,
    make_plan,
    open_house,
)
from beacon_gateway.frames.ibeacon import IBeacon
from central_server.store.parcels.batch_compression import unpack
from daemonkit.programs import Program
from tests.captures.identity import PERSON_TAG, WALK
from tests.flow.conftest import DEMO
from tests.flow.journey import pay, register, staff_log
from tests.flow.visitor import Visitor, visitor
from tests.ports import keep_ports

SIMULATED = "simulated"


def rows(central_state: Path, query: str) -> list[tuple[Any, ...]]:
    """What stands in the central server's own store."""
    with closing(sqlite3.connect(f"file:{central_state / 'central' / 'central.db'}?mode=ro", uri=True)) as store:
        return store.execute(query).fetchall()


def gifts(central_state: Path) -> list[dict[str, Any]]:
    """The intent parcels that arrived, as they were sent."""
    told = (json.loads(content) for content in unpacked(central_state))
    return [parcel for parcel in told if parcel["body"]["kind"] == "intent"]


def unpacked(central_state: Path) -> list[bytes]:
    """What arrived; a search through the store's file would not find it."""
    packets = rows(central_state, "SELECT content FROM batches")
    return [content for (packed,) in packets for content in unpack(packed)]


async def delivered(kiosk: Visitor, state: Path, count: int, *, seconds: float = 120) -> None:
    """Wait until so many intent parcels have arrived at the central server."""
    async with asyncio.timeout(seconds):
        while len(gifts(state)) < count:
            await asyncio.sleep(0.05)


async def test_a_gift_goes_from_the_screen_to_the_bank_and_back_to_the_screen(house: House, tmp_path: Path) -> None:
    async with visitor(house.gateway.url) as kiosk:
        url = await register(kiosk)
        after = await pay(url)
        assert after.status == 200
        await kiosk.live_until(lambda event: event.get("go") == "/thanks", seconds=60, path="/live?view=handoff")
        thanks = await kiosk.open("/thanks")
        ((slip, state),) = rows(tmp_path, "SELECT slip, state FROM intents")
        assert state == "paid"
        assert slip in thanks.text
        async with visitor(after.url) as phone:  # it says "waiting" until the bank has told us, then the slip
            assert slip in (await phone.open(after.url)).text
        await delivered(kiosk, tmp_path, 1)
    log = await staff_log(house.central.url, house.plan.password)
    assert "¥30" in log.text or "30.00" in log.text
    assert rows(tmp_path, "SELECT count(*), sum(amount_minor) FROM ledger_lines") == [(1, 3000)]


async def test_a_code_on_the_screen_is_typed_on_a_phone(house: House, tmp_path: Path) -> None:
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
    assert rows(tmp_path, "SELECT state, code FROM intents") == [("paid", code[1])]


async def test_a_card_that_walks_up_turns_the_screen_and_its_gift_came_through_that_door(tmp_path: Path) -> None:
    config = config_that_knows(PERSON_TAG, tmp_path / "config")
    keep_ports(tmp_path)
    async with open_house(tmp_path, config, radio=f"capture:{WALK}") as house, visitor(house.gateway.url) as kiosk:
        assert "/project/student-aid" in (await kiosk.open("/")).links, "nobody is near: all projects are offered"
        turned = await kiosk.live_until(
            lambda event: "/project/elder-lunch/amount" in event.get("html", ""), seconds=120
        )
        assert turned["view"] == "attract"
        page = await kiosk.open("/")
        assert page.link("/project/elder-lunch/amount")
        await pay(await register(kiosk))
        await delivered(kiosk, tmp_path, 1)
    (gift,) = gifts(tmp_path)
    body = gift["body"]
    assert (body["door"], body["beacon"]) == ("tag", None), "a person's tag leaves no row of its own"
    everything = b"".join(
        file.read_bytes() for file in tmp_path.rglob("*") if file.is_file() and "config" not in file.parts
    ) + b"".join(unpacked(tmp_path))
    for trace in (PERSON_TAG.uuid.bytes, str(PERSON_TAG.uuid).encode()):
        assert trace not in everything.replace((tmp_path / "gateway" / "last-good.toml").read_bytes(), b"")


async def test_a_gift_outlives_a_killed_gateway_and_arrives_exactly_once(tmp_path: Path) -> None:
    """Killed with SIGKILL between intent and sync; then restarted. The phone comes after the parcel."""
    async with AsyncExitStack() as edges:
        plan = await prepared(tmp_path)
        await edges.enter_async_context(bank_program(tmp_path, plan))
        url = await give_and_be_killed(tmp_path)
        await edges.enter_async_context(central_program(tmp_path, DEMO, plan))
        gateway = await edges.enter_async_context(gateway_program(tmp_path, DEMO, plan, radio=SIMULATED))
        async with visitor(gateway.url) as kiosk:
            await delivered(kiosk, tmp_path, 1)
        await pay(url)
        await paid(tmp_path)
        assert rows(tmp_path, "SELECT count(*), min(state) FROM intents") == [(1, "paid")]
        assert rows(tmp_path, "SELECT count(*), sum(amount_minor) FROM ledger_lines") == [(1, 3000)]


async def test_the_ticket_may_arrive_before_the_parcel(tmp_path: Path) -> None:
    """The gateway is dead while the donor pays; its parcel comes afterwards and is the same gift."""
    async with AsyncExitStack() as edges:
        plan = await prepared(tmp_path)
        await edges.enter_async_context(bank_program(tmp_path, plan))
        url = await give_and_be_killed(tmp_path)
        await edges.enter_async_context(central_program(tmp_path, DEMO, plan))
        await pay(url)
        await paid(tmp_path)
        assert rows(tmp_path, "SELECT count(*), min(state) FROM intents") == [(1, "paid")]
        assert gifts(tmp_path) == []
        gateway = await edges.enter_async_context(gateway_program(tmp_path, DEMO, plan, radio=SIMULATED))
        async with visitor(gateway.url) as kiosk:
            await delivered(kiosk, tmp_path, 1)
            await gateway_knows_paid(tmp_path)
        assert rows(tmp_path, "SELECT count(*), min(state) FROM intents") == [(1, "paid")]
        assert rows(tmp_path, "SELECT count(*), sum(amount_minor) FROM ledger_lines") == [(1, 3000)]
        assert rows(tmp_path, "SELECT result FROM arrivals WHERE kind = 'intent'") != [("conflict",)]


async def test_a_server_that_is_down_makes_no_difference_at_the_kiosk(tmp_path: Path) -> None:
    async with AsyncExitStack() as edges:
        plan = await prepared(tmp_path)
        gateway = await edges.enter_async_context(gateway_program(tmp_path, DEMO, plan, radio=SIMULATED))
        async with visitor(gateway.url) as kiosk:
            url = await register(kiosk)
            assert url.startswith("HTTP://127.0.0.1:")
            page = await kiosk.open("/handoff")
            assert page.status == 200
            health = await kiosk.json("/healthz")
            assert health["stages"]["presence"]["state"] == "running"
        async with asyncio.timeout(120):
            while "server out of reach" not in (log := await asyncio.to_thread(sync_log, tmp_path)):
                await asyncio.sleep(0.1)
        assert log.count("server out of reach") == 1


async def test_every_program_stops_when_told_and_starts_again_with_what_it_had(tmp_path: Path) -> None:
    async with AsyncExitStack() as edges:
        plan = await prepared(tmp_path)
        for opening in (bank_program(tmp_path, plan), central_program(tmp_path, DEMO, plan)):
            program = await edges.enter_async_context(opening)
            await stopped(program)
        gateway = await edges.enter_async_context(gateway_program(tmp_path, DEMO, plan, radio=SIMULATED))
        async with visitor(gateway.url) as kiosk:
            await register(kiosk)
            following = asyncio.Event()
            async with asyncio.TaskGroup() as group:  # an open stream of events must not stall the exit
                group.create_task(follow(kiosk, following))
                await following.wait()
                await stopped(gateway)


def config_that_knows(tag: IBeacon, folder: Path) -> Path:
    """The demo's settings, with this tag as the volunteer's card."""
    folder.mkdir()
    shutil.copy(DEMO / "central.toml", folder)
    text = (DEMO / "gateway.toml").read_text("utf-8")
    before, card = text.split("[[beacons]]", 1)
    card = re.sub(r'uuid = ".*"', f'uuid = "{tag.uuid}"', card, count=1)
    card = re.sub(r"major = .*", f"major = {tag.major}", card, count=1)
    card = re.sub(r"minor = .*", f"minor = {tag.minor}", card, count=1)
    (folder / "gateway.toml").write_text(f"{before}[[beacons]]{card}", "utf-8")
    return folder


async def prepared(state: Path) -> Any:
    for name in ("bank", "central", "gateway", "logs"):
        (state / name).mkdir(exist_ok=True)
    if not (state / "demo.json").exists():
        keep_ports(state)
    return await asyncio.to_thread(make_plan, state, DEMO)


async def give_and_be_killed(state: Path) -> str:
    """No central server is running: the intent cannot have been synced when SIGKILL comes."""
    plan = await prepared(state)
    async with gateway_program(state, DEMO, plan, radio=SIMULATED) as gateway:
        async with visitor(gateway.url) as kiosk:
            url = await register(kiosk)
        gateway.kill()
        assert await gateway.exited() == -9
    return url


async def gateway_knows_paid(state: Path) -> None:
    async with asyncio.timeout(120):
        while True:
            with closing(sqlite3.connect(f"file:{state / 'gateway' / 'gateway.db'}?mode=ro", uri=True)) as store:
                states = store.execute("SELECT state FROM intent_states ORDER BY change").fetchall()
            if states and states[-1] == ("paid",):
                return
            await asyncio.sleep(0.05)


async def paid(state: Path) -> None:
    """The donor is back from the bank a little before its notification, where the machine is busy."""
    async with asyncio.timeout(60):
        while rows(state, "SELECT count(*) FROM intents WHERE state = 'paid'") == [(0,)]:
            await asyncio.sleep(0.05)


async def stopped(program: Program) -> None:
    program.terminate()
    async with asyncio.timeout(30):
        assert await program.exited() == 0


async def follow(kiosk: Visitor, following: asyncio.Event) -> None:
    """Follow the events to their end; tells when the first has come."""

    def told(event: object) -> bool:
        following.set()
        return False

    with pytest.raises(AssertionError, match="stream of events ended"):
        await kiosk.live_until(told, seconds=60)


def sync_log(state: Path) -> str:
    command = [sys.executable, "-m", "beacon_gateway", "sync", "log", "--state-dir", str(state / "gateway")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
