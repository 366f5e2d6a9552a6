"""Take pictures of the running product for README and docs: `python -m tests.browser.pictures docs/pictures`.

The three real programs are started, a simulated card walks up, a gift is paid on the phone, and staff look at the log.
The walk is a moving picture too: walk-through.webp. Every screen there is stands on the sheets screens-….png.
"""

import asyncio
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from beacon_gateway.commands.demo import Demo, open_demo
from sync_contract.strict_model import Language
from tests.browser.animation import ORDER, TOUCHED, Film
from tests.browser.calibrated_hall import write_hall
from tests.browser.chromium import launch
from tests.browser.contact_sheets import small, write_sheets
from tests.browser.journey import walk_the_journey
from tests.browser.layout import SIZES
from tests.browser.takeover_trace import write_takeover
from tests.paths import ROOT

DEMO = ROOT / "config" / "demo"
JOURNEYS = [("kiosk", language) for language in Language] + [("small", Language.zh_hans)]
KEPT = {
    "kiosk-zh-Hans-attract", "kiosk-zh-Hans-turned", "kiosk-zh-Hans-project", "kiosk-zh-Hans-amount",
    "kiosk-zh-Hans-display", "kiosk-zh-Hans-help", "kiosk-zh-Hans-handoff",
    "kiosk-zh-Hans-thanks", "kiosk-zh-Hant-handoff", "kiosk-en-turned",
    "phone-zh-Hans-gift", "phone-zh-Hans-bank", "phone-zh-Hans-paid", "staff-zh-Hans-overview",
    "staff-zh-Hans-log", "staff-zh-Hans-figures", "staff-en-log",
    "kiosk-zh-Hans-bulletin", "small-zh-Hans-bulletin", "phone-zh-Hans-community", "phone-zh-Hans-requests",
    "phone-zh-Hans-highlights", "staff-zh-Hans-today", "staff-en-highlights",
}  # fmt: skip
"""Those that README and docs show; `--all` takes every one."""
FILMED = {f"kiosk-{Language.zh_hans}-": "", f"phone-{Language.zh_hans}-": "phone-"}
FILM = "walk-through.webp"


class Camera:
    def __init__(self, folder: Path, *, every: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._every = every
        self._film = Film()

    async def shoot(self, page: Page, name: str) -> None:
        filmed = next((to + name.removeprefix(by) for by, to in FILMED.items() if name.startswith(by)), "")
        if not (self._every or name in KEPT or filmed in ORDER):
            return
        await page.evaluate("document.activeElement.blur()")
        content = await page.screenshot(animations="disabled")
        self._film.take(filmed, content, await _touch(page, TOUCHED.get(filmed, "")))
        if self._every or name in KEPT:
            path = self._folder / f"{name}.png"
            path.write_bytes(small(Image.open(io.BytesIO(content))))
            print(path)

    def develop(self) -> None:
        """The moving picture of what was seen. Raises ValueError, see Film.write."""
        self._film.write(self._folder / FILM)
        print(self._folder / FILM)


async def _touch(page: Page, selector: str) -> tuple[float, float] | None:
    """The middle of what is touched next, in parts of the screen."""
    size = page.viewport_size
    box = await page.locator(selector).first.bounding_box() if selector and size else None
    if box is None or size is None:
        return None
    return (box["x"] + box["width"] / 2) / size["width"], (box["y"] + box["height"] / 2) / size["height"]


async def take(folder: Path, *, every: bool) -> None:
    camera = Camera(folder, every=every)
    with tempfile.TemporaryDirectory() as state:
        async with (
            open_demo(Path(state), DEMO, radio="simulated", history=True) as house,
            async_playwright() as playwright,
        ):
            browser = await launch(playwright)
            for screen, language in JOURNEYS:
                await _journey(browser, house, screen, language, camera)
            await _staff(browser, house, camera)
            await take_community(browser, house, camera)
            await write_sheets(browser, folder)
            await browser.close()
    camera.develop()
    await asyncio.to_thread(write_hall, folder)
    await asyncio.to_thread(write_takeover, folder)


async def _journey(browser: Browser, house: Demo, screen: str, language: Language, camera: Camera) -> None:
    page, phone = await _page(browser, screen), await _page(browser, "phone")

    async def pay(address: str) -> None:
        await phone.goto(f"{address}?lang={language}")
        await camera.shoot(phone, f"phone-{language}-gift")
        await phone.click("main form button")
        await phone.wait_for_url("**/pay/*")
        await camera.shoot(phone, f"phone-{language}-bank")
        await phone.locator("form button").first.click()
        await phone.wait_for_url("**/g/*")

    async def seen(name: str, shown: Page) -> None:
        if name == "attract":
            await shown.wait_for_selector(".projects", timeout=60_000)
            await camera.shoot(shown, f"{screen}-{language}-attract")
            await shown.wait_for_selector(".turned", timeout=60_000)
            name = "turned"
        await camera.shoot(shown, f"{screen}-{language}-{name}")

    await walk_the_journey(
        page, house.gateway.url, language=language, project="elder-lunch", amount_fen=30_00, pay=pay, seen=seen
    )
    await page.goto(f"{house.gateway.url}/help")
    await camera.shoot(page, f"{screen}-{language}-help")
    await page.goto(f"{house.gateway.url}/display?back=/")
    await page.click("[name=theme][value=contrast]")
    await camera.shoot(page, f"{screen}-{language}-display")
    await phone.wait_for_selector(".slip")
    await camera.shoot(phone, f"phone-{language}-paid")
    await page.context.close()
    await phone.context.close()


async def take_community(browser: Browser, house: Demo, camera: Camera) -> None:
    """The pages of volunteers: on the screen with the first bulletin, on a phone, and for staff."""
    for screen in ("kiosk", "small"):
        page = await _page(browser, screen)
        await page.goto(house.gateway.url)
        await page.wait_for_selector('[href="/bulletin"]', timeout=90_000)
        await page.goto(f"{house.gateway.url}/bulletin")
        await camera.shoot(page, f"{screen}-zh-Hans-bulletin")
        await page.context.close()
    phone = await _page(browser, "phone")
    await phone.goto(f"{house.central.url}/community?lang=zh-Hans")
    root = phone.url.partition("?")[0]
    for path, name in (("", "community"), ("/help", "requests"), ("/highlights", "highlights")):
        await phone.goto(f"{root}{path}?lang=zh-Hans")
        await camera.shoot(phone, f"phone-zh-Hans-{name}")
    await phone.context.close()
    staff = await _logged_in(browser, house, "kiosk")
    for language in Language:
        for name in ("today", "highlights"):
            await staff.goto(f"{house.central.url}/staff/volunteers/{name}?lang={language}")
            await camera.shoot(staff, f"staff-{language}-{name}")
    await staff.context.close()


async def _logged_in(browser: Browser, house: Demo, screen: str) -> Page:
    page = await _page(browser, screen)
    await page.goto(f"{house.central.url}/staff/login")
    await page.fill("input[name=name]", "staff")
    await page.fill("input[name=password]", house.plan.password)
    async with page.expect_navigation():
        await page.click("main form button")
    return page


async def _staff(browser: Browser, house: Demo, camera: Camera) -> None:
    for screen, prefix in (("kiosk", "staff"), ("phone", "staff-phone")):
        page = await _logged_in(browser, house, screen)
        for language in Language:
            for name in ("", "log", "figures"):
                await page.goto(f"{house.central.url}/staff/{name}?lang={language}")
                await camera.shoot(page, f"{prefix}-{language}-{name or 'overview'}")
        await page.context.close()


async def _page(browser: Browser, screen: str) -> Page:
    width, height = SIZES[screen]
    touch = await browser.new_context(viewport={"width": width, "height": height}, has_touch=True, is_mobile=True)
    return await touch.new_page()


if __name__ == "__main__":
    asyncio.run(take(Path(sys.argv[1]), every="--all" in sys.argv))
