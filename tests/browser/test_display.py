"""Test text size, colours and voice of a session, and the banner of a waiting scene."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage, run_first
from tests.browser.fake_giving import FakeKiosk
from tests.browser.journey import choose_amount
from tests.browser.test_idle import stand_still

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def text_px(page: Page) -> float:
    return float(await page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)"))


@pytest.mark.parametrize("script", [True, False])
async def test_a_resident_chooses_size_and_colours_and_the_next_one_finds_the_usual(
    open_page: OpenPage, kiosk_url: str, script: bool
) -> None:
    page = await open_page(1280, 800, java_script_enabled=script)
    await page.goto(f"{kiosk_url}/project/elder-lunch")
    await page.click(".tools a[href^='/display']")
    await page.click("[name=text][value=largest]")
    await expect(page.locator("[aria-pressed=true][name=text]")).to_have_attribute("value", "largest")
    await page.click("[name=theme][value=contrast]")
    await expect(page.locator("[aria-pressed=true][name=theme]")).to_have_attribute("value", "contrast")
    await expect(page.locator("[aria-pressed=true][name=text]")).to_have_attribute("value", "largest")
    await page.click("main nav .button")
    await page.wait_for_url(f"{kiosk_url}/project/elder-lunch")
    await expect(page.locator("html")).to_have_class("text-largest theme-contrast")
    if script:
        assert await text_px(page) >= 30
    await page.click("main .button.main")
    await page.click(".pick >> nth=0")
    await page.wait_for_url("**/handoff")
    await expect(page.locator("html")).to_have_class("text-largest theme-contrast")
    await page.click("main button.button")  # the next person
    await expect(page.locator("html")).to_have_class("text-usual theme-light")


async def test_a_look_alone_is_forgotten_by_an_idle_screen_too(open_page: OpenPage, kiosk_url: str) -> None:
    page = await open_page(1280, 800)
    await stand_still(page)
    await page.goto(f"{kiosk_url}/display?back=/")
    await page.click("[name=theme][value=dark]")
    await expect(page.locator("[aria-pressed=true][name=theme]")).to_have_attribute("value", "dark")
    await page.click("main nav .button")
    await page.wait_for_url(f"{kiosk_url}/")
    await expect(page.locator("html")).to_have_class("text-usual theme-dark")
    await page.clock.run_for(91_000)
    await expect(page.locator("html")).to_have_class("text-usual theme-light")


async def test_another_scene_waits_behind_a_banner_while_somebody_is_busy(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page = await open_page(1280, 800)
    for path in ("/project/elder-lunch", "/project/elder-lunch/amount", "/help"):
        await page.goto(kiosk_url + path)
        banner = page.locator("#news a")
        kiosk.card_brings("elder-lunch" if path.startswith("/project") else None)
        await expect(banner).to_have_count(0)
        kiosk.card_brings("student-aid")
        await expect(banner).to_contain_text("志愿者的卡就在附近")
        assert page.url == kiosk_url + path
        kiosk.card_brings(None)
        await expect(banner).to_have_count(0)
    kiosk.card_brings("student-aid")
    await banner.click()
    await expect(page.locator(".turned h1")).to_be_visible()
    assert page.url == kiosk_url + "/"


async def test_the_code_says_how_long_it_opens_the_banks_page(open_page: OpenPage, kiosk_url: str) -> None:
    page = await open_page(1280, 800)
    await page.goto(f"{kiosk_url}/project/elder-lunch/amount")
    await choose_amount(page, 3000)
    await expect(page.locator(".left")).to_contain_text("10 分钟")


async def test_reading_aloud_is_offered_only_where_the_machine_has_a_voice(open_page: OpenPage, kiosk_url: str) -> None:
    page = await open_page(1280, 800)
    await page.goto(f"{kiosk_url}/display?back=/help")
    assert await page.evaluate("speechSynthesis.getVoices().filter((each) => each.localService).length") == 0
    await expect(page.locator("#speaks")).to_be_hidden()
    script = """
        window.spoken = [];
        SpeechSynthesisUtterance = function (text) { this.text = text; };
        Object.defineProperty(window, "speechSynthesis", { value: {
            speaking: false,
            getVoices: () => [{ lang: "en-GB", localService: true }, { lang: "zh-CN", localService: false },
                              { lang: "zh-TW", localService: true }, { lang: "zh-CN", localService: true }],
            addEventListener: () => {}, cancel: () => {},
            speak: (words) => window.spoken.push([words.lang, words.text, words.volume]),
        } });
        Date.prototype.getHours = () => 22;
    """
    await run_first(page, script)
    await page.reload()
    await page.click("[name=aloud][value=yes]")
    await expect(page.locator("[aria-pressed=true][name=aloud]")).to_have_attribute("value", "yes")
    await page.click("main nav .button")
    await page.wait_for_url(f"{kiosk_url}/help")
    await page.click("#aloud")
    [[language, text, volume]] = await page.evaluate("spoken")
    assert (language, volume) == ("zh-CN", 0.4), "softer at night"
    assert "怎样捐款" in text
