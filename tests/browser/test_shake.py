"""Test shaking on the phone's page: opt-in, can be turned off, same effect as the button."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import PATIENCE_MS, OpenPage, run_first

pytestmark = pytest.mark.asyncio(loop_scope="session")
PHONE = (360, 740)
ASKS = "DeviceMotionEvent.requestPermission = () => Promise.resolve(window.answer || 'granted');"
NEVER_ASKS = "delete DeviceMotionEvent.requestPermission;"
LISTENS = """
  window.listeners = 0;
  for (const [name, step] of [['addEventListener', 1], ['removeEventListener', -1]]) {
    const own = window[name];
    window[name] = function (kind) {
      if (kind === 'devicemotion') window.listeners += step;
      return own.apply(this, arguments);
    };
  }
"""


PATIENT = "{ const own = setTimeout; window.setTimeout = (work, ms) => (ms === 3000 ? 0 : own(work, ms)); }"
"""A slow machine must not make the page give up waiting for the first movement."""
SOON = PATIENCE_MS


async def hall(open_page: OpenPage, gallery_url: str, script: str = ASKS, patient: str = PATIENT) -> Page:
    page = await open_page(*PHONE, has_touch=True)
    page.set_default_timeout(SOON)
    await run_first(page, LISTENS + patient + script)
    await page.route("**/s/at/huada/turn", lambda route: route.fulfill(body="turned"))
    await page.goto(f"{gallery_url}/phone/hall/en")
    return page


async def move(page: Page, *strengths: float) -> None:
    """Samples as a phone tells them, in m/s² without gravity, one right after the other."""
    await page.evaluate(
        """(strengths) => strengths.forEach((strength) => dispatchEvent(new DeviceMotionEvent('devicemotion', {
             acceleration: {x: strength, y: 0, z: 0}, accelerationIncludingGravity: {x: strength, y: 0, z: 9.81},
           })))""",
        list(strengths),
    )


SHAKE = (1, 20, 1, 20, 1, 20)


async def seen(page: Page, selector: str) -> None:
    await expect(page.locator(selector)).to_be_visible(timeout=SOON)


async def listeners(page: Page) -> int:
    found: int = await page.evaluate("window.listeners")
    return found


async def test_without_script_there_is_the_button_and_every_project(open_page: OpenPage, gallery_url: str) -> None:
    page = await open_page(*PHONE, java_script_enabled=False)
    await page.route("**/s/at/huada/turn", lambda route: route.fulfill(body="turned"))
    await page.goto(f"{gallery_url}/phone/hall/zh-Hant")
    assert await page.locator(".projects a").count() == 3
    assert not await page.locator("#shake-on").is_visible()
    assert not await page.locator("#shake-off").is_visible()
    await page.click("#shake-turn")
    await page.wait_for_url("**/s/at/huada/turn")


@pytest.mark.parametrize("script", [ASKS, NEVER_ASKS], ids=["asks", "never-asks"])
async def test_motion_is_listened_to_only_after_a_tap_and_a_shake_does_what_the_button_does(
    open_page: OpenPage, gallery_url: str, script: str
) -> None:
    page = await hall(open_page, gallery_url, script)
    assert await listeners(page) == 0
    await page.tap("#shake-on")
    await seen(page, "#shake-ready")
    assert await listeners(page) == 1
    await move(page, 1, 5, 1, 5, 1, 5, 1, 20, 1)
    assert page.url.endswith("/phone/hall/en")
    async with page.expect_navigation():
        await move(page, 20, 1)
        await page.evaluate("dispatchEvent(new DeviceMotionEvent('devicemotion', {acceleration: {x: 20, y: 0, z: 0}}))")
    assert page.url.endswith("/s/at/huada/turn")


async def test_it_can_be_turned_off_again(open_page: OpenPage, gallery_url: str) -> None:
    page = await hall(open_page, gallery_url)
    await page.tap("#shake-on")
    await seen(page, "#shake-off")
    await page.tap("#shake-off")
    await seen(page, "#shake-on")
    assert await listeners(page) <= 0
    assert not await page.locator("#shake-ready").is_visible()
    await move(page, *SHAKE)
    assert page.url.endswith("/phone/hall/en")


@pytest.mark.parametrize("answer", ["'denied'", "Promise.reject(new Error('no'))"])
async def test_a_phone_that_may_not_tell_says_so_and_the_button_stays(
    open_page: OpenPage, gallery_url: str, answer: str
) -> None:
    page = await hall(open_page, gallery_url, f"DeviceMotionEvent.requestPermission = async () => {answer};")
    await page.tap("#shake-on")
    await seen(page, "#shake-denied")
    assert await listeners(page) <= 0
    assert await page.locator("#shake-turn").is_visible()


async def test_a_phone_without_a_sensor_is_found_out(open_page: OpenPage, gallery_url: str) -> None:
    page = await hall(open_page, gallery_url, patient="")
    await page.tap("#shake-on")
    await seen(page, "#shake-denied")
    assert await listeners(page) <= 0


async def test_a_browser_that_knows_no_motion_offers_none(open_page: OpenPage, gallery_url: str) -> None:
    page = await hall(open_page, gallery_url, "delete window.DeviceMotionEvent;")
    assert not await page.locator("#shake-on").is_visible()
    assert await page.locator("#shake-turn").is_visible()
