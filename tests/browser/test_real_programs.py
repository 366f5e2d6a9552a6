"""Test the journey in Chromium with the three real programs: hall screen, phone and bank."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from beacon_gateway.commands.demo import Demo, gateway_program, open_demo
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.journey import next_person, walk_the_journey
from tests.browser.layout import SIZES, faults
from tests.flow.programs import restarted_with_catalogue
from tests.paths import ROOT
from tests.ports import keep_ports

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("real house")]
DRILL = {Language.zh_hans: "演练", Language.zh_hant: "演練", Language.en: "drill"}
DEMO = ROOT / "config" / "demo"


@dataclass(frozen=True)
class House:
    """The three programs, and how to cut the gateway's power for a moment."""

    demo: Demo
    cut_power: Callable[[], Awaitable[None]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("house")
    keep_ports(folder)
    async with open_demo(folder, DEMO, radio="simulated") as opened, AsyncExitStack() as restarted:

        async def cut_power() -> None:
            opened.gateway.kill()
            await opened.gateway.exited()
            await restarted.enter_async_context(gateway_program(folder, DEMO, opened.plan, radio="simulated"))

        await restarted_with_catalogue(folder)
        yield House(opened, cut_power)


@pytest.mark.parametrize(("size", "language"), [("small", Language.zh_hant), ("phone", Language.en)])
async def test_a_gift_is_paid_on_the_phone_and_the_screen_says_thank_you(
    open_page: OpenPage, house: House, size: str, language: Language
) -> None:
    screen, phone = await open_page(*SIZES[size]), await open_page(*SIZES["phone"])

    async def pay(address: str) -> None:
        if size == "small":  # while the code is on the screen
            await house.cut_power()
        assert urlsplit(address).netloc.lower() == urlsplit(house.demo.central.url).netloc
        await pay_on_the_phone(phone, address, language)

    slip = await walk_the_journey(
        screen,
        house.demo.gateway.url,
        language=language,
        project="student-aid",
        amount_fen=5000,
        pay=pay,
    )
    await expect(phone.locator("body")).to_contain_text(slip)
    await next_person(screen)


async def test_the_whole_way_works_with_javascript_off_on_both(open_page: OpenPage, house: House) -> None:
    screen = await open_page(*SIZES["kiosk"], java_script_enabled=False)
    phone = await open_page(*SIZES["phone"], java_script_enabled=False)

    async def pay(address: str) -> None:
        await pay_on_the_phone(phone, address, Language.zh_hans)

    await walk_the_journey(
        screen, house.demo.gateway.url, language=Language.zh_hans, project="elder-lunch", amount_fen=77_00, pay=pay
    )


async def pay_on_the_phone(phone: Page, address: str, language: Language) -> None:
    """The page behind the code, the sandbox bank, and back; each is looked at."""
    await phone.goto(address)
    await phone.goto(f"{address}?lang={language}")
    assert await phone.get_attribute("html", "lang") == language
    assert await faults(phone) == []
    await phone.click("main form button.main, main form button")
    await phone.wait_for_url("**/pay/*")
    await expect(phone.locator("body")).to_contain_text(DRILL[language])
    await phone.locator("form button").first.click()
    await phone.wait_for_url("**/g/*")
    assert await faults(phone) == []
