"""Each kiosk and phone page in each screen size, language, text size and theme."""

from collections.abc import Iterable
from itertools import product

import pytest
from playwright.async_api import async_playwright

from kiosk_ui.display_preferences import TextSize, Theme
from kiosk_ui.surface import Surface
from sync_contract.strict_model import Language
from tests.browser.chromium import launch
from tests.browser.gallery import KIOSK, PHONE, gallery
from tests.browser.layout import SIZES, faults, set_up


async def layout_faults(surface: Surface, names: Iterable[str], width: int, height: int) -> dict[str, object]:
    """Return the faults of each page in each language, text size and theme, by its address."""
    wrong: dict[str, object] = {}
    async with gallery() as url, async_playwright() as playwright:
        browser = await launch(playwright)
        page = await browser.new_page(viewport={"width": width, "height": height})
        for name, language, text, theme in product(names, Language, TextSize, Theme):
            address = f"/{surface}/{name}/{language}?text={text}"
            if surface is Surface.kiosk:
                address += f"&theme={theme}"
            else:
                await set_up(page, theme)
            await page.goto(url + address)
            if found := await faults(page):
                wrong[f"{address} {theme}"] = found
        await browser.close()
    return wrong


@pytest.mark.parametrize("size", SIZES)
async def test_kiosk_pages_have_no_layout_fault(size: str) -> None:
    assert not await layout_faults(Surface.kiosk, KIOSK, *SIZES[size])


@pytest.mark.parametrize("width", [320, 360, 430])
async def test_phone_pages_have_no_layout_fault(width: int) -> None:
    assert not await layout_faults(Surface.phone, PHONE, width, 740)
