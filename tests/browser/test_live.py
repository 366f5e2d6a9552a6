import pytest
from playwright.async_api import expect

from sync_contract.records import IntentState
from tests.browser.conftest import OpenPage
from tests.browser.fake_giving import FakeKiosk
from tests.browser.journey import choose_amount, touch
from tests.ports import own_port

pytestmark = pytest.mark.asyncio(loop_scope="session")
CARD = "志愿者的卡就在附近"


async def test_the_first_page_turns_by_itself_and_turns_back(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page = await open_page(1280, 800)
    await page.goto(kiosk_url)
    await expect(page.locator(".projects li")).to_have_count(3)
    kiosk.card_brings("elder-lunch")
    await expect(page.get_by_text(CARD)).to_be_visible()
    await expect(page.locator("h1")).to_have_text("长者爱心午餐")
    kiosk.card_brings(None)
    await expect(page.locator(".projects li")).to_have_count(3)
    kiosk.card_brings("student-aid")
    await touch(page, "main .button.main", ".pick")
    assert page.url == f"{kiosk_url}/project/student-aid/amount"


@pytest.mark.parametrize("path", ["/project/elder-lunch", "/project/elder-lunch/amount", "/projects"])
async def test_a_scene_never_takes_the_page_from_someone_who_left_the_first_page(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str, path: str
) -> None:
    reader, witness = await open_page(1280, 800), await open_page(1280, 800)
    await witness.goto(kiosk_url)
    await reader.goto(kiosk_url + path)
    before = await reader.inner_html("main")
    kiosk.card_brings("student-aid")
    await expect(witness.get_by_text(CARD)).to_be_visible()
    assert reader.url == kiosk_url + path
    assert await reader.inner_html("main") == before


async def test_someone_with_a_code_keeps_it_and_alone_sees_the_thanks(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    giver, other = await open_page(1280, 800), await open_page(800, 480)
    await other.goto(kiosk_url)
    await giver.goto(f"{kiosk_url}/project/elder-lunch/amount")
    await choose_amount(giver, 3000)
    await giver.wait_for_url("**/handoff")
    kiosk.card_brings("student-aid")
    await expect(other.get_by_text(CARD)).to_be_visible()
    await expect(giver.locator(".code svg")).to_be_visible()
    kiosk.giving.becomes(kiosk.giving.recorded[0].gift.intent, IntentState.handed_off)
    await expect(giver.locator(".state.on")).to_be_visible()
    await expect(giver.locator(".code svg")).to_be_visible()
    kiosk.pay_last()
    await giver.wait_for_url("**/thanks")
    kiosk.card_brings(None)
    await expect(other.locator(".projects li")).to_have_count(3)
    assert other.url == kiosk_url + "/"


async def test_the_code_goes_when_the_registration_has_ended(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page = await open_page(1280, 800)
    await page.goto(f"{kiosk_url}/project/elder-lunch/amount")
    await choose_amount(page, 3000)
    await expect(page.locator(".code svg")).to_be_visible()
    kiosk.giving.becomes(kiosk.giving.recorded[0].gift.intent, IntentState.closed)
    await expect(page.locator("h1")).to_have_text("这次登记已结束")
    await expect(page.locator(".code")).to_have_count(0)


async def test_the_first_page_comes_back_by_itself_after_a_restart(open_page: OpenPage) -> None:
    page, port = await open_page(1280, 800), own_port()
    async with FakeKiosk().serve(port) as url:
        await page.goto(url)
    again = FakeKiosk()
    again.card_brings("elder-lunch")
    async with again.serve(port):
        await expect(page.get_by_text(CARD)).to_be_visible()
        await touch(page, ".languages button[value='en']", "html[lang='en']")  # its forms are of the new session
        await page.goto("about:blank")
