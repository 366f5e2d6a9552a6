"""Pictures for README and docs, from the kiosk as it runs: `python -m tests.browser.pictures docs/pictures`.

The journey is walked on a screen of 1280 x 800 in each language and once on 800 x 480; the phone's pages stand alone.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from kiosk_ui.views import Surface
from sync_contract.strict import Language
from tests.browser.chromium import launch
from tests.browser.fake_giving import FakeKiosk
from tests.browser.gallery import gallery
from tests.browser.journey import walk_the_journey
from tests.browser.layout import SIZES

JOURNEYS = [("kiosk", language) for language in Language] + [("small", Language.zh_hans)]
PHONE_PAGES = ("gift", "paid")
Shoot = Callable[[Page, str, Language, str], Awaitable[None]]


async def take(folder: Path) -> list[Path]:
    """Writes the pictures and gives their paths: <screen>-<language>-<page>.png."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []

    async def shoot(page: Page, screen: str, language: Language, name: str) -> None:
        path = folder / f"{screen}-{language}-{name}.png"
        await page.evaluate("document.activeElement.blur()")
        await page.screenshot(path=path, animations="disabled")
        taken.append(path)

    async with async_playwright() as playwright:
        browser = await launch(playwright)
        for screen, language in JOURNEYS:
            await _journey(browser, screen, language, shoot)
        async with gallery() as url:
            page = await _page(browser, "phone")
            for name in PHONE_PAGES:
                for language in Language:
                    await page.goto(f"{url}/{Surface.phone}/{name}/{language}")
                    await shoot(page, "phone", language, name)
        await browser.close()
    return taken


async def _journey(browser: Browser, screen: str, language: Language, shoot: Shoot) -> None:
    kiosk = FakeKiosk()

    async def pay(_: str) -> None:
        kiosk.pay_last()

    async def seen(name: str, page: Page) -> None:
        await shoot(page, screen, language, name)
        if name == "attract":
            kiosk.card_brings("elder-lunch")
            await page.wait_for_selector(".turned")
            await shoot(page, screen, language, "turned")

    async with kiosk.serve() as url:
        page = await _page(browser, screen)
        await walk_the_journey(
            page, url, language=language, project="elder-lunch", amount_fen=30_00, pay=pay, seen=seen
        )
        await page.close()


async def _page(browser: Browser, screen: str) -> Page:
    width, height = SIZES[screen]
    touch = await browser.new_context(viewport={"width": width, "height": height}, has_touch=True, is_mobile=True)
    return await touch.new_page()


if __name__ == "__main__":
    for path in asyncio.run(take(Path(sys.argv[1]))):
        print(path)
