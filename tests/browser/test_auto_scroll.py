"""Test that more projects than fit on the first page scroll past while nobody touches it."""

import pytest
from playwright.async_api import Page, expect

from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.fake_giving import FakeKiosk
from tests.browser.gallery import measure_view, stop_painting
from tests.browser.projects import LUNCH
from tests.browser.test_idle import pass_time, stand_still

pytestmark = pytest.mark.asyncio(loop_scope="session")
STANDS_S = 12
SEEN = """(() => {
  const bar = document.querySelector(".own").getBoundingClientRect();
  const edge = bar.height ? bar.top : innerHeight;
  const strip = document.querySelector(".drill").getBoundingClientRect();
  return [...document.querySelectorAll(".projects > li")].flatMap((each, number) => {
    const place = each.getBoundingClientRect();
    return place.top > strip.bottom - 1 && place.bottom < edge + 1 ? [number] : [];
  });
})()"""
"""Which projects stand whole on the screen, above the button that leads further down."""
SIZES = [(1280, 800), (800, 480), (1080, 1920)]


async def opened(open_page: OpenPage, address: str, width: int, height: int) -> Page:
    page = await open_page(width, height, reduced_motion="reduce")
    await stand_still(page)
    await page.goto(address)
    return page


async def test_each_project_stands_whole_on_the_screen_before_the_first_comes_again(
    open_page: OpenPage, gallery_url: str
) -> None:
    page = await opened(open_page, f"{gallery_url}/kiosk/attract-many/zh-Hans", *SIZES[0])
    await stop_painting(page)
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        seen = set(await page.evaluate(SEEN))
        for _ in range(40):
            await pass_time(page, STANDS_S)
            if await page.evaluate("scrollY") == 0:
                break
            seen |= set(await page.evaluate(SEEN))
        assert await page.evaluate("scrollY") == 0, width
        assert seen == set(range(40)), width


async def test_a_touch_stops_it_and_it_goes_on_when_nobody_is_there(open_page: OpenPage, gallery_url: str) -> None:
    page = await opened(open_page, f"{gallery_url}/kiosk/attract-many/zh-Hans", 1280, 800)
    await pass_time(page, STANDS_S)
    position = await page.evaluate("scrollY")
    assert position > 0
    for _ in range(4):
        await pass_time(page, STANDS_S - 3)
        await page.mouse.click(3, 300)
    assert await page.evaluate("scrollY") == position
    await pass_time(page, 2 * STANDS_S)
    assert await page.evaluate("scrollY") != position
    await page.click("#further")
    position = await page.evaluate("scrollY")
    await pass_time(page, 2 * STANDS_S)
    assert await page.evaluate("scrollY") != position, "the button that was touched is no reason to stand still"


async def test_what_has_room_stands_still(open_page: OpenPage, gallery_url: str) -> None:
    page = await opened(open_page, f"{gallery_url}/kiosk/attract-progress/zh-Hans", 1280, 800)
    for _ in range(3):
        await pass_time(page, STANDS_S)
        assert await page.evaluate("scrollY") == 0


async def test_who_touches_sees_each_project_whole_and_comes_back_to_the_top(
    open_page: OpenPage, gallery_url: str
) -> None:
    page = await opened(open_page, f"{gallery_url}/kiosk/attract-many/zh-Hans", *SIZES[0])
    further = page.locator("#further")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        seen = set(await page.evaluate(SEEN))
        while await further.inner_text() == "往下看":
            await expect(further).to_be_in_viewport(ratio=1)
            box = await further.bounding_box()
            assert box is not None
            assert box["height"] >= 72
            await further.click()
            seen |= set(await page.evaluate(SEEN))
        assert seen == set(range(40)), width
        await further.click()
        assert await page.evaluate("scrollY") == 0, width


async def test_three_projects_have_room_and_no_button(open_page: OpenPage, gallery_url: str) -> None:
    """With what they have received, and with the way back to a code."""
    page = await open_page(1280, 800)
    for name, language in (
        *(("attract-progress", language) for language in Language),
        *(("attract-pending", Language.en), ("attract-one", Language.zh_hans)),
    ):
        await measure_view(page, f"{gallery_url}/kiosk/{name}/{language}")
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate("document.scrollingElement.scrollHeight - innerHeight") <= 0, (name, width)
            await expect(page.locator("#further")).to_be_hidden()


async def test_the_button_goes_with_the_projects_that_went(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    """The page that waits follows the catalogue; nothing of the bar stays on a page that has room."""
    few = kiosk.projects.offered
    kiosk.projects.offered = {f"p{number}": LUNCH.model_copy(update={"id": f"p{number}"}) for number in range(12)}
    page = await open_page(1280, 800, reduced_motion="reduce")
    await page.goto(kiosk_url)
    await expect(page.locator("#further")).to_be_visible()
    kiosk.projects.offered = few
    kiosk.current_scene.poke()
    await expect(page.locator(".projects > li")).to_have_count(3)
    await expect(page.locator("#further")).to_have_count(0)
    assert await page.evaluate("document.scrollingElement.scrollHeight - innerHeight") <= 0
