"""Test the pages for staff on site: layout on phone and screen, accessibility, live updates."""

import re

import pytest
from playwright.async_api import expect

from kiosk_ui.display_preferences import Theme
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.gallery import measure_view, show_view, stop_painting
from tests.browser.layout import SIZES, faults
from tests.browser.site_facts import SITE_VIEWS
from tests.browser.test_accessible import violations, with_axe

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(("row", "sizes"), [(0, ("kiosk", "portrait")), (1, ("phone", "small"))])
async def test_every_site_page_is_whole_and_readable(
    open_page: OpenPage, gallery_url: str, row: int, sizes: tuple[str, str]
) -> None:
    """The page follows when the screen is turned, so it is fetched once for two sizes.

    The elements are the same on each screen: axe-core sees each page once.
    """
    page = await open_page(*SIZES[sizes[0]])
    with_axe_now = "kiosk" in sizes
    if with_axe_now:
        await with_axe(page)
    wrong = {}
    for number, name in enumerate(SITE_VIEWS, row):
        address = f"{name}/{list(Language)[number % 3]}?theme={list(Theme)[number // 3 % 3]}"
        await show_view(page, f"{gallery_url}/kiosk/{address}")
        found = await violations(page) if with_axe_now else []
        await stop_painting(page)
        for size in sizes:
            width, height = SIZES[size]
            await page.set_viewport_size({"width": width, "height": height})
            found += [f"{size}: {each}" for each in await faults(page, staff=True) if "drawing" not in each]
            if await page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{size}: wider than the screen")
        if found:
            wrong[address] = found
    assert not wrong


@pytest.mark.parametrize("language", [Language.zh_hans, Language.zh_hant])
async def test_chinese_site_pages_contain_no_english_state(
    open_page: OpenPage, gallery_url: str, language: Language
) -> None:
    page = await open_page(1280, 800)
    for name in SITE_VIEWS:
        await measure_view(page, f"{gallery_url}/kiosk/{name}/{language}")
        await page.evaluate("document.querySelectorAll('main :is([lang=en], .wire, svg)').forEach((e) => e.remove())")
        text = await page.inner_text("main")
        known = re.sub(r"volunteer-card|hci[01]|dBm|dB|RSSI|PIN|1ae1b83f[-0-9a-f/]*|/\d+/\d+", "", text)
        assert not re.search(r"[A-Za-z]{3,}", known), f"{name}: {known}"


async def test_who_moves_by_keyboard_stays_where_they_were(open_page: OpenPage, gallery_url: str) -> None:
    page = await open_page(1280, 800)
    await page.route("**/site/live", lambda route: route.fulfill(content_type="text/event-stream", body=_event()))
    await page.goto(f"{gallery_url}/kiosk/site/en")
    await expect(page.locator("main h1")).to_have_text("Later")
    await page.focus("a[href='/site/why']")
    await expect(page.locator("#again")).to_have_count(1)  # the stream ended, the browser asked again
    assert await page.evaluate("document.activeElement.getAttribute('href')") == "/site/why"


_TOLD: list[int] = []


def _event() -> str:
    _TOLD.append(1)
    again = "<p id=again></p>" if len(_TOLD) > 1 else ""
    html = f"<h1>Later</h1>{again}<a href=/site/why>Why</a>"
    return f'retry: 300\ndata: {{"view": "site", "html": "{html}"}}\n\n'


async def test_without_script_the_page_brings_itself_up_to_date_all_the_same(
    open_page: OpenPage, gallery_url: str
) -> None:
    page = await open_page(360, 740, java_script_enabled=False)
    await page.goto(f"{gallery_url}/kiosk/site/zh-Hant")
    async with page.expect_navigation():  # by itself
        pass
    await expect(page.locator("main h1")).to_have_count(1)
    await page.goto(f"{gallery_url}/kiosk/site-door/en")
    await page.fill("[name=pin]", "042 917")
    assert await page.get_attribute("main form", "action") == "/site/enter"
