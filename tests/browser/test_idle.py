"""Test that an idle kiosk asks, resets, and gives more time on request."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from kiosk_ui.idle_times import IDLE_AT_BANK_S, IDLE_S, IDLE_WITH_CODE_S
from sync_contract.records import IntentState
from tests.browser.conftest import PATIENCE_MS, SPENT, OpenPage, run_first
from tests.browser.fake_giving import FakeKiosk
from tests.browser.journey import choose_amount

pytestmark = pytest.mark.asyncio(loop_scope="session")
ASKED_BEFORE_S = 30


async def open_with_clock(open_page: OpenPage, url: str) -> Page:
    page = await open_page(1280, 800)
    await stand_still(page)
    await page.goto(url)
    return page


async def stand_still(page: Page) -> None:
    """From now on time passes on its pages only by `pass_time`, however slow the machine is."""
    SPENT.add(page.context)
    await page.clock.install(time=0)
    await page.clock.pause_at(24 * 3600)


async def pass_time(page: Page, seconds: float) -> None:
    await page.clock.run_for(int(seconds * 1000))


async def test_the_question_comes_thirty_seconds_before_the_page_is_wiped(open_page: OpenPage, kiosk_url: str) -> None:
    page = await open_with_clock(open_page, f"{kiosk_url}/project/elder-lunch")
    question = page.locator("#stay")
    await pass_time(page, IDLE_S - ASKED_BEFORE_S - 2)
    await expect(question).to_be_hidden()
    await pass_time(page, 3)
    await expect(question).to_be_visible()
    await expect(page.locator("#stay-left")).to_have_text("29")
    await expect(question).to_contain_text("还需要时间吗？")
    assert page.url == f"{kiosk_url}/project/elder-lunch"
    await pass_time(page, ASKED_BEFORE_S)
    await page.wait_for_url(kiosk_url + "/")


async def test_any_touch_extends_the_time_as_often_as_one_likes(open_page: OpenPage, kiosk_url: str) -> None:
    page = await open_with_clock(open_page, f"{kiosk_url}/project/elder-lunch")
    for place in ["#stay-yes", "#stay-question", "#stay"] * 2:
        await pass_time(page, IDLE_S - ASKED_BEFORE_S + 5)
        await expect(page.locator("#stay")).to_be_visible()
        await page.click(place, position={"x": 5, "y": 5})
        await expect(page.locator("#stay")).to_be_hidden()
    assert page.url == f"{kiosk_url}/project/elder-lunch"


async def test_a_touch_before_the_question_extends_too(open_page: OpenPage, kiosk_url: str) -> None:
    page = await open_with_clock(open_page, f"{kiosk_url}/project/elder-lunch/amount?digits=")
    for _ in range(4):
        await pass_time(page, IDLE_S - ASKED_BEFORE_S - 5)
        await page.click(".key[data-key='1']")
    await expect(page.locator("#stay")).to_be_hidden()
    await expect(page.locator("#typed")).to_have_text("¥1,111")


async def test_no_more_time_wanted_ends_the_session_at_once(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page = await open_with_clock(open_page, f"{kiosk_url}/project/elder-lunch/amount")
    await choose_amount(page, 3000)
    await page.wait_for_url("**/handoff")
    await pass_time(page, IDLE_WITH_CODE_S - 10)
    await page.click("#stay [form]")
    await page.wait_for_url(kiosk_url + "/")
    kiosk.pay_last()
    await page.goto(f"{kiosk_url}/thanks")
    assert page.url == kiosk_url + "/"


async def test_the_page_with_the_code_waits_three_minutes_and_then_the_gift_is_forgotten_here(
    open_page: OpenPage, kiosk_url: str
) -> None:
    page = await open_with_clock(open_page, f"{kiosk_url}/project/elder-lunch/amount")
    await page.click(".languages button[value='en']")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await choose_amount(page, 3000)
    await page.wait_for_url("**/handoff")
    await pass_time(page, IDLE_WITH_CODE_S - ASKED_BEFORE_S - 2)
    await expect(page.locator("#stay")).to_be_hidden()
    await pass_time(page, ASKED_BEFORE_S + 3)
    await page.wait_for_url(kiosk_url + "/")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
    await page.goto(f"{kiosk_url}/handoff")
    assert page.url == kiosk_url + "/"


async def test_the_question_keeps_the_keyboard_to_itself(open_page: OpenPage, kiosk_url: str) -> None:
    page = await open_with_clock(open_page, f"{kiosk_url}/project/elder-lunch")
    await pass_time(page, IDLE_S - ASKED_BEFORE_S + 1)
    await expect(page.locator("#stay-yes")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await expect(page.locator("#stay [form]")).to_be_focused()
    await expect(page.locator("#stay")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#stay")).to_be_hidden()


async def test_the_first_page_goes_back_to_the_halls_language_and_asks_before(
    open_page: OpenPage, kiosk_url: str
) -> None:
    page = await open_with_clock(open_page, kiosk_url)
    await page.click(".languages button[value='en']")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await pass_time(page, IDLE_S - ASKED_BEFORE_S + 1)
    await expect(page.locator("#stay")).to_be_visible()
    await pass_time(page, ASKED_BEFORE_S)
    await expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")


async def test_while_a_phone_is_on_the_banks_page_every_page_waits_for_it(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    """The first page, help and board too, with the gift that the session began."""
    page = await open_page(1280, 800)
    await run_first(
        page,
        """{
      const Real = EventSource;
      window.EventSource = function (url) {
        const source = new Real(url);
        source.addEventListener("message", (event) => { window.waits = JSON.parse(event.data).idle; });
        return source;
      };
      EventSource.CONNECTING = Real.CONNECTING;
    }""",
    )
    await stand_still(page)
    await page.goto(f"{kiosk_url}/project/elder-lunch/amount")
    await choose_amount(page, 3000)
    await page.wait_for_url("**/handoff")
    intent = kiosk.giving.recorded[0].gift.intent

    async def waits(seconds: int) -> None:
        async with asyncio.timeout(PATIENCE_MS / 1000):
            while await page.evaluate("window.waits") != seconds:
                await asyncio.sleep(0.01)

    question = page.locator("#stay")
    for path in ("/handoff", "/", "/help", "/project/elder-lunch", "/project/elder-lunch/amount"):
        await page.goto(kiosk_url + path)
        kiosk.giving.becomes(intent, IntentState.handed_off)
        await waits(IDLE_AT_BANK_S)
        await pass_time(page, IDLE_WITH_CODE_S + 60)
        await expect(question).to_be_hidden()
        kiosk.giving.becomes(intent, IntentState.handed_off, ended=True)
        await waits(0)
        own_s = int(await page.evaluate("document.body.dataset.idle"))
        await pass_time(page, own_s - ASKED_BEFORE_S + 1)
        await expect(question).to_be_visible()
        await page.click("#stay-yes")
