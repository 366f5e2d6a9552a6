"""Test the staff pages in a browser: layout at each width, live updates."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from msgspec.structs import replace
from playwright.async_api import Page, expect

from central_server.accounts.access import Role
from central_server.enrolment.gateways import register
from sync_contract.records import Door
from sync_contract.strict_model import Language
from tests.browser.conftest import PATIENCE_MS, OpenPage
from tests.fakes.central_process import RunningCentral, running_bank, running_central
from tests.fakes.counting import count_all
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.staff_account import set_password
from tests.unit.central_server.statistics_world import count, stretch, touched

pytestmark = pytest.mark.asyncio(loop_scope="session")
PASSWORD = "correct horse battery"
_SMALL = """() => [...document.querySelectorAll('a, button, summary, select, input:not([type=hidden]), label[for]')]
  .filter((each) => each.checkVisibility() && !each.closest('svg') && !each.matches('#menu-open'))
  .map((each) => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.height < 24 || box.width < 24)
  .filter(([each]) => !each.closest('p, td, th, li'))  // within a sentence (WCAG 2.5.8)
  .map(([each]) => each.outerHTML.slice(0, 80))"""


@dataclass
class Hall:
    central: RunningCentral
    gateway: DeliveringGateway


@asynccontextmanager
async def furnished(folder: Path) -> AsyncIterator[Hall]:
    """A community with a gateway, and somebody who sees to all."""
    async with AsyncExitStack() as edges:
        bank = await edges.enter_async_context(running_bank(folder / "bank"))
        central = await edges.enter_async_context(running_central(folder / "central", bank))
        session = await edges.enter_async_context(aiohttp.ClientSession())
        gateway = DeliveringGateway(session, central.url)
        now = datetime.now(UTC)
        async with central.database() as database:
            await set_password(database, "chen", PASSWORD, now, role=Role.chief)
            await register(database, gateway.id, gateway.public, "huada", "华大社区活动中心大厅", now)
        yield Hall(central, gateway)


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    """Its gateway has heard and missed things."""
    async with furnished(tmp_path) as hall:
        gateway, now = hall.gateway, datetime.now(UTC)
        gift = gateway.intent()
        dearer = replace(gift, body=replace(gift.body, amount_minor=9900))
        reports = [stretch(n, now - timedelta(hours=n)) for n in range(1, 30)]
        used = [count(visits=17), count("elder-lunch", opened=9), count("elder-lunch", Door.tag, opened=2)]
        reports += [touched(n, now - timedelta(hours=n - 29), used) for n in range(30, 59)]
        for parcels in (reports, [gift], [dearer]):
            await gateway.deliver(parcels)
        async with hall.central.database() as database:
            await count_all(database)
        yield hall


async def log_in(page: Page, hall: Hall, path: str) -> None:
    await page.goto(f"{hall.central.url}/staff/login?lang=en")
    await page.fill("input[name=name]", "chen")
    await page.fill("input[name=password]", PASSWORD)
    async with page.expect_navigation():
        await page.click("main form button")
    await page.goto(hall.central.url + path)


def languages(number: int) -> tuple[Language, Language]:
    """Return English, whose words are the longest, and one of the Chinese scripts, whose texts are equally wide."""
    return Language.en, (Language.zh_hans, Language.zh_hant)[number % 2]


async def size_faults(page: Page, small: str) -> list[str]:
    """Return the faults of the open page at 1280 and 360 px: too wide, or targets that the script `small` finds."""
    wrong = []
    for width in (1280, 360):
        await page.set_viewport_size({"width": width, "height": 800})
        if await page.evaluate("document.documentElement.scrollWidth") > width:
            wrong.append(f"wider than {width} px")
        wrong += [f"{width} px: {target} is hard to hit" for target in await page.evaluate(small)]
    return wrong


async def test_every_page_fits_in_english_and_chinese(open_page: OpenPage, hall: Hall) -> None:
    page = await open_page(1280, 800)
    await log_in(page, hall, "/staff/")
    wrong = {}
    paths = ("/staff/", "/staff/log", "/staff/figures?span=week", "/staff/figures?span=quarter")
    for number, path in enumerate(paths):
        for language in languages(number):
            await page.goto(f"{hall.central.url}{path}{'&' if '?' in path else '?'}lang={language}")
            wrong[path, language] = await size_faults(page, _SMALL)
    assert not any(wrong.values()), wrong


async def test_new_lines_are_announced_and_nothing_jumps_while_one_reads(open_page: OpenPage, hall: Hall) -> None:
    page = await open_page(1280, 800)
    await log_in(page, hall, "/staff/log")
    await expect(page.locator("html[data-heard]")).to_have_count(1, timeout=PATIENCE_MS)
    first = await page.locator("tr[data-line]").first.get_attribute("data-line")
    notice = page.locator("#fresh")
    await expect(notice).to_be_hidden()
    sent = hall.gateway.intent()
    await hall.gateway.deliver([sent])
    for _ in range(40):  # what arrives before the stream has looked around is told with the next
        if await notice.is_visible():
            break
        await hall.gateway.deliver([sent])
        await asyncio.sleep(0.5)
    await expect(notice).to_be_visible(timeout=PATIENCE_MS)
    assert await page.locator("tr[data-line]").first.get_attribute("data-line") == first
    await notice.locator("button").click()
    await expect(page.locator(f"tr[data-line*='{sent.id}']").first).to_be_visible()
    await expect(notice).to_be_hidden()


async def test_the_overview_brings_itself_up_to_date(open_page: OpenPage, hall: Hall) -> None:
    page = await open_page(1280, 800)
    await log_in(page, hall, "/staff/")
    await page.evaluate("window.untouched = true")
    await expect(page.get_by_text("Registered today: 1", exact=True)).to_be_visible()
    await expect(page.locator("html[data-heard]")).to_have_count(1, timeout=PATIENCE_MS)
    for _ in range(40):  # what arrives before the stream has looked around is told with the next
        if await page.get_by_text("Registered today: 1", exact=True).count() == 0:
            break
        await hall.gateway.deliver([hall.gateway.intent()])
        await asyncio.sleep(0.5)
    await expect(page.get_by_text("Registered today: 1", exact=True)).to_have_count(0, timeout=PATIENCE_MS)
    assert await page.evaluate("window.untouched"), "it was not loaded again"


async def test_without_script_a_page_is_brought_up_to_date_by_loading_it_again(open_page: OpenPage, hall: Hall) -> None:
    page = await open_page(360, 740, java_script_enabled=False)
    await log_in(page, hall, "/staff/log")
    sent = hall.gateway.intent()
    await hall.gateway.deliver([sent])
    await page.reload()
    await expect(page.locator(f"tr[data-line*='{sent.id}']")).to_be_visible()
    head = await page.locator(".masthead").bounding_box()
    assert head is not None
    assert head["height"] <= 56, "one line; the rest is folded into the menu"
    await expect(page.get_by_role("searchbox")).to_be_hidden()
    await page.locator("label[for=menu-open]").click()
    await expect(page.get_by_role("searchbox")).to_be_visible()
    await page.locator(".menu a", has_text="Figures").click()
    await expect(page.locator("svg.chart").first).to_be_visible()
    await page.locator(".zoom").get_by_role("link", name="Week", exact=True).click()
    await expect(page.locator("svg.chart a").first).to_be_attached()
