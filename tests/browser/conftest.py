"""Fixtures: one Chromium per worker, and a browser context per case (cookies, size, JavaScript on or off)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.chromium import launch
from tests.browser.fake_giving import FakeKiosk
from tests.browser.gallery import gallery

OpenPage = Callable[..., Awaitable[Page]]
"""open_page(width, height, **context options): a page that fails the test on an error in the console."""
PATIENCE_MS = 60_000
"""Ends a hang. How long a page takes on a machine that does much else is nothing to judge it by."""
expect.set_options(timeout=PATIENCE_MS)


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


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    contexts = []
    complaints: list[str] = []

    async def open_one(width: int, height: int, **options: Any) -> Page:
        context = await browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None
        )
        return page

    yield open_one
    for context in contexts:
        await context.close()
    if complaints:
        pytest.fail("\n".join(complaints))


@pytest_asyncio.fixture(loop_scope="session")
async def kiosk() -> FakeKiosk:
    return FakeKiosk()


@pytest_asyncio.fixture(loop_scope="session")
async def kiosk_url(kiosk: FakeKiosk) -> AsyncIterator[str]:
    async with kiosk.serve() as url:
        yield url
