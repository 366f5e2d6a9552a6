"""Test with real touches that no touch does what nobody meant: too early, twice, with the palm, or for too long."""

from typing import Any

import pytest
from playwright.async_api import CDPSession, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.fake_giving import FakeKiosk
from tests.browser.journey import choose_amount
from tests.browser.test_idle import pass_time, stand_still

pytestmark = pytest.mark.asyncio(loop_scope="session")
CARD = "志愿者的卡就在附近"


class Finger:
    """Touches the glass through the browser's own recognition of gestures."""

    def __init__(self, page: Page, cdp: CDPSession) -> None:
        self._page = page
        self._cdp = cdp

    async def middle(self, selector: str) -> tuple[float, float]:
        box = await self._page.locator(selector).first.bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    async def press(self, *places: tuple[float, float]) -> None:
        points: list[dict[str, Any]] = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        await self._cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})

    async def lift(self) -> None:
        await self._cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    async def tap(self, *places: tuple[float, float]) -> None:
        await self.press(*places)
        await self.lift()


async def open_with_finger(open_page: OpenPage, url: str) -> tuple[Page, Finger]:
    """The page's clock stands still, however slow the machine is."""
    page = await open_page(1280, 800, has_touch=True)
    await stand_still(page)
    await page.goto(url)
    await pass_time(page, 1)
    return page, Finger(page, await page.context.new_cdp_session(page))


async def clicks(page: Page) -> None:
    """Count on the page which clicks arrive, and which of them go through."""
    await page.evaluate(
        "window.counts = [0, 0]; addEventListener('click', () => counts[0]++, true);"
        "addEventListener('click', (event) => { counts[1]++; event.preventDefault(); })"
    )


async def test_a_touch_as_the_first_page_turns_by_itself_does_nothing_and_a_later_one_does(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page, finger = await open_with_finger(open_page, kiosk_url)
    kiosk.card_brings("student-aid")
    await expect(page.get_by_text(CARD)).to_be_visible()
    await clicks(page)
    await finger.tap(await finger.middle("main .button.main"))
    await page.wait_for_function("counts[0] === 1")
    assert await page.evaluate("counts") == [1, 0]
    await pass_time(page, 0.6)
    await finger.tap(await finger.middle("main .button.main"))
    await page.wait_for_function("counts[1] === 1")


async def test_a_touch_that_began_before_the_page_turned_does_nothing(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page, finger = await open_with_finger(open_page, kiosk_url)
    place = await finger.middle(".projects a")
    await finger.press(place)
    await pass_time(page, 0.2)
    kiosk.card_brings("student-aid")
    await expect(page.get_by_text(CARD)).to_be_visible()
    await pass_time(page, 5)
    await finger.lift()
    await finger.tap(await finger.middle("main .button.main"))  # this one is meant
    await page.wait_for_url("**/project/student-aid/amount")


async def test_what_changes_beside_the_controls_blocks_no_touch(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page, finger = await open_with_finger(open_page, f"{kiosk_url}/project/elder-lunch/amount")
    await choose_amount(page, 3000)
    await page.wait_for_url("**/handoff")
    await pass_time(page, 1)
    kiosk.later_s = 61
    kiosk.current_scene.poke()
    await expect(page.locator(".left")).to_contain_text("9")
    await finger.tap(await finger.middle("main a.button"))
    await page.wait_for_url("**/amount")


async def test_the_thanks_come_by_themselves_and_a_touch_meant_for_the_code_leaves_them(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page, finger = await open_with_finger(open_page, f"{kiosk_url}/project/elder-lunch/amount")
    await choose_amount(page, 3000)
    await page.wait_for_url("**/handoff")
    kiosk.pay_last()
    await page.wait_for_url("**/thanks")
    await clicks(page)
    await finger.tap(await finger.middle("main .buttons button"))
    await page.wait_for_function("counts[0] === 1")
    assert await page.evaluate("counts") == [1, 0]
    await pass_time(page, 0.6)
    await finger.tap(await finger.middle("main .buttons button"))
    await page.wait_for_function("counts[1] === 1")


async def test_a_double_tap_on_next_neither_registers_twice_nor_declines_the_gift(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    """The second touch meets the page with the code, whose button for declining is where the first one was."""
    page, finger = await open_with_finger(open_page, f"{kiosk_url}/project/elder-lunch/amount?digits=30")
    place = await finger.middle("main .button.main")
    await finger.tap(place)
    await page.wait_for_url("**/handoff")
    await clicks(page)
    await finger.tap(place)
    await page.wait_for_function("counts[0] === 1")
    assert await page.evaluate("counts") == [1, 0]
    await finger.tap(await finger.middle("main a.button"))  # elsewhere the page answers at once
    await page.wait_for_function("counts[1] === 1")
    assert len(kiosk.giving.recorded) == 1


async def test_two_amounts_touched_one_after_the_other_are_one_gift(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page, finger = await open_with_finger(open_page, f"{kiosk_url}/project/elder-lunch/amount")
    first, second = await finger.middle(".pick[value='5000']"), await finger.middle(".pick[value='10000']")
    await finger.tap(first)
    await finger.tap(second)
    await page.wait_for_url("**/handoff")
    assert [each.gift.amount.minor for each in kiosk.giving.recorded] == [5000]


async def test_a_palm_does_nothing(open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str) -> None:
    page, finger = await open_with_finger(open_page, f"{kiosk_url}/project/elder-lunch/amount")
    one, other = await finger.middle(".pick[value='5000']"), await finger.middle(".pick[value='10000']")
    await finger.tap(one, other, (one[0] + 20, one[1] + 20))
    await finger.press(one, other)
    await pass_time(page, 1)
    await finger.lift()
    await pass_time(page, 1)
    await finger.tap(await finger.middle("main .buttons a"))  # its answer comes after theirs
    await page.wait_for_url("**/project/elder-lunch")
    assert kiosk.giving.recorded == []


async def test_a_slow_press_is_a_touch_and_opens_no_menu(open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str) -> None:
    page = await open_page(1280, 800, has_touch=True)
    await page.goto(f"{kiosk_url}/project/elder-lunch/amount")
    await page.evaluate("addEventListener('contextmenu', (event) => (window.prevented = event.defaultPrevented))")
    await page.click("h1", button="right")
    assert await page.evaluate("prevented")
    cdp = await page.context.new_cdp_session(page)
    x, y = await Finger(page, cdp).middle(".pick[value='5000']")
    press = {"x": x, "y": y, "duration": 1200, "tapCount": 1, "gestureSourceType": "touch"}
    await cdp.send("Input.synthesizeTapGesture", press)
    await page.wait_for_url("**/handoff")
    assert [each.gift.amount.minor for each in kiosk.giving.recorded] == [5000]
