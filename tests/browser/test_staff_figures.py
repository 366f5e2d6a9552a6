"""Test the figures page on a phone: it starts at the current time, and fading edges show that it scrolls."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Page

from central_server.enrolment.gateways import register
from central_server.store.statistics import visitors
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Language
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.browser.test_staff import Hall, furnished, log_in
from tests.fakes.counting import count_all
from tests.unit.central_server.statistics_world import place, stretch, visit

pytestmark = pytest.mark.asyncio(loop_scope="session")
BEACONS = 30


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy_hall(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hall]:
    """Two gateways, and thirty beacons past which phones were shaken, each once more than the one before."""
    async with furnished(tmp_path_factory.mktemp("hall")) as hall:
        gateway, now = hall.gateway, datetime.now(UTC)
        async with hall.central.database() as database:
            await register(database, "a" * 16, "A" * 43, "huada", "门口", now)
            await gateway.deliver([gateway.intent(), *(stretch(n, now - timedelta(hours=n)) for n in range(1, 20))])
            hour = now.replace(minute=0, second=0, microsecond=0)
            async with database.write() as connection:
                for number in range(BEACONS):
                    shaken = visit(hour, str(place(number, 1).beacon), project="elder-lunch")
                    for _ in range(number):
                        await visitors.count_visit(connection, shaken)
            await count_all(database)
        yield hall


async def scrolls(page: Page) -> list[tuple[float, float, float]]:
    """Of each drawing that knows where now is: how far it is scrolled, how wide it is seen, where now is on it."""
    found: list[tuple[float, float, float]] = await page.eval_on_selector_all(
        ".plot[data-now]", "all => all.map((p) => [p.scrollLeft, p.clientWidth, p.dataset.now * p.scrollWidth])"
    )
    return found


async def test_the_day_begins_where_now_is(open_page: OpenPage, busy_hall: Hall) -> None:
    page = await open_page(390, 800)
    await log_in(page, busy_hall, "/staff/")
    await page.goto(f"{busy_hall.central.url}/staff/figures")
    seen = await scrolls(page)
    assert seen
    for left, wide, now in seen:
        assert left <= now <= left + wide + 1, "now is on the screen"
    hour = datetime.now(OFFICIAL_TIME).hour
    assert hour < 12 or all(left > 0 for left, _, _ in seen), "in the afternoon the morning is to the left"
    yesterday = (datetime.now(OFFICIAL_TIME) - timedelta(days=1)).date()
    await page.goto(f"{busy_hall.central.url}/staff/figures?day={yesterday}")
    assert not await scrolls(page), "a day that is over begins at its beginning"


async def test_what_goes_on_to_the_side_fades_at_that_edge_and_nowhere_else(
    open_page: OpenPage, busy_hall: Hall
) -> None:
    page = await open_page(390, 800)
    await log_in(page, busy_hall, "/staff/")
    await page.goto(f"{busy_hall.central.url}/staff/figures")

    async def edges(part: str) -> list[str]:
        result: list[str] = await page.eval_on_selector(
            part,
            "p => ['--before', '--beyond'].map((name) => getComputedStyle(p).getPropertyValue(name))",
        )
        return result

    funnel = ".plot:has(> table)"
    assert await edges(funnel) == ["0px", "48px"]
    await page.eval_on_selector(funnel, "p => { p.scrollLeft = p.scrollWidth; }")
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while await edges(funnel) != ["0px", "0px"]:
            await asyncio.sleep(0.05)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.reload()
    assert await edges(".plot:has(> svg)") == ["0px", "0px"]


async def test_the_table_side_by_side_sorts_by_its_links_and_is_no_wider_than_the_screen(
    open_page: OpenPage, busy_hall: Hall
) -> None:
    page = await open_page(390, 800)
    await log_in(page, busy_hall, "/staff/")
    for language in Language:
        await page.goto(f"{busy_hall.central.url}/staff/figures?lang={language}")
        for width in (390, 1280):
            await page.set_viewport_size({"width": width, "height": 800})
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
    column = page.locator("#comparison thead th").nth(1).locator("a")
    shakes = page.locator("#comparison tbody tr td:nth-child(2)")
    for expected in (range(BEACONS - 1, -1, -1), range(BEACONS)):
        await column.click()
        result = [int(text) for text in await shakes.all_text_contents()]
        assert [number for number in result if number] == [number for number in expected if number]
