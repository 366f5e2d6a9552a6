"""Test that touches are counted the same with and without JavaScript."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.kiosk.test_touch_counter import counted

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without"])
async def test_a_visit_is_the_same_with_javascript_and_without(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str, *, scripted: bool
) -> None:
    counted(kiosk)
    page = await open_page(1280, 800, java_script_enabled=scripted)
    await page.goto(kiosk_url)
    await page.reload()
    await page.mouse.click(640, 790)
    assert counted(kiosk) == {}, "the browser began, looked again, and somebody touched where nothing is"
    await page.click("a[href='/project/elder-lunch']")
    await page.click("a[href='/project/elder-lunch/amount']")
    await expect(page.locator("button[name=amount_fen]").first).to_be_visible()
    await page.reload()
    await page.goto(kiosk_url)
    await page.click("a[href='/help']")
    await expect(page.locator("h1")).to_be_visible()
    assert counted(kiosk) == {(None, None, "touch"): (1, 0), ("elder-lunch", None, "touch"): (0, 1)}
