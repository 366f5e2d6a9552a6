"""Test the handover to the bank: automatic, by button without a script, never twice for one order."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import expect

from beacon_gateway.kiosk.pages.files import static_file
from daemonkit.web import WebRules, guarded_app, serving
from kiosk_ui.giving_views import PhoneHandover
from kiosk_ui.surface import Surface
from sync_contract.money import Money
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.gallery import pages
from tests.browser.projects import LUNCH

pytestmark = pytest.mark.asyncio(loop_scope="session")
PHONE = (360, 740)
FIELDS = (("orderId", "1"), ("riskRateInfo", '{commodityName="<午餐> & more"}'), ("signature", "a+b/c=="))


class Bank:
    """Keeps what is posted to it, and leads back to nowhere."""

    def __init__(self) -> None:
        self.url = ""
        self.posted: list[dict[str, str]] = []

    async def take(self, request: web.Request) -> web.Response:
        self.posted.append({name: str(value) for name, value in (await request.post()).items()})
        return web.Response(text="<title>bank</title><p>bank</p>", content_type="text/html")


@pytest_asyncio.fixture(loop_scope="session")
async def bank() -> AsyncIterator[Bank]:
    bank = Bank()
    app = guarded_app(WebRules(frozenset({"127.0.0.1"}), b"x", open_doors=frozenset({"/gateway/"})))
    app.add_routes([web.post("/gateway/front", bank.take)])
    async with serving(app, "127.0.0.1", 0) as bank.url:
        yield bank


@pytest_asyncio.fixture(loop_scope="session")
async def url(bank: Bank) -> AsyncIterator[str]:
    """Our page, under our guards and the CSP that lets a form go to this bank and nowhere else."""
    renderer = pages(Surface.phone)

    async def show(request: web.Request) -> web.Response:
        view = PhoneHandover(LUNCH, Money(3000), "/t/x", f"{bank.url}/gateway/front", FIELDS)
        return web.Response(text=renderer.render_page(view, Language(request.query["lang"])), content_type="text/html")

    async def begin(_: web.Request) -> web.Response:
        return web.Response(text='<title>begin</title><a href="/handover?lang=en">go</a>', content_type="text/html")

    app = guarded_app(WebRules(frozenset({"127.0.0.1"}), b"x", form_targets=(bank.url,)))
    app.add_routes(
        [
            web.get("/t/x", begin),
            web.get("/handover", show),
            web.get("/static/{name:.+}", static_file(renderer.assets)),
        ]
    )
    async with serving(app, "127.0.0.1", 0) as url:
        yield url


async def test_it_goes_on_by_itself_with_every_field_as_it_was_signed(
    open_page: OpenPage, bank: Bank, url: str
) -> None:
    page = await open_page(*PHONE)
    await page.goto(f"{url}/t/x")
    await page.click("a")
    await expect(page).to_have_title("bank")
    assert bank.posted == [dict(FIELDS)]


async def test_going_back_never_posts_the_order_again(open_page: OpenPage, bank: Bank, url: str) -> None:
    page = await open_page(*PHONE)
    await page.goto(f"{url}/t/x")
    await page.click("a")
    await expect(page).to_have_title("bank")
    await page.go_back()
    await page.wait_for_timeout(500)  # for a script that should not be there to do what it must not
    assert await page.title() != "bank"
    assert len(bank.posted) == 1


@pytest.mark.parametrize("language", Language)
async def test_without_script_there_is_a_button_in_words(
    open_page: OpenPage, bank: Bank, url: str, language: Language
) -> None:
    page = await open_page(*PHONE, java_script_enabled=False)
    await page.goto(f"{url}/handover?lang={language}")
    assert bank.posted == []
    await expect(page.locator("form#handover button")).to_be_visible()
    await page.click("form#handover button")
    await expect(page).to_have_title("bank")
    assert bank.posted == [dict(FIELDS)]


async def test_the_form_goes_nowhere_but_to_the_bank(open_page: OpenPage, bank: Bank, url: str) -> None:
    page = await open_page(*PHONE, java_script_enabled=False)
    answer = await page.goto(f"{url}/handover?lang=en")
    assert answer is not None
    policy = (await answer.all_headers())["content-security-policy"]
    assert f"form-action 'self' {bank.url};" in policy
