"""From a touch at the kiosk to the figure on the staff's page, through the real programs."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from tests.flow.programs import DEMO, bank_program, central_program, gateway_program, prepare, rows, stop
from tests.flow.visitor import visitor


async def test_a_touch_at_the_kiosk_becomes_a_figure_of_the_day(tmp_path: Path) -> None:
    """Stopped before its five minutes are over, the gateway has the counts on its disk and sends them afterwards."""
    async with AsyncExitStack() as edges:
        plan = await prepare(tmp_path)
        gateway = await edges.enter_async_context(gateway_program(tmp_path, DEMO, plan))
        async with visitor(gateway.url) as kiosk:
            await kiosk.open("/")
            await kiosk.open("/project/elder-lunch")
            await kiosk.open("/project/elder-lunch/amount")
        async with visitor(gateway.url) as kiosk:
            await kiosk.open("/help")
        await stop(gateway)
        await edges.enter_async_context(bank_program(tmp_path, plan))
        central = await edges.enter_async_context(central_program(tmp_path, DEMO, plan))
        await edges.enter_async_context(gateway_program(tmp_path, DEMO, plan))
        async with asyncio.timeout(120):
            while not await asyncio.to_thread(counted, tmp_path):
                await asyncio.sleep(0.02)
        assert counted(tmp_path) == [(2, 1)]
        async with visitor(central.url) as staff:
            login = await staff.open("/staff/login")
            await staff.submit(login, login.form("/staff/login"), name="staff", password=plan.password)
            text = " ".join((await staff.open("/staff/figures?span=week&lang=en")).text.split())
    assert "Touches of the screen: 2, Pages opened by touch: 1, Pages opened for a tag: 0" in text


def counted(state: Path) -> list[tuple[int, int]]:
    """Visits and openings of all days; empty before anything was counted."""
    query = "SELECT sum(visits), sum(opened) FROM screen_figures WHERE span = 'day' HAVING count(*) > 0"
    return [(int(visits), int(opened)) for visits, opened in rows(state, query) if visits]
