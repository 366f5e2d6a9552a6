"""Fixtures: one Chromium per worker, and a browser context per case (cookies, JavaScript on or off)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect
from playwright.async_api import Error as PlaywrightError

from tests.browser.chromium import launch
from tests.browser.fake_giving import FakeKiosk
from tests.browser.gallery import gallery

OpenPage = Callable[..., Awaitable[Page]]
"""open_page(width, height, **context options): a page that fails the test on an error in the console."""
PATIENCE_MS = 60_000
"""Ends a hang. How long a page takes on a machine that does much else is nothing to judge it by."""
expect.set_options(timeout=PATIENCE_MS)


SPENT: set[BrowserContext | Page] = set()
"""Contexts and pages whose state cannot be reset: they have a clock or scripts of their own."""


async def run_first(page: Page, script: str) -> None:
    """Run the script on every page that this one is led to, before the page's own scripts."""
    SPENT.add(page)
    await page.add_init_script(script)


class ContextPool:
    """Contexts and pages of tests that have ended, for the next ones.

    A new page and what it shows first cost as much as three that are shown in an old one. A test takes each context
    with its own cookies. A free page keeps the process of the pages alive.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[BrowserContext]] = {}
        self._taken: list[tuple[str, BrowserContext, Page]] = []

    async def take(self, options: Mapping[str, Any]) -> Page:
        """Return a page in a context that no other page of the test has."""
        key = repr(sorted(options.items()))
        free = self._free.setdefault(key, [])
        if free:
            context = free.pop()
        else:
            context = await self._browser.new_context(**options)
            context.set_default_timeout(PATIENCE_MS)
        page = context.pages[0] if context.pages else await context.new_page()
        self._taken.append((key, context, page))
        return page

    async def return_all(self) -> None:
        for key, context, page in self._taken:
            for other in context.pages:
                if other is not page:
                    await other.close()
            if context in SPENT:
                await context.close()
                continue
            if page in SPENT or not await _is_blank_again(page):
                await context.new_page()  # before the other is closed, or the process of the pages would end
                await page.close()
            await context.clear_cookies()
            await context.set_offline(False)
            self._free[key].append(context)
        self._taken.clear()
        SPENT.clear()

    async def close(self) -> None:
        for contexts in self._free.values():
            for context in contexts:
                await context.close()


async def _is_blank_again(page: Page) -> bool:
    """Make the page as new. False if it cannot be: it is being led elsewhere."""
    try:
        await page.unroute_all()
        await page.emulate_media(media="null", color_scheme="null", contrast="null")
        await page.mouse.move(0, 0)
        await page.evaluate("() => { try { sessionStorage.clear(); } catch { /* a page of the browser's own */ } }")
        await page.goto("about:blank")
    except PlaywrightError:
        return False
    return True


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await launch(playwright)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gallery_url() -> AsyncIterator[str]:
    async with gallery() as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def contexts(browser: Browser) -> AsyncIterator[ContextPool]:
    pool = ContextPool(browser)
    yield pool
    await pool.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(contexts: ContextPool) -> AsyncIterator[OpenPage]:
    complaints: list[str] = []
    opened: list[Page] = []

    def on_error(error: Exception) -> None:
        complaints.append(str(error))

    def on_console(message: ConsoleMessage) -> None:
        if "Content Security" in message.text:
            complaints.append(message.text)

    async def open_one(width: int, height: int, **options: Any) -> Page:
        page = await contexts.take(options)
        await page.set_viewport_size({"width": width, "height": height})
        page.on("pageerror", on_error)
        page.on("console", on_console)
        opened.append(page)
        return page

    yield open_one
    for page in opened:
        page.remove_listener("pageerror", on_error)
        page.remove_listener("console", on_console)
    await contexts.return_all()
    if complaints:
        pytest.fail("\n".join(complaints))


@pytest_asyncio.fixture(loop_scope="session")
async def kiosk() -> FakeKiosk:
    return FakeKiosk()


@pytest_asyncio.fixture(loop_scope="session")
async def kiosk_url(kiosk: FakeKiosk) -> AsyncIterator[str]:
    async with kiosk.serve() as url:
        yield url
