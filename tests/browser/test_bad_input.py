"""Test pages under faults: missing pictures, an untrusted clock, an unreachable server.

Long titles, texts that are missing in a language, no project and forty are pages of the gallery: test_layout.py.
"""

import pytest
from playwright.async_api import Page, Route, expect

from kiosk_ui.surface import Surface
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.fake_giving import FakeKiosk
from tests.browser.journey import choose_amount
from tests.browser.layout import SIZES, faults

pytestmark = pytest.mark.asyncio(loop_scope="session")
WITH_PICTURES = {
    Surface.kiosk: ("attract", "turned", "projects", "project", "thanks", "handoff-closed", "notice-fault"),
    Surface.phone: ("gift", "hall", "shown", "giving", "handover", "waiting", "own-slip"),
}


@pytest.mark.parametrize(("surface", "size"), [(Surface.kiosk, "small"), (Surface.phone, "phone")])
async def test_a_missing_picture_leaves_its_place(
    open_page: OpenPage, gallery_url: str, surface: Surface, size: str
) -> None:
    page = await open_page(*SIZES[size])
    missed: list[str] = []

    async def miss(route: Route) -> None:
        missed.append(route.request.url)
        await route.fulfill(status=404, body="")

    await page.route("**/static/art/**", miss)
    wrong = {}
    for number, name in enumerate(WITH_PICTURES[surface]):
        missed.clear()
        await page.goto(f"{gallery_url}/{surface}/{name}/{list(Language)[number % 3]}")
        assert missed, f"{name} has a picture"
        if found := await faults(page):
            wrong[name] = found
        for scene in await page.locator("main .scene:has(img)").all():
            box = await scene.bounding_box()
            assert box is not None
            assert box["height"] >= 90, f"{name}: the picture's place has collapsed"
        shown = await page.evaluate("[...document.images].filter((each) => each.naturalWidth === 0 && each.alt).length")
        assert shown == 0, "a broken picture's words stand in its place"
    assert not wrong


@pytest.mark.parametrize("size", ["kiosk", "phone"])
async def test_with_a_clock_that_cannot_be_trusted_there_is_information_and_no_way_to_give(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str, size: str
) -> None:
    kiosk.projects.at = None
    kiosk.card_brings("elder-lunch")
    page = await open_page(*SIZES[size])
    for path in ("/", "/project/elder-lunch", "/project/elder-lunch/amount"):
        await page.goto(kiosk_url + path)
        assert await page.locator("main a[href$='/amount'], .pick, form[action='/give']").count() == 0, path
        assert await faults(page) == [], path
    await expect(page.locator("main .remark")).to_contain_text("仅供了解")


async def test_a_clock_that_goes_wrong_while_somebody_chooses_registers_nothing(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page = await open_page(*SIZES["small"])
    await page.goto(f"{kiosk_url}/project/elder-lunch/amount")
    kiosk.projects.at = None
    await choose_amount(page, 3000)
    await expect(page.locator("main h1")).to_have_text("这个项目暂停捐款")
    assert kiosk.giving.recorded == []
    assert await faults(page) == []


@pytest.mark.parametrize("size", ["kiosk", "phone"])
async def test_during_a_restart_the_page_waits_and_recovers(open_page: OpenPage, size: str) -> None:
    page = await open_page(*SIZES[size])
    async with FakeKiosk().serve() as url:
        await page.goto(f"{url}/project/elder-lunch/amount")
    await expect(page.locator("#away")).to_be_visible()
    await expect(page.locator("#away")).to_contain_text("请稍等，屏幕会自己恢复。")
    await expect(page.locator("#away .number")).to_have_text("0595 0000 0000")
    for touched in (".pick[value='3000']", "main nav .button", ".languages button[value='en']"):
        await _touch(page, touched)
        assert page.url == f"{url}/project/elder-lunch/amount", "the browser's own page of errors"
    await expect(page.locator("h1")).to_have_text("您想捐多少？")
    assert await faults(page) == []
    async with FakeKiosk().serve(int(url.rsplit(":", 1)[1])):
        await expect(page.locator("#away")).to_be_hidden()
        await page.click("main nav .button")
        await page.wait_for_url("**/project/elder-lunch")
        await page.goto("about:blank")


async def _touch(page: Page, selector: str) -> None:
    """As a finger does, without waiting for what comes of it."""
    await page.evaluate("(selector) => document.querySelector(selector).click()", selector)
