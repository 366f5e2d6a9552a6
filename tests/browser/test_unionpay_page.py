"""Test the drill gateway's page in a browser: from the merchant and back, without JavaScript."""

from collections.abc import AsyncIterator
from html import escape
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from daemonkit.web import WebRules, guarded_app, serving
from tests.browser.conftest import OpenPage
from tests.fakes.central_process import running_bank
from tests.fakes.unionpay_shop import Shop, open_shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with (
        running_bank(tmp_path / "bank", kind="unionpay") as bank,
        aiohttp.ClientSession() as session,
        open_shop(session, bank.credentials) as shop,
    ):
        shop.bank = bank.url
        yield shop


def handing_over(shop: Shop) -> web.Application:
    """A merchant's page, with the guards that ours have, whose form leads to the gateway."""
    fields = shop.signed(shop.order_fields(orderDesc="长者爱心午餐 & more"))
    inputs = "".join(f'<input type="hidden" name="{name}" value="{escape(fields[name])}">' for name in fields)
    action = f"{shop.bank}/gateway/api/frontTransReq.do"

    async def page(request: web.Request) -> web.Response:
        return web.Response(
            text=f'<form method="post" action="{action}">{inputs}<button>go</button></form>', content_type="text/html"
        )

    app = guarded_app(WebRules(frozenset(("127.0.0.1",)), b"s" * 32, form_targets=(shop.bank,)))
    app.router.add_get("/", page)
    return app


@pytest.mark.parametrize(
    ("locale", "decision", "code"), [("zh-CN", "confirm", "00"), ("zh-TW", "fail", "01"), ("en-GB", "close", "01")]
)
async def test_the_way_to_the_gateway_and_home_needs_no_javascript(
    open_page: OpenPage, shop: Shop, locale: str, decision: str, code: str
) -> None:
    page = await open_page(390, 844, locale=locale, java_script_enabled=False)
    async with serving(handing_over(shop), "127.0.0.1", 0) as url:
        await page.goto(url)
        await page.click("button")
        await page.wait_for_selector(f'button[value="{decision}"]')  # a click does not wait for where it leads
        await page.reload()  # the order is not posted again
        await page.click(f'button[value="{decision}"]')
        await page.click(f'form[action="{shop.url}/front"] button')
        await page.wait_for_url(f"{shop.url}/front")
    home = shop.returned[-1]
    assert (home["respCode"], shop.distrust(home)) == (code, "")


async def test_its_pages_fit_the_screen_with_buttons_large_enough(open_page: OpenPage, shop: Shop) -> None:
    for locale, decision in (("zh-CN", "confirm"), ("zh-TW", "fail"), ("en-GB", "close")):
        _, order = await shop.order(orderDesc="长" * 32)
        page = await open_page(320, 640, locale=locale)
        await page.goto(order.url)
        for buttons in (3, 2 if decision == "close" else 1):
            for width, height in ((1280, 800), (320, 640)):
                await page.set_viewport_size({"width": width, "height": height})
                assert await page.evaluate("document.documentElement.scrollWidth") <= width
                boxes = [await button.bounding_box() for button in await page.locator(".button").all()]
                heights = [box["height"] for box in boxes if box is not None]
                assert len(heights) == buttons
                assert min(heights) >= 72
            if buttons == 3:
                await page.click(f'button[value="{decision}"]')
                await page.wait_for_selector(f'button[value="{decision}"]', state="detached")
