"""Enrolment, key roll, lockout and a new device, through the real programs."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from beacon_gateway.commands import run as gateway_run
from beacon_gateway.store.identity import Keys
from daemonkit.programs import Program
from tests.fakes.forked_programs import forked_program, run_command
from tests.flow.journey import register
from tests.flow.programs import DEMO, IMPATIENT, SIMULATED, bank_program, central_program, has_started, prepare, rows
from tests.flow.visitor import Visitor, visitor

DEADLINE_S = 120.0


@dataclass
class Desk:
    """A member of staff with a browser."""

    visitor: Visitor
    home: str

    async def log_in(self, password: str) -> None:
        page = await self.visitor.open("/staff/login")
        assert (
            await self.visitor.submit(page, page.form("/staff/login"), name="staff", password=password)
        ).status == 200

    async def add(self, label: str) -> str:
        """Add a gateway; return its id."""
        page = await self.visitor.open("/staff/gateways/new")
        page = await self.visitor.submit(page, page.form("/staff/gateways/new"), label=label, place="huada")
        return page.url.split("/")[-2]

    async def code(self, gateway: str) -> str:
        page = await self.visitor.open(f"/staff/gateways/{gateway}/code")
        page = await self.visitor.submit(page, page.form(f"/staff/gateways/{gateway}/code"))
        (code,) = re.findall(r'class="secret">([0-9A-Z-]+)<', page.html)
        return str(code)

    async def lock_out(self, gateway: str) -> None:
        page = await self.visitor.open(f"/staff/gateways/{gateway}/revoke")
        await self.visitor.submit(page, page.form(f"/staff/gateways/{gateway}/revoke"))


async def run(*words: str, state: Path) -> tuple[int, str, str]:
    """Return the exit status, standard output and standard error of a command of the gateway."""
    return await run_command(*words, "--state-dir", str(state), program="beacon_gateway")


def running_gateway(folder: Path, config: Path, port: int) -> AbstractAsyncContextManager[Program]:
    main = partial(gateway_run.run, config, folder / "pi", SIMULATED, port, None, None, IMPATIENT)
    return forked_program("gateway", main, log=folder / "pi.log")


async def enrol(state: Path, url: str, code: str) -> str:
    exit_code, output, errors = await run("enrol", url, code, state=state)
    assert exit_code == 0, errors
    assert "登记成功 enrolled" in output
    return output


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await condition():
            await asyncio.sleep(0.05)


def settings(folder: Path, *, handoff: str) -> Path:
    """Write the demo's settings without [central]."""
    text = (DEMO / "gateway.toml").read_text("utf-8")
    text = re.sub(r'\[handoff\]\nkind = "ticket"\n', f"[handoff]\n{handoff}\n", text)
    text = re.sub(r"\[central\]\nurl = .*\n", "", text)
    assert "[central]" not in text
    file = folder / "gateway.toml"
    file.write_text(text, "utf-8")
    return file


async def test_a_gateway_from_its_enrolment_to_its_replacement(tmp_path: Path) -> None:
    plan = await prepare(tmp_path)
    state, url = tmp_path / "pi", f"http://127.0.0.1:{plan.central_port}"
    ticket = settings(tmp_path, handoff='kind = "ticket"')
    async with AsyncExitStack() as edges:
        await edges.enter_async_context(bank_program(tmp_path, plan))
        central = await edges.enter_async_context(central_program(tmp_path, DEMO, plan))
        desk = Desk(await edges.enter_async_context(visitor(central.url)), central.url)
        await desk.log_in(plan.password)
        gateway = await desk.add("东门")

        first = await desk.code(gateway)
        exit_code, _, errors = await run("enrol", url, "0" * 24 + "1", state=state)
        assert (exit_code, "mistyped" in errors) == (2, True), errors
        both = await asyncio.gather(*(run("enrol", url, first, state=place) for place in (state, tmp_path / "thief")))
        assert sorted(exit_code for exit_code, _, _ in both) == [0, 1], "one code, one device"
        if both[0][0]:  # the other device was first: staff create a new code
            assert "Another device has used the code" in both[0][2]
            await enrol(state, url, await desk.code(gateway))

        pi = await edges.enter_async_context(running_gateway(tmp_path, ticket, plan.kiosk_port))
        await has_started(tmp_path / "pi.log", 2)  # again with the catalogue's beacons
        kiosk = await edges.enter_async_context(visitor(pi.url))
        assert (await kiosk.json("/healthz"))["gateway"] == gateway
        await register(kiosk)
        await until(lambda: _intents(tmp_path, gateway, 1))
        await until(lambda: _catalogue_is_there(kiosk))

        exit_code, _, errors = await run("enrol", "--roll", state=state)
        assert exit_code == 0, errors
        assert rows(tmp_path, f"SELECT count(*) FROM gateway_keys WHERE gateway = '{gateway}' AND origin = 'roll'") == [
            (1,)
        ]
        await until(lambda: _first_used(tmp_path, gateway, "roll"))
        await register(kiosk, fen=4000)
        await until(lambda: _intents(tmp_path, gateway, 2))
        elsewhere = await desk.code(await desk.add("西门"))
        exit_code, _, errors = await run("enrol", url, elsewhere, state=state)
        assert (exit_code, "records of a gateway of another place" in errors) == (1, True), errors
        assert (await kiosk.json("/healthz"))["gateway"] == gateway

        await desk.lock_out(gateway)
        await register(kiosk, fen=5000)
        await until(lambda: _prints(state, "its key was revoked", "sync", "log"))
        assert "Ask staff for a new code" in (await run("sync", "status", state=state))[1]
        page = await kiosk.open("/project/elder-lunch")
        assert page.status == 200
        assert not any("/amount" in link for link in page.links), "the server would refuse its tickets"
        assert await _intents(tmp_path, gateway, 2), "the records stay on the server"

        await enrol(state, url, await desk.code(gateway))
        await until(lambda: _intents(tmp_path, gateway, 3))
        await until(lambda: _gives_again(kiosk))

        fresh = tmp_path / "new-pi"
        await enrol(fresh, url, await desk.code(gateway))
        assert Keys(fresh).read().gateway == gateway
        exit_code, _, errors = await run("enrol", "--roll", state=state)
        assert exit_code == 1
        assert "key was revoked" in errors


async def test_a_running_gateway_is_enrolled_without_a_restart(tmp_path: Path) -> None:
    plan = await prepare(tmp_path)
    state, url = tmp_path / "pi", f"http://127.0.0.1:{plan.central_port}"
    link = settings(tmp_path, handoff='kind = "link"\nlink_url = "http://127.0.0.1:9/{project}"\nlink_hosts = []')
    async with AsyncExitStack() as edges:
        pi = await edges.enter_async_context(running_gateway(tmp_path, link, plan.kiosk_port))
        ended = asyncio.create_task(pi.exited())
        kiosk = await edges.enter_async_context(visitor(pi.url))
        page = await kiosk.open("/project/elder-lunch/amount")
        assert (await kiosk.submit(page, page.form("/give"), ("amount_fen", "3000"))).status == 200
        assert (await run("enrol", url, "0" * 25, state=state))[0] in (2, 75)
        await edges.enter_async_context(bank_program(tmp_path, plan))
        central = await edges.enter_async_context(central_program(tmp_path, DEMO, plan))
        desk = Desk(await edges.enter_async_context(visitor(central.url)), central.url)
        await desk.log_in(plan.password)
        gateway = await desk.add("西门")
        await enrol(state, url, await desk.code(gateway))
        await until(lambda: _intents(tmp_path, gateway, 1))
        await has_started(tmp_path / "pi.log", 3)  # enrolled, and with the catalogue's beacons
        assert (await kiosk.json("/healthz"))["gateway"] == gateway
        assert not ended.done(), "the same process"
        ended.cancel()


async def _intents(state: Path, gateway: str, count: int) -> bool:
    found = rows(state, f"SELECT coalesce(sum(intents), 0) FROM batches WHERE gateway = '{gateway}'")
    return found == [(count,)]


async def _first_used(state: Path, gateway: str, origin: str) -> bool:
    query = f"SELECT first_used_at FROM gateway_keys WHERE gateway = '{gateway}' AND origin = '{origin}'"
    return all(at is not None for (at,) in rows(state, query))


async def _prints(state: Path, words: str, *command: str) -> bool:
    return words in (await run(*command, state=state))[1]


async def _catalogue_is_there(kiosk: Visitor) -> bool:
    return bool((await kiosk.json("/healthz"))["catalogue"] >= 1)


async def _gives_again(kiosk: Visitor) -> bool:
    return any("/amount" in link for link in (await kiosk.open("/project/elder-lunch")).links)
