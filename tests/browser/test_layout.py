from collections.abc import Iterable, Iterator

import pytest

from kiosk_ui.look import TextSize, Theme
from kiosk_ui.views import News, Surface
from sync_contract.records import Door
from sync_contract.strict import Language
from tests.browser.conftest import OpenPage
from tests.browser.gallery import KIOSK, LONG, PHONE, pages
from tests.browser.layout import SIZES, faults

pytestmark = pytest.mark.asyncio(loop_scope="session")


def looks(names: Iterable[str], row: int) -> Iterator[tuple[str, str]]:
    """Each page once, with a language, size of text and colours that change from page to page and from row to row.

    Over the rows (the sizes of screens) every page meets every one of them, and each pair of them meets on some page;
    `./dev soak` has all of them together.
    """
    for number, name in enumerate(names):
        language = list(Language)[(row + number) % 3]
        text = list(TextSize)[(row + number // 3) % 3]
        theme = list(Theme)[(row + number + number // 3) % 3]
        yield name, f"{name}/{language}?text={text}&theme={theme}"


@pytest.mark.parametrize("size", SIZES)
async def test_every_kiosk_page_is_whole_readable_and_easy_to_touch(
    open_page: OpenPage, gallery_url: str, size: str
) -> None:
    page = await open_page(*SIZES[size])
    wrong = {}
    for _, address in looks(KIOSK, list(SIZES).index(size)):
        await page.goto(f"{gallery_url}/{Surface.kiosk}/{address}")
        if found := await faults(page):
            wrong[address] = found
    assert not wrong


@pytest.mark.parametrize(("row", "widths"), [(0, (320, 430)), (1, (360,))])
async def test_every_phone_page_is_whole_readable_and_easy_to_touch(
    open_page: OpenPage, gallery_url: str, row: int, widths: tuple[int, ...]
) -> None:
    """The page follows when the phone is turned, so it is fetched once for some widths."""
    page = await open_page(widths[0], 740)
    wrong = {}
    for number, name in enumerate(PHONE):
        address = f"{name}/{list(Language)[(row + number) % 3]}"
        await page.goto(f"{gallery_url}/{Surface.phone}/{address}")
        for width in widths:
            await page.set_viewport_size({"width": width, "height": 740})
            if found := await faults(page):
                wrong[f"{address} {width}"] = found
    assert not wrong


BELOW = """() => [...document.querySelectorAll("main :is(.deed, .pick, .key, .code svg)")]
  .filter((each) => !each.checkVisibility() || each.getBoundingClientRect().bottom > innerHeight)
  .map((each) => each.textContent.trim())"""


async def test_what_to_do_next_is_in_reach_without_scrolling(open_page: OpenPage, gallery_url: str) -> None:
    page = await open_page(*SIZES["kiosk"])
    out_of_reach = {}
    for number, name in enumerate(KIOSK):
        await page.goto(f"{gallery_url}/{Surface.kiosk}/{name}/{list(Language)[number % 3]}")
        for width, height in (SIZES["kiosk"], SIZES["small"]):
            await page.set_viewport_size({"width": width, "height": height})
            if found := await page.evaluate(BELOW):
                out_of_reach[f"{name} {width}"] = found
    assert out_of_reach == {}


BODY = """() => {
  const named = "h1, h2, a, button, legend, dt, svg, .eyebrow, .sum";
  const text = (el) => [...el.childNodes].map((node) => node.nodeType === 3 ? node.data
    : node.nodeType === 1 && node.checkVisibility() && !node.matches(named) ? text(node) : "").join("");
  const examples = [...document.querySelectorAll(".pick span")].map((each) => each.textContent).join("");
  return (text(document.querySelector("main")) + examples).replace(/\\s+/g, " ").trim();
}"""
"""What there is to read before one decides: not headings, buttons and names, but the examples on the buttons."""
ASKING = ("attract", "attract-none", "turned", "turned-told", "amount", "keypad", "keypad-empty", "comfort")


@pytest.mark.parametrize("language", Language)
async def test_a_screen_that_asks_for_a_decision_has_few_words(
    open_page: OpenPage, gallery_url: str, language: Language
) -> None:
    """60 characters of Chinese; Latin letters are half as wide and say half as much."""
    most = 120 if language is Language.en else 60
    page = await open_page(*SIZES["kiosk"])
    told = {}
    for name in ASKING:
        await page.goto(f"{gallery_url}/{Surface.kiosk}/{name}/{language}")
        told[name] = await page.evaluate(BODY)
    assert {name: words for name, words in told.items() if len(words) > most} == {}
    assert told["amount"], "the check reads something"


UNCOVERED = """() => {
  const box = document.querySelector("#news a").getBoundingClientRect();
  const under = [...document.querySelectorAll("main :is(h1, p, a, button), .languages button, .tools a")];
  const apart = (one, other) => one.top >= other.bottom || one.bottom <= other.top
    || one.left >= other.right || one.right <= other.left || !one.width;
  return box.left >= 0 && box.right <= innerWidth && box.height >= 60
    && under.every((each) => apart(each.getBoundingClientRect(), box));
}"""


@pytest.mark.parametrize("size", ["kiosk", "small", "portrait"])
async def test_the_banner_of_a_scene_that_waits_is_whole_too(open_page: OpenPage, gallery_url: str, size: str) -> None:
    page = await open_page(*SIZES[size])
    for language in Language:
        await page.goto(f"{gallery_url}/{Surface.kiosk}/amount/{language}")
        banner = pages(Surface.kiosk).news(News(LONG, Door.tag), language)
        await page.evaluate("(html) => (document.getElementById('news').innerHTML = html)", banner)
        assert await page.evaluate(UNCOVERED)


async def test_the_question_whether_somebody_is_still_there_is_whole_too(open_page: OpenPage, gallery_url: str) -> None:
    for size in SIZES.values():
        page = await open_page(*size)
        await page.goto(f"{gallery_url}/{Surface.kiosk}/amount/zh-Hans")
        await page.evaluate("document.querySelectorAll('main, header, .drill').forEach((each) => (each.hidden = true))")
        await page.evaluate("document.getElementById('stay').hidden = false")
        assert await faults(page) == []
