"""Test that the code on the screen stays where it is while a phone reads it."""

import pytest
from playwright.async_api import Page, expect

from sync_contract.records import IntentState
from tests.browser.conftest import OpenPage
from tests.browser.fake_giving import FakeKiosk
from tests.browser.journey import choose_amount
from tests.browser.layout import SIZES

pytestmark = pytest.mark.asyncio(loop_scope="session")
BOX = """(text) => {
  const root = document.documentElement;
  root.className = root.className.replace(/text-\\w+/, "text-" + text);
  const box = document.querySelector(".code svg").getBoundingClientRect();
  return [box.left, box.top, box.width, box.height].map(Math.round);
}"""


async def boxes(page: Page) -> dict[str, list[int]]:
    """Return where the code is, on every screen with every size of text."""
    found = {}
    for size in ("kiosk", "small", "portrait"):
        width, height = SIZES[size]
        await page.set_viewport_size({"width": width, "height": height})
        for text in ("usual", "larger", "largest"):
            found[f"{size} {text}"] = await page.evaluate(BOX, text)
    return found


async def test_the_code_neither_moves_nor_shrinks_nor_fades_while_the_words_beside_it_change(
    open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str
) -> None:
    page = await open_page(*SIZES["kiosk"], has_touch=True, is_mobile=True)
    await page.goto(f"{kiosk_url}/project/elder-lunch/amount")
    await choose_amount(page, 3000)
    await page.wait_for_url("**/handoff")
    intent = kiosk.giving.recorded[0].gift.intent
    first = await boxes(page)
    await page.evaluate("""() => {
      window.code = document.querySelector(".code svg");
      window.animated = [];
      addEventListener("animationstart", (event) => {
        if (event.target.contains(document.querySelector(".code svg"))) animated.push(event.animationName);
      });
    }""")
    kiosk.giving.becomes(intent, IntentState.registered, code="7F3A-K8YZ")
    await expect(page.locator(".by-hand")).to_have_count(1)
    typed = await boxes(page)
    kiosk.later_s = 90
    kiosk.current_scene.poke()
    await expect(page.locator(".left")).to_contain_text("9")
    minutes = await boxes(page)
    kiosk.giving.becomes(intent, IntentState.handed_off, code="7F3A-K8YZ")
    await expect(page.locator(".again")).to_have_count(1)
    opened = await boxes(page)
    kiosk.giving.becomes(intent, IntentState.handed_off, code="7F3A-K8YZ", ended=True)
    await expect(page.locator(".again")).to_have_count(0)
    ended = await boxes(page)
    later = {"typed": typed, "minutes": minutes, "opened": opened, "ended": ended}
    moved = {
        f"{when} {where}": box for when, found in later.items() for where, box in found.items() if box != first[where]
    }
    assert moved == {}, first
    assert await page.evaluate("[animated, code.isConnected]") == [[], True]
