"""Each kiosk and phone page in each screen size, language, text size and theme."""

import pytest
from playwright.async_api import async_playwright

from kiosk_ui.display_preferences import TextSize, Theme
from kiosk_ui.surface import Surface
from sync_contract.strict_model import Language
from tests.browser.chromium import launch
from tests.browser.gallery import KIOSK, PHONE, gallery
from tests.browser.layout import SIZES, faults, set_up


@pytest.mark.parametrize("size", SIZES)
async def test_kiosk_pages_have_no_layout_fault(size: str) -> None:
    width, height = SIZES[size]
    wrong = {}
    async with gallery() as url, async_playwright() as playwright:
        browser = await launch(playwright)
        page = await browser.new_page(viewport={"width": width, "height": height})
        for name in KIOSK:
            for language in Language:
                for text in TextSize:
                    for theme in Theme:
                        address = f"/{Surface.kiosk}/{name}/{language}?text={text}&theme={theme}"
                        await page.goto(url + address)
                        if found := await faults(page):
                            wrong[address] = found
        await browser.close()
    assert not wrong


@pytest.mark.parametrize("width", [320, 360, 430])
async def test_phone_pages_have_no_layout_fault(width: int) -> None:
    wrong = {}
    async with gallery() as url, async_playwright() as playwright:
        browser = await launch(playwright)
        page = await browser.new_page(viewport={"width": width, "height": 740})
        for name in PHONE:
            for language in Language:
                for text in TextSize:
                    address = f"/{Surface.phone}/{name}/{language}?text={text}"
                    for theme in Theme:
                        await set_up(page, theme)
                        await page.goto(url + address)
                        if found := await faults(page):
                            wrong[f"{address} {theme}"] = found
        await browser.close()
    assert not wrong
