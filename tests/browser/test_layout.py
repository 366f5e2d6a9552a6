from collections.abc import Iterable, Iterator

import pytest

from kiosk_ui.display_preferences import TextSize, Theme
from kiosk_ui.hall_views import News
from kiosk_ui.surface import Surface
from sync_contract.records import Door
from sync_contract.strict_model import Language
from tests.browser.conftest import OpenPage
from tests.browser.gallery import KIOSK, LONG, PHONE, measure_view, pages, show_view
from tests.browser.layout import SIZES, faults, set_up

pytestmark = pytest.mark.asyncio(loop_scope="session")


def looks(names: Iterable[str], row: int) -> Iterator[tuple[str, str]]:
    """Each page once, with a language, size of text and colours that change from page to page and from row to row.

    Over three rows (the sizes of screens) every page meets every one of them, and each pair of them meets on some
    page; `./dev soak` has all of them together.
    """
    for number, name in enumerate(names):
        language = list(Language)[(row + number) % 3]
        text = list(TextSize)[(row + number // 3) % 3]
        theme = list(Theme)[(row + number + number // 3) % 3]
        yield name, f"{name}/{language}?text={text}&theme={theme}"


IN_ONE_ROW = ("notice-", "project-")
"""Pages that differ from each other in a sentence: each is shown in one row only; `./dev soak` has all."""


BELOW = """() => {
  const root = document.documentElement, speaks = document.getElementById("speaks"), was = root.className;
  if (speaks) speaks.hidden = false; // as where there is a voice
  const below = ["usual", "larger", "largest"].flatMap(belowTheEdge);
  root.className = was;
  if (speaks) speaks.hidden = true;
  return below;
  function belowTheEdge(text) {
  root.className = root.className.replace(/text-\\w+/, "text-" + text);
  const bars = [...document.querySelectorAll("main .buttons")].filter((each) => each.offsetHeight);
  const bar = bars.find((each) => getComputedStyle(each).position === "sticky");
  const edge = bar ? bar.getBoundingClientRect().top : innerHeight;
  const reach = Math.max(...[...(bar?.children ?? [])].map((each) => each.getBoundingClientRect().right)); // beside it?
  return [...document.querySelectorAll("main :is(.button, .pick, .key, .choice, .code svg, .slip, .by-hand)")]
    .filter((each) => !each.hidden)
    .filter((each) => {
      const box = each.getBoundingClientRect();
      return box.bottom > 0.5 + (bar?.contains(each) || box.left > reach ? innerHeight : edge);
    })
    .map((each) => text + ": " + each.textContent.trim());
  }
}"""
"""What one came for, at every size of text: it stands above the bar of what to do next, and that above the edge."""


@pytest.mark.parametrize(("row", "sizes"), [(0, ("kiosk", "portrait")), (3, ("small",)), (2, ("phone",))])
async def test_every_kiosk_page_is_whole_readable_and_easy_to_touch_and_shows_what_to_do_next(
    open_page: OpenPage, gallery_url: str, row: int, sizes: tuple[str, ...]
) -> None:
    """The page follows when the screen is turned, so it is fetched once for both ways of the large one.

    On a kiosk's own screen, what to do next is in reach without scrolling. Nobody has a mouse in a hall.
    """
    page = await open_page(*SIZES[sizes[0]], has_touch=True, is_mobile=True)
    wrong = {}
    for name, address in looks(KIOSK, row):
        if name.startswith(IN_ONE_ROW) and name not in list(KIOSK)[row::3]:
            continue
        await measure_view(page, f"{gallery_url}/{Surface.kiosk}/{address}")
        for size in sizes:
            width, height = SIZES[size]
            await page.set_viewport_size({"width": width, "height": height})
            if size in ("kiosk", "small") and (below := await page.evaluate(BELOW)):
                wrong[f"{address} {size}: below the edge"] = below
            if found := await faults(page):
                wrong[f"{address} {size}"] = found
    assert not wrong


@pytest.mark.parametrize(("row", "width"), [(0, 320), (1, 360), (2, 430)])
async def test_every_phone_page_is_whole_readable_and_easy_to_touch(
    open_page: OpenPage, gallery_url: str, row: int, width: int
) -> None:
    """In each language, in one of the sizes of text, on a phone that is set to light, dark or strong contrast."""
    page = await open_page(width, 740)
    wrong = {}
    for _, address in looks(PHONE, row):
        await set_up(page, Theme(address.rpartition("theme=")[2]))
        await measure_view(page, f"{gallery_url}/{Surface.phone}/{address}")
        if found := await faults(page):
            wrong[address] = found
    assert not wrong


BODY = """() => {
  const named = "h1, h2, a, button, summary, legend, dt, svg, .eyebrow, .note, .title-line, .drill-mark, .sum, "
    + ".bill dd, .facts dd, .by-hand b";
  const text = (el) => [...el.childNodes].map((node) => node.nodeType === 3 ? node.data
    : node.nodeType === 1 && node.checkVisibility() && !node.matches(named) ? text(node) : "").join("");
  const examples = [...document.querySelectorAll(".pick span")].map((each) => each.textContent).join("");
  return (text(document.querySelector("main")) + examples).replace(/\\s+/g, " ").trim();
}"""
"""What there is to read before one decides: not headings, buttons, names and what is copied, but the
examples on the buttons."""
ASKING = (
    "attract",
    "attract-none",
    "turned",
    "turned-progress",
    "project",
    "project-progress",
    "amount",
    "keypad",
    "keypad-empty",
    "keypad-asked",
    "display",
    "handoff",
    "handoff-typed",
    "handoff-opened",
    "handoff-ended",
)


PHONE_ASKING = {
    "gift": "",
    "gift-again": "",
    "waiting": "",
    "not-completed": "",
    "not-completed-poster": "",
    "code": "",
    "giving": ".give-here",
    "giving-progress": "article",
}
"""By page the part of it that is another screen: on a phone one scrolls, or touches 我要捐款, from one to the other."""


async def test_a_phone_that_asks_for_a_decision_has_few_words_on_its_screen(
    open_page: OpenPage, gallery_url: str
) -> None:
    page = await open_page(360, 740)
    result = {}
    for language in Language:
        for name, elsewhere in PHONE_ASKING.items():
            await measure_view(page, f"{gallery_url}/{Surface.phone}/{name}/{language}")
            await page.evaluate("(part) => part && document.querySelector(part).remove()", elsewhere)
            result[name, language] = await page.evaluate(BODY)
    most = {language: 120 if language is Language.en else 60 for language in Language}
    assert {key: words for key, words in result.items() if not 0 < len(words) <= most[key[1]]} == {}


STICKS = """() => {
  const box = document.querySelector(".to-give .button").getBoundingClientRect();
  const form = document.querySelector("#give").getBoundingClientRect();
  return (box.top >= 0 && box.bottom <= innerHeight) || form.top < innerHeight * 0.75;
}"""


async def test_to_give_is_in_reach_wherever_one_reads_on_a_phone(open_page: OpenPage, gallery_url: str) -> None:
    page = await open_page(360, 640, has_touch=True, is_mobile=True)
    await show_view(page, f"{gallery_url}/{Surface.phone}/giving-progress/zh-Hans?text=larger")
    await page.evaluate("document.querySelector('details').open = true")
    high = await page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, high, 320):
        await page.evaluate("(top) => scrollTo(0, top)", top)
        assert await page.evaluate(STICKS), f"scrolled to {top} of {high}"
    await page.evaluate("scrollTo(0, 0)")
    await page.click(".to-give .button")
    assert await page.evaluate("document.querySelector('#give').getBoundingClientRect().top") < 200


UNCOVERED = """() => {
  const box = document.querySelector("#news a").getBoundingClientRect();
  const brand = document.querySelector(".brand span").getBoundingClientRect();
  const covered = box.top <= brand.top + 8 && box.bottom >= brand.bottom - 8 && box.right >= brand.right;
  const under = [...document.querySelectorAll("main :is(h1, p, a, button), .languages button, .tools a")];
  const apart = (one, other) => one.top >= other.bottom || one.bottom <= other.top
    || one.left >= other.right || one.right <= other.left || !one.width;
  return covered && box.left >= 0 && box.right <= innerWidth && box.height >= 60
    && under.every((each) => apart(each.getBoundingClientRect(), box));
}"""


async def test_the_banner_of_a_scene_that_waits_is_whole_too(open_page: OpenPage, gallery_url: str) -> None:
    page = await open_page(*SIZES["kiosk"])
    for language in Language:
        await measure_view(page, f"{gallery_url}/{Surface.kiosk}/amount/{language}")
        banner = pages(Surface.kiosk).render_news(News(LONG, Door.tag), language)
        await page.evaluate("(html) => (document.getElementById('news').innerHTML = html)", banner)
        for size in ("kiosk", "small", "portrait"):
            width, height = SIZES[size]
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate(UNCOVERED), (language, size)


ASK = """(text) => {
  document.documentElement.className = `text-${text} theme-light`;
  document.querySelectorAll("main, header, .drill, .aids").forEach((each) => (each.hidden = true));
  document.getElementById("stay").hidden = false;
}"""


async def test_the_question_whether_somebody_is_still_there_is_whole_too(open_page: OpenPage, gallery_url: str) -> None:
    """Each language, screen and size of text meets each of the others in a pair."""
    page = await open_page(*SIZES["kiosk"])
    wrong = {}
    screens = list((SIZES | {"handheld": (360, 640)}).items())
    for number, language in enumerate(Language):
        await measure_view(page, f"{gallery_url}/{Surface.kiosk}/amount/{language}")
        for row, (name, (width, height)) in enumerate(screens):
            await page.set_viewport_size({"width": width, "height": height})
            text = list(TextSize)[(number + row) % 3]
            await page.evaluate(ASK, text)
            if found := await faults(page):
                wrong[name, language, text] = found
    assert wrong == {}


@pytest.mark.parametrize("language", Language)
async def test_a_screen_that_asks_has_few_words_and_all_a_decision_needs_above_the_edge(
    open_page: OpenPage, gallery_url: str, language: Language
) -> None:
    """On the smallest screen of a hall, at each size of text; in the language with the longest texts on all of them.

    60 characters of Chinese; Latin letters are half as wide and mean half as much. The last two names are the
    amounts with the longest title, and the question of a page without JavaScript.
    """
    most = 120 if language is Language.en else 60
    page = await open_page(*SIZES["kiosk"], has_touch=True, is_mobile=True)
    words, wrong = {}, {}
    for name in (*ASKING, "amount-long", "handoff-asks"):
        await measure_view(page, f"{gallery_url}/{Surface.kiosk}/{name}/{language}")
        words[name] = await page.evaluate(BODY)
        for size in ("small", "kiosk", "portrait") if language is Language.en else ("small",):
            width, height = SIZES[size]
            await page.set_viewport_size({"width": width, "height": height})
            if below := await page.evaluate(BELOW):
                wrong[name, size] = below
    assert wrong == {}
    assert {name: text for name in ASKING if len(text := words[name]) > most} == {}
    assert words["amount"], "the check reads something"


COUNTED = ".sum, .pick b, .key, .sums dd, .people-reached b, .progress-summary, .number, .slip, .months li, .steps li"
UNEQUAL = """(selector) => [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility())
  .filter((each) => !getComputedStyle(each, each.matches(".steps li") ? "::before" : null)
    .fontVariantNumeric.includes("tabular-nums"))
  .map((each) => each.outerHTML.slice(0, 80))"""


async def test_sums_and_counts_have_figures_of_one_width(open_page: OpenPage, gallery_url: str) -> None:
    page = await open_page(*SIZES["kiosk"])
    wrong, seen = {}, set()
    for name in (
        "attract-progress",
        "project-progress",
        "amount",
        "keypad",
        "handoff",
        "thanks",
        "contact",
        "board",
        "help",
    ):
        await measure_view(page, f"{gallery_url}/{Surface.kiosk}/{name}/zh-Hans")
        if unequal := await page.evaluate(UNEQUAL, COUNTED):
            wrong[name] = unequal
        seen |= {each for each in COUNTED.split(", ") if await page.locator(each).count()}
    assert wrong == {}
    assert seen == set(COUNTED.split(", ")), "each is on one of the pages"
