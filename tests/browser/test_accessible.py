"""WCAG 2.2 A and AA by axe-core on every page; the keyboard alone; text twice as large."""

from itertools import compress, cycle, product
from pathlib import Path

import axe_playwright_python  # type: ignore[import-untyped]  # it has no types
import pytest
from playwright.async_api import Page, expect

from kiosk_ui.display_preferences import Theme
from kiosk_ui.surface import Surface
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage, run_first
from tests.browser.fake_giving import FakeKiosk
from tests.browser.gallery import VIEWS, render_view, show_view, stop_painting
from tests.browser.layout import faults, set_up

pytestmark = pytest.mark.asyncio(loop_scope="session")
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
IN_ORDER = """() => {
  scrollTo(0, document.documentElement.scrollHeight);  // what sticks to the lower edge stands in its own place there
  const boxes = [...document.querySelectorAll("a, button")]
    .filter((each) => each.checkVisibility() && each.tabIndex >= 0 && !each.closest("[inert]"))
    .map((each) => ({ box: each.getBoundingClientRect(), index: each.tabIndex,
                      text: each.textContent.trim() || each.getAttribute("aria-label"),
                      beside: each.matches(".typing .buttons > :first-child") }));
  return boxes.flatMap(({ box, text, index, beside }, i) => {
    const last = i ? boxes[i - 1].box : null;
    const back = last && (box.bottom <= last.top || (box.top < last.bottom && box.right <= last.left));
    return index > 0 || (back && !beside) ? [text] : [];
  });
}"""
"""The number pad is to the right of the buttons, but before them in the reading order: digits first."""
DISTINCT = """(pages) => {
  const known = new Set();
  return pages.map((html) => {
    const before = known.size;
    for (const each of new DOMParser().parseFromString(html, "text/html").querySelectorAll("body *"))
      known.add([each.parentElement, each]
        .map((el) => [el.tagName, el.getAttribute("class"), el.type, el.getAttribute("role"), el.hidden].join(" "))
        .join(" > "));
    return known.size > before;
  });
}"""
"""Of each page whether it has a kind of element (with the one around it) that none before it has. The others differ
in texts and in their number, which test_layout.py covers."""
_SAME_MARKUP = ("-long", "-many", "-untranslated", "-plain", "-one")
"""Views that differ from another one only in their texts: test_layout.py covers them."""


_FOUND = """async ([tags, contrast]) => {  // the tab is decoration, and hidden from readers
  const rules = { "color-contrast": { enabled: contrast } };
  const report = await axe.run({ exclude: ['.tab'] }, { runOnly: tags, rules, resultTypes: ['violations'] });
  return report.violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 120)}`);
}"""


async def with_axe(page: Page) -> None:
    """It will be there on every page that this one is led to: half a megabyte that is handed over once."""
    await run_first(page, AXE)


async def violations(page: Page, *, contrast: bool = True) -> list[str]:
    """Return what axe-core finds. `contrast`: also the contrast of texts, which takes it as long as all else."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(f"() => {{ {AXE} }}")
    found: list[str] = await page.evaluate(_FOUND, [RULES, contrast])
    return found


@pytest.mark.parametrize("surface", Surface)
async def test_axe_finds_no_fault_and_every_page_works_at_twice_the_size(
    open_page: OpenPage, gallery_url: str, surface: Surface
) -> None:
    """A browser that shows everything twice as large has half of the screen for it.

    axe-core measures contrast on the English pages, which have all themes; `faults` does on every page.
    """
    page = await open_page(1280, 800)
    await with_axe(page)
    wrong = {}
    names = [name for name in VIEWS[surface] if not name.endswith(_SAME_MARKUP)]
    looks = list(product(Theme, Language))
    addresses = [
        f"{gallery_url}/{surface}/{name}/{language}?theme={theme}"
        for name, (theme, language) in zip(names, cycle(looks), strict=False)
    ]
    distinct = await page.evaluate(DISTINCT, [render_view(address) for address in addresses])
    assert sum(distinct) > len(names) / 3
    for address in compress(addresses, distinct):
        width, height = (1280, 800) if surface is Surface.kiosk else (360, 740)
        await page.set_viewport_size({"width": width, "height": height})
        await set_up(page, Theme(address.rpartition("theme=")[2]) if surface is Surface.phone else Theme.light)
        await show_view(page, address)
        if found := await violations(page, contrast=f"/{Language.en}?" in address):
            wrong[address] = found
        if found := await page.evaluate(IN_ORDER):
            wrong[f"{address}: not in the order of reading"] = found
        await stop_painting(page)
        await page.set_viewport_size({"width": 640, "height": 400})
        if found := await faults(page):
            wrong[f"{address}: twice as large"] = found
    assert not wrong


async def test_axe_sees_what_is_wrong(open_page: OpenPage, gallery_url: str) -> None:
    page = await open_page(1280, 800)
    await show_view(page, f"{gallery_url}/kiosk/project/en")
    await page.evaluate("document.querySelector('.lead').style.color = '#ccc'")
    await page.evaluate("document.querySelector('main .button').tabIndex = 3")
    await page.evaluate("document.querySelector('main .scene').removeAttribute('aria-hidden')")
    await page.evaluate("document.querySelector('main .scene img').removeAttribute('alt')")
    assert {each.split(":")[0] for each in await violations(page)} >= {"color-contrast", "tabindex", "image-alt"}
    assert await page.evaluate(IN_ORDER) == ["Back"]


async def test_the_keyboard_alone_gives(open_page: OpenPage, kiosk: FakeKiosk, kiosk_url: str) -> None:
    page = await open_page(1280, 800)
    await page.goto(kiosk_url)

    async def press_on(selector: str) -> None:
        for _ in range(30):
            await page.keyboard.press("Tab")
            if await page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                outline = await page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
                assert float(outline.removesuffix("px")) >= 3, "the focus is seen"
                await page.keyboard.press("Enter")
                return
        pytest.fail(f"Tab never reaches {selector}")

    await press_on("a[href='/project/elder-lunch']")
    await page.wait_for_url("**/project/elder-lunch")
    await press_on("main .button.main")
    await page.wait_for_url("**/amount")
    await press_on("a.pick.other")
    await page.wait_for_url("**digits=")
    for digit in "30":
        await press_on(f"[data-key='{digit}']")
    await press_on("main .button.main")
    await page.wait_for_url("**/handoff")
    kiosk.pay_last()
    await page.wait_for_url("**/thanks")
    await press_on("main .button")
    await expect(page.locator(".projects li")).to_have_count(3)
    assert kiosk.giving.recorded[0].gift.amount.minor == 30_00
