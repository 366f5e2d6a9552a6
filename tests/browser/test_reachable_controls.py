"""Test that hands reach what is touched: on a screen that stands on end, and on a small phone with the largest text."""

from itertools import product
from typing import Any

import pytest

from kiosk_ui.display_preferences import TextSize
from kiosk_ui.surface import Surface
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.gallery import measure_view
from tests.browser.layout import SIZES

pytestmark = pytest.mark.asyncio(loop_scope="session")
PORTRAIT = (
    "attract",
    "attract-pending",
    "turned",
    "projects",
    "project",
    "amount",
    "keypad",
    "handoff-minutes",
    "handoff-typed",
    "handoff-opened",
    "thanks",
    "display",
    "help",
    "notice-permit_closed",
)
OUT_OF_REACH = """() => [...document.querySelectorAll("a[href], button, summary")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }))
  .map((each) => [each.textContent.trim(), each.getBoundingClientRect()])
  .filter(([_, box]) => box.width && ((box.top + box.bottom) / 2 < innerHeight / 2 || box.bottom > innerHeight))
  .map(([text, box]) => `${text} at ${Math.round(box.top)}`)"""
"""By their middle. The lower half of a 32-inch panel, its lower edge 50 cm above the floor: 51 to 85 cm."""


async def test_on_a_screen_that_stands_on_end_everything_is_touched_in_its_lower_half(
    open_page: OpenPage, gallery_url: str
) -> None:
    page = await open_page(*SIZES["portrait"], has_touch=True, is_mobile=True)
    wrong: dict[str, Any] = {}
    for number, name in enumerate(PORTRAIT):
        language, text = list(Language)[number % 3], list(TextSize)[number // 3 % 3]
        await measure_view(page, f"{gallery_url}/{Surface.kiosk}/{name}/{language}?text={text}")
        if found := await page.evaluate(OUT_OF_REACH):
            wrong[f"{name} {language} {text}"] = found
    assert wrong == {}


TO_PAY = """([text, photo]) => {
  const root = document.documentElement;
  root.className = root.className.replace(/text-\\w+/, `text-${text}`);
  document.querySelector(".scene").classList.toggle("photo", photo);
  const pay = document.querySelector("main .button.main").getBoundingClientRect();
  const sum = document.querySelector(".sum").getBoundingClientRect();
  return [pay.top >= sum.bottom && pay.bottom <= innerHeight, Math.round(sum.bottom), Math.round(pay.top)];
}"""


async def test_paying_is_in_reach_below_the_amount_on_a_small_phone(open_page: OpenPage, gallery_url: str) -> None:
    page = await open_page(360, 640, has_touch=True, is_mobile=True)
    wrong = {}
    for language in Language:
        for name in ("gift", "gift-again", "gift-public"):
            await measure_view(page, f"{gallery_url}/{Surface.phone}/{name}/{language}")
            for text, photo in product(TextSize, (False, True)):
                found = await page.evaluate(TO_PAY, [text, photo])
                if not found[0]:
                    wrong[name, language, text, photo] = found
    assert wrong == {}
