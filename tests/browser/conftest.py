"""Fixtures: one Chromium per worker, and a browser context per case (cookies, JavaScript on or off)."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.browser.chromium import launch
from tests.browser.fake_giving import FakeKiosk
from tests.browser.gallery import gallery

OpenPage = Callable[..., Awaitable[Page]]
"""open_page(width, height, **context options): a page that fails the test on an error in the console."""
PATIENCE_MS = 60_000
"""Ends a hang. How long a page takes on a machine that does much else is nothing to judge it by."""
expect.set_options(timeout=PATIENCE_MS)


SPENT: set[BrowserContext] = set()
"""Contexts whose state cannot be reset: their pages have a clock of their own."""


class ContextPool:
    """Contexts of tests that have ended, for the next ones: a new context costs as much as two pages.

    A test takes each context with its own cookies. An empty page in each keeps the process of the pages alive.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[BrowserContext]] = {}
        self._taken: list[tuple[str, BrowserContext]] = []

    async def take(self, options: Mapping[str, Any]) -> BrowserContext:
        key = repr(sorted(options.items()))
        free = self._free.setdefault(key, [])
        if free:
            context = free.pop()
        else:
            context = await self._browser.new_context(**options)
            context.set_default_timeout(PATIENCE_MS)
            await context.new_page()
        self._taken.append((key, context))
        return context

    async def return_all(self) -> None:
        for key, context in self._taken:
            if context in SPENT:
                SPENT.remove(context)
                await context.close()
                continue
            for page in context.pages[1:]:
                await page.close()
            await context.clear_cookies()
            await context.set_offline(False)
            self._free[key].append(context)
        self._taken.clear()

    async def close(self) -> None:
        for contexts in self._free.values():
            for context in contexts:
                await context.close()


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

    async def open_one(width: int, height: int, **options: Any) -> Page:
        context = await contexts.take(options)
        page = await context.new_page()
        await page.set_viewport_size({"width": width, "height": height})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        return page

    yield open_one
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
