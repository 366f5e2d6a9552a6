"""Test that a staff page is cleared when its session ends."""

import pytest
from playwright.async_api import Page, expect

from central_server.accounts.sessions import IDLE
from central_server.store.accounts import sessions
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.browser.test_idle import pass_time, stand_still
from tests.browser.test_staff import Hall, hall, log_in

__all__ = ["hall"]
pytestmark = pytest.mark.asyncio(loop_scope="session")
_CHECKED_EVERY_S = 20
_OVER_S = IDLE.total_seconds() + _CHECKED_EVERY_S


async def left_open(open_page: OpenPage, hall: Hall) -> Page:
    page = await open_page(1280, 800)
    await log_in(page, hall, "/staff/")
    await stand_still(page)
    await page.goto(f"{hall.central.url}/staff/gateways?lang=en")
    await expect(page.locator("main")).to_contain_text("华大社区活动中心大厅")
    return page


async def test_a_page_goes_with_its_session(open_page: OpenPage, hall: Hall) -> None:
    page = await left_open(open_page, hall)
    async with hall.central.database() as database, database.write() as connection:
        assert await sessions.end_all(connection, "chen") == 1
    await pass_time(page, _OVER_S)
    await page.wait_for_url(f"{hall.central.url}/staff/login", timeout=PATIENCE_MS)


async def test_a_page_goes_in_time_although_nobody_answers(open_page: OpenPage, hall: Hall) -> None:
    page = await left_open(open_page, hall)
    await page.context.set_offline(True)
    await pass_time(page, IDLE.total_seconds() - _CHECKED_EVERY_S)
    assert "华大社区活动中心大厅" in await page.content()
    await pass_time(page, 2 * _CHECKED_EVERY_S)
    await page.wait_for_function("!document.body.innerText.includes('华大社区')", timeout=PATIENCE_MS)


async def test_a_page_stays_while_another_one_of_the_session_is_used(open_page: OpenPage, hall: Hall) -> None:
    page = await left_open(open_page, hall)
    async with page.expect_response(f"{hall.central.url}/staff/me") as asked:
        await pass_time(page, _OVER_S)
    assert (await asked.value).ok
    await expect(page.locator("main")).to_contain_text("华大社区活动中心大厅")
    assert page.url == f"{hall.central.url}/staff/gateways?lang=en"
