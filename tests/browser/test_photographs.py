"""Pictures of projects: cropped round their focus, large enough to be seen, and never behind the buttons."""

from itertools import product

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.gallery import measure_view
from tests.browser.layout import SIZES

pytestmark = pytest.mark.asyncio(loop_scope="session")
SCREENS = ("kiosk", "small", "portrait")
CROPS = """() => [...document.querySelectorAll(".scene, .hero")].map((scene) => {
  const plain = scene.className;
  scene.classList.add("photo");
  const found =  ["top-left", "right", "centre", "bottom"].map((focus) => {
    const was = scene.className;
    scene.classList.add(`focus-${focus}`);
    const found = getComputedStyle(scene.firstElementChild).objectPosition;
    scene.className = was;
    return found;
  }).join();
  scene.className = plain;
  return found;
})"""
COVERED = """() => ["usual", "larger", "largest"].flatMap((text) => {
  const root = document.documentElement;
  root.className = root.className.replace(/text-\\w+/, `text-${text}`);
  const bars = [...document.querySelectorAll("main .buttons")].filter((each) => each.offsetHeight);
  const bar = bars.length ? bars[0].getBoundingClientRect().top : innerHeight;
  return [...document.querySelectorAll(".scene, .hero, .pick")].filter((each) => each.offsetHeight).flatMap((each) => {
    const box = each.getBoundingClientRect(), card = each.closest("a")?.getBoundingClientRect();
    const slim = card && innerWidth > innerHeight && box.width < 0.4 * card.width;
    return [...(box.bottom > bar + 0.5 ? [`${text}: ${each.className} behind the buttons`] : []),
      ...(slim ? [`${text}: ${Math.round(box.width)} px of ${Math.round(card.width)}`] : [])];
  });
})"""


async def test_a_picture_shows_its_focus_and_stands_free_at_every_size_of_screen_and_text(
    open_page: OpenPage, gallery_url: str
) -> None:
    page = await open_page(*SIZES["kiosk"], has_touch=True, is_mobile=True)
    for page_of, language in product(("attract-one", "amount", "project-over", "turned"), ("en", "zh-Hans")):
        await measure_view(page, f"{gallery_url}/kiosk/{page_of}/{language}")
        for size in SCREENS:
            await page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
            if size != "small" or page_of != "amount":  # there amounts that do not fit are scrolled to
                assert await page.evaluate(COVERED) == [], (page_of, language, size)
            crops = set(await page.evaluate(CROPS))
            assert crops == {"0px 0px,100% 40%,50% 40%,50% 100%"}, (page_of, language, size)
