"""Test on the pixels themselves that every control ends where one sees it: WCAG 2.2, 1.4.11."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from kiosk_ui.display_preferences import Theme
from kiosk_ui.surface import Surface
from tests.browser.conftest import OpenPage
from tests.browser.gallery import show_view
from tests.browser.layout import SIZES

pytestmark = pytest.mark.asyncio(loop_scope="session")
PAGES = ("attract", "turned", "project", "amount", "keypad", "handoff", "thanks", "help", "display")
CONTROLS = """() => [...document.querySelectorAll("main :is(.button, .pick, .key, .choice, .projects a)")]
  .filter((each) => each.checkVisibility() && !each.closest("[aria-disabled=true]"))
  .map((each) => [each.textContent.trim(), each.getBoundingClientRect().toJSON()])
  .filter(([_, box]) => box.bottom < innerHeight - 8)"""
LEAST = 3.0
_AROUND, _WITHIN = 5, 9
"""Pixels from the edge: outwards to the page, inwards to what shows where the control ends."""


def luminance(pixel: tuple[int, ...]) -> float:
    red, green, blue = ((c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c in (v / 255 for v in pixel))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def edge_contrast(shot: Image.Image, box: dict[str, float]) -> float:
    """Return the contrast of the lower edge with the page below it, at the weakest of three places."""
    bottom = round(box["bottom"])
    ratios = []
    for part in (0.25, 0.5, 0.75):
        x = round(box["left"] + part * box["width"])
        page: Any = shot.getpixel((x, bottom + _AROUND))
        inside: list[Any] = [shot.getpixel((x, bottom - 1 - step)) for step in range(_WITHIN)]
        ratios.append(max(contrast(each, page) for each in inside))
    return min(ratios)


@pytest.mark.parametrize("theme", Theme)
async def test_the_edge_of_every_control_stands_out_from_the_page(
    open_page: OpenPage, gallery_url: str, theme: Theme
) -> None:
    page = await open_page(*SIZES["kiosk"])
    weak = {}
    for name in PAGES:
        await show_view(page, f"{gallery_url}/{Surface.kiosk}/{name}/zh-Hans?theme={theme}")
        shot = Image.open(BytesIO(await page.screenshot(animations="disabled"))).convert("RGB")
        controls = await page.evaluate(CONTROLS)
        assert controls, name
        for text, box in controls:
            if (ratio := edge_contrast(shot, box)) < LEAST:
                weak[f"{name}: {text}"] = round(ratio, 2)
    assert weak == {}
