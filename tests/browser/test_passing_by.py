"""More projects than the first page has room for pass by while nobody touches it."""

import pytest
from playwright.async_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.test_idle import pass_time, stand_still

pytestmark = pytest.mark.asyncio(loop_scope="session")
STANDS_S = 12
SEEN = """[...document.querySelectorAll(".projects > li")].flatMap((each, number) => {
  const place = each.getBoundingClientRect();
  return place.top > -1 && place.bottom < innerHeight + 1 ? [number] : [];
})"""


async def opened(open_page: OpenPage, address: str, width: int, height: int) -> Page:
    page = await open_page(width, height, reduced_motion="reduce")
    await stand_still(page)
    await page.goto(address)
    return page


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (800, 480), (1080, 1920)])
async def test_each_project_stands_whole_on_the_screen_before_the_first_comes_again(
    width: int, height: int, open_page: OpenPage, gallery_url: str
) -> None:
    page = await opened(open_page, f"{gallery_url}/kiosk/attract-many/zh-Hans", width, height)
    seen = set(await page.evaluate(SEEN))
    for _ in range(40):
        await pass_time(page, STANDS_S)
        if await page.evaluate("scrollY") == 0:
            break
        seen |= set(await page.evaluate(SEEN))
    assert await page.evaluate("scrollY") == 0
    assert seen == set(range(40))


async def test_a_touch_stops_it_and_it_goes_on_when_nobody_is_there(open_page: OpenPage, gallery_url: str) -> None:
    page = await opened(open_page, f"{gallery_url}/kiosk/attract-many/zh-Hans", 1280, 800)
    await pass_time(page, STANDS_S)
    stands = await page.evaluate("scrollY")
    assert stands > 0
    for _ in range(4):
        await pass_time(page, STANDS_S - 3)
        await page.mouse.click(3, 300)
    assert await page.evaluate("scrollY") == stands
    await pass_time(page, 2 * STANDS_S)
    assert await page.evaluate("scrollY") != stands


async def test_what_has_room_stands_still(open_page: OpenPage, gallery_url: str) -> None:
    page = await opened(open_page, f"{gallery_url}/kiosk/attract-told/zh-Hans", 1280, 800)
    for _ in range(3):
        await pass_time(page, STANDS_S)
        assert await page.evaluate("scrollY") == 0
