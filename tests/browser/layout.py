"""Measure layout faults: sizes, line boxes, overlaps, contrast. Limits: MIIT 適老化, WCAG 2.2 AA."""

from pathlib import Path

from playwright.async_api import Page

from kiosk_ui.display_preferences import Theme

_SCRIPT = Path(__file__).with_name("layout.js").read_text()
SIZES = {"kiosk": (1280, 800), "small": (800, 480), "phone": (360, 740), "portrait": (1080, 1920)}
"""Screens: width and height in CSS pixels."""


async def set_up(page: Page, theme: Theme) -> None:
    """The phone as its owner set it up: its pages look so."""
    await page.emulate_media(
        color_scheme="dark" if theme is Theme.dark else "light",
        contrast="more" if theme is Theme.contrast else "no-preference",
    )


async def faults(page: Page, *, staff: bool = False) -> list[str]:
    """Sentences, empty when all is well. Leaves the page's bar of buttons where it naturally stands.

    `staff`: a page for a desk, whose text is smaller.
    """
    size = page.viewport_size
    assert size is not None
    kiosk = size["width"] > 900 and size["height"] > 560
    wanted = {"text": 22 if kiosk else 20, "target": 72, "language": 60, "gap": 16, "ratio": 7, "controls": 4.5}
    if staff:
        wanted["text"] = 16
    found: list[str] = await page.evaluate(_SCRIPT, wanted)
    return found
