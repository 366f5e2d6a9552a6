"""What staff write on their page, and the picture they choose, stands on the screen in the hall."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import aiohttp

from tests.fakes.donor import Donor
from tests.fakes.editor import Editor
from tests.flow.programs import DEMO, bank_program, central_program, gateway_program, prepare
from tests.flow.visitor import visitor
from tests.unit.central_server.catalogue.test_project_pictures import PNG

Answer = TypeVar("Answer")


async def test_a_title_that_staff_edit_is_shown_at_the_kiosk_after_the_pull(tmp_path: Path) -> None:
    async with AsyncExitStack() as edges:
        plan = await prepare(tmp_path)
        await edges.enter_async_context(bank_program(tmp_path, plan))
        central = await edges.enter_async_context(central_program(tmp_path, DEMO, plan))
        session = await edges.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))
        staff = Donor(session)
        await staff.press(await staff.open(f"{central.url}/staff/"), name="staff", password=plan.password)
        editor = Editor(session, central.url)
        project = await editor.open("/staff/projects/all/elder-lunch")
        saved = await editor.save(project, title_zh_hans="热汤送到家", title_en="Soup at the door")
        assert "saved=1" in saved.url, saved.text()

        sent = await editor.send(
            await editor.open("/staff/projects/all/elder-lunch"), "/picture", "picture", "a.png", PNG
        )
        assert "saved=1" in sent.url, sent.text()

        gateway = await edges.enter_async_context(gateway_program(tmp_path, DEMO, plan))
        async with visitor(gateway.url) as kiosk, asyncio.timeout(180):
            while (await _steadily(lambda: kiosk.json("/healthz")))["catalogue"] == 0:
                await asyncio.sleep(0.02)
            page = await _steadily(lambda: kiosk.open("/project/elder-lunch?lang=zh-Hans"))
            assert "热汤送到家" in page.text
            address = f"/pictures/{sha256(PNG).hexdigest()}"
            while address not in (await _steadily(lambda: kiosk.open("/project/elder-lunch"))).html:
                await asyncio.sleep(0.02)

            async def got(path: str) -> tuple[int, str, bytes]:
                async with session.get(gateway.url + path) as answer:
                    return answer.status, answer.content_type, await answer.read()

            assert await _steadily(lambda: got(address)) == (200, "image/png", PNG)
            assert (await _steadily(lambda: got(f"/pictures/{'0' * 64}")))[0] == 404


async def _steadily(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Again, while the gateway begins anew with the beacons of the catalogue."""
    while True:
        try:
            return await ask()
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.02)
