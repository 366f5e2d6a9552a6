from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import expect
from zxingcpp import read_barcodes

from sync_contract.money import Money
from sync_contract.records import IntentState
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.fake_giving import FakeKiosk
from tests.browser.journey import choose_amount, next_person, walk_the_journey
from tests.browser.layout import SIZES

pytestmark = pytest.mark.asyncio(loop_scope="session")
AMOUNTS = {"kiosk": 128_00, "phone": 10000}
"""One of them is no quick pick."""


@pytest.mark.parametrize(("size", "language"), [("kiosk", Language.zh_hant), ("phone", Language.en)])
async def test_a_resident_gives_and_is_thanked(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str, size: str, language: Language
) -> None:
    page = await open_page(*SIZES[size])

    async def pay(url: str) -> None:
        assert url == kiosk.giving.recorded[-1].gift.url
        kiosk.giving.becomes(kiosk.giving.recorded[-1].gift.intent, IntentState.handed_off)
        await expect(page.locator(".state.on")).to_be_visible()
        kiosk.pay_last()

    amount = AMOUNTS[size]
    slip = await walk_the_journey(page, kiosk_url, language=language, project="elder-lunch", amount_fen=amount, pay=pay)
    assert slip == "7F3A-K8QZ"
    assert [each.gift.amount for each in kiosk.giving.recorded] == [Money(amount)]
    assert await page.get_attribute("html", "lang") == language
    await next_person(page)
    assert await page.get_attribute("html", "lang") == "zh-Hans"
    await page.goto(kiosk_url + "/thanks")
    assert page.url == kiosk_url + "/"


async def test_the_whole_way_works_with_javascript_off(open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str) -> None:
    amount = 128_00
    page = await open_page(1280, 800, java_script_enabled=False)

    async def pay(_: str) -> None:
        kiosk.pay_last()

    slip = await walk_the_journey(
        page, kiosk_url, language=Language.zh_hant, project="elder-lunch", amount_fen=amount, pay=pay
    )
    assert slip == "7F3A-K8QZ"
    assert kiosk.giving.recorded[0].gift.amount == Money(amount)
    await next_person(page)


async def test_the_first_page_follows_the_scene_with_javascript_off(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page = await open_page(800, 480, java_script_enabled=False)
    await page.goto(kiosk_url)
    kiosk.card_brings("student-aid")
    await expect(page.locator("main a[href='/project/student-aid/amount']")).to_be_visible()


async def test_the_contact_page_shows_the_number_and_its_code_and_leads_back(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page = await open_page(1280, 800, java_script_enabled=False)
    await page.goto(f"{kiosk_url}/project/elder-lunch")
    await page.click(".tools a[href^='/help']")
    await page.click("main a[href^='/contact']")
    await expect(page.locator("h1")).to_have_text("打电话问一问")
    await expect(page.locator("main .number")).to_have_text("0595 0000 0000")
    await expect(page.locator("main a[href^='tel:']")).to_have_count(0)  # a screen in a hall calls nobody
    shot = Image.open(BytesIO(await page.locator(".code svg").screenshot()))
    assert [found.text for found in read_barcodes(shot)] == ["tel:059500000000"]
    await page.click("main nav .button")
    await page.wait_for_url("**/help?back=/project/elder-lunch")
    await page.click("main nav .button")
    await page.wait_for_url("**/project/elder-lunch")
    assert kiosk.giving.recorded == []


async def test_a_double_tap_is_one_gift(open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str) -> None:
    page = await open_page(1280, 800, has_touch=True)
    await page.goto(f"{kiosk_url}/project/elder-lunch/amount")
    await page.dblclick(".pick[value='5000']")
    await page.wait_for_url("**/handoff")
    assert len(kiosk.giving.recorded) == 1


async def test_the_number_pad_corrects_itself_and_goes_on_only_with_an_amount(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page = await open_page(1280, 800)
    await page.goto(f"{kiosk_url}/project/elder-lunch/amount?digits=")
    for key, shown in [("4", "4"), ("2", "42"), ("back", "4"), ("0", "40"), ("clear", "0"), ("7", "7")]:
        await page.click(f".key[data-key='{key}']")
        await expect(page.locator("#typed")).to_have_text(f"¥{shown}")
    await page.click(".key[data-key='clear']")
    await expect(page.locator("#typed")).to_have_text("¥0")
    await page.click("main .button.main", force=True)  # it looks as if it could not be used, and says why
    await expect(page.locator("#too-little")).to_be_visible()
    await expect(page.locator("main .button.main")).to_be_disabled()
    await expect(page.locator(".key[data-key='back']")).to_be_disabled()
    for key in "70000":
        await page.click(f".key[data-key='{key}']")
    await expect(page.locator("#typed")).to_have_text("¥70,000")
    await expect(page.locator("#too-much")).to_be_visible()
    await page.click("main .button.main", force=True)
    await expect(page.locator("#too-much")).to_be_visible()
    assert kiosk.giving.recorded == []
    for _ in range(3):
        await page.click(".key[data-key='back']")
    await expect(page.locator("main .button.main")).to_be_enabled()
    await expect(page.locator("#too-much")).to_be_hidden()
    await page.click(".languages [value=en]")  # the digits are in no form of this page
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.locator("#typed")).to_have_text("¥70")
    await page.click(".tools a[href^='/help']")
    await page.click("main nav .button")
    await expect(page.locator("#typed")).to_have_text("¥70")
    await page.click("main .button.main")
    await page.wait_for_url("**/handoff")
    assert kiosk.giving.recorded[0].gift.amount == Money(70_00)


async def test_a_keyboard_types_on_the_pad(open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str) -> None:
    page = await open_page(1280, 800)
    await page.goto(f"{kiosk_url}/project/elder-lunch/amount?digits=")
    await page.keyboard.press("Enter")
    await expect(page.locator("#too-little")).to_be_visible()
    for key, shown in [("Numpad0", "0"), ("Digit9", "9"), ("Numpad4", "94"), ("Backspace", "9"), ("x", "9")]:
        await page.keyboard.press(key)
        await expect(page.locator("#typed")).to_have_text(f"¥{shown}")
    await page.keyboard.press("Delete")
    await page.keyboard.type("77")
    await expect(page.locator("#typed")).to_have_text("¥77")
    await page.keyboard.press("NumpadEnter")
    await page.wait_for_url("**/handoff")
    assert kiosk.giving.recorded[0].gift.amount == Money(77_00)


async def test_back_leads_from_the_code_to_the_amounts_and_a_second_gift_is_its_own(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page = await open_page(1280, 800)
    await page.goto(f"{kiosk_url}/project/elder-lunch/amount")
    await choose_amount(page, 3000)
    await page.wait_for_url("**/handoff")
    await page.click("main a.button")
    await page.wait_for_url("**/amount")
    await choose_amount(page, 5000)
    await page.wait_for_url("**/handoff")
    assert [each.gift.amount for each in kiosk.giving.recorded] == [Money(3000), Money(5000)]
    await page.go_back()
    await page.wait_for_url("**/amount")
    await choose_amount(page, 10000)
    await page.wait_for_url("**/handoff")
    assert kiosk.giving.recorded[2].gift.amount == Money(10000)


async def test_what_lies_below_the_edge_is_reached_by_a_touch_and_the_same_leads_back(
    open_page: OpenPage, kiosk_url: str
) -> None:
    page = await open_page(800, 480, reduced_motion="reduce")
    await page.goto(f"{kiosk_url}/privacy")
    further, last = page.locator("#further"), page.locator(".answers dd").last
    await expect(further).to_have_text("往下看", use_inner_text=True)
    while await further.inner_text() == "往下看":
        await further.click()
    await expect(last).to_be_in_viewport(ratio=1)
    await further.click()
    assert await page.evaluate("scrollY") == 0
    await page.goto(f"{kiosk_url}/project/elder-lunch")
    await expect(further).to_be_hidden()
    await page.click("summary")
    await expect(further).to_be_visible()
    gap = await page.evaluate(
        "(() => { const next = getComputedStyle(document.querySelector('.more p + p'));"
        " return 1 + parseFloat(next.marginTop) / parseFloat(next.lineHeight); })()"
    )
    assert gap >= 1.3
