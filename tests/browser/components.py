"""Compare the page of components with its approved references.

`python -m tests.browser.components` writes the references anew: look at the pictures before you commit them.
`python -m tests.browser.components --serve` shows the page.

Two references a size and theme, for two kinds of mistakes. *Measures* are what the stylesheet says of each part once
all is worked out (colours, borders, rounding, padding, size of type): no font changes them, every token does.
*Pictures* are each component at an eighth of its size, where letters are grey and only mass, place and colour are left:
they see what no single value tells, as a drawing that is missing or a part that covers another.
"""

import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from PIL import Image, ImageChops, ImageStat
from playwright.async_api import Browser, Page, async_playwright

from beacon_gateway.kiosk.pages.files import static_file
from daemonkit.web import WebRules, guarded_app, serving
from kiosk_ui.display_preferences import DisplayPreferences, Theme
from kiosk_ui.surface import Surface
from kiosk_ui.views import View
from sync_contract.project import Project
from sync_contract.strict_model import Environment, Language
from tests.browser.chromium import launch
from tests.browser.gallery import CODE, pages
from tests.browser.layout import SIZES
from tests.browser.projects import LUNCH, READING, TEA


@dataclass(frozen=True, slots=True)
class ComponentsPage(View):
    """Every component on one page. `projects`: the first with goal and paid money. `url`: the content of the code."""

    template = "components"

    projects: tuple[Project, ...]
    url: str
    display: DisplayPreferences


FOLDER = Path(__file__).with_name("references")
COMPARED = (
    *(("kiosk", theme) for theme in Theme),
    *(("small", Theme.light), ("phone", Theme.dark)),
)
"""Screens and themes. A theme changes colours and a screen changes sizes: each is compared at least once."""
SMALLER = 8
"""A picture is kept at this fraction of its size."""
SIDE = 0.05
"""By how much a component may be longer or shorter: a font with other line heights."""
MEAN, WORST = 5.5, 95.0
"""Levels of 255 by which a picture may differ, on average and in its worst spot of 32 x 32 pixels of the screen."""
GIVEN = LUNCH.model_copy(update={"goal_fen": 30_000_00, "paid_fen": 18_600_00, "helped": 213})
PARTS = {
    "page": "body",
    "brand": ".brand",
    "language": ".languages [aria-current]",
    "other language": ".languages :not([aria-current])",
    "drill": ".drill",
    "heading": "#c-text h1",
    "tab": ".tab",
    "lead": "#c-text .lead",
    "text": "#c-text .plain-text",
    "aside": "#c-text .aside",
    "sum": "#c-text .sum",
    "button": "#c-buttons .button:not(.main, .second)",
    "second button": "#c-buttons .button.second",
    "main button": "#c-buttons .button.main",
    "button that cannot be used": "#c-buttons [disabled]",
    "card": "#c-cards .projects a",
    "card's scene": "#c-cards .scene",
    "card's title": "#c-cards .title",
    "card's arrow": "#c-cards .card-arrow",
    "people reached": "#c-cards .people-reached b",
    "card that only informs": "#c-cards .informs a",
    "label": "#c-cards .label",
    "meter": "#c-meter .meter",
    "meter's part": "#c-meter .part",
    "pick": "#c-amounts .pick",
    "key": "#c-pad .key",
    "pad": "#c-pad .pad",
    "banner": "#c-banner a",
    "notice": "#c-notice .remark",
    "note": "#c-notice .note",
    "state": "#c-notice .state",
    "state that is on": "#c-notice .state.on",
    "code": "#c-code .code",
    "choice": "#c-choices .choice[aria-pressed=false]",
    "chosen": "#c-choices .choice[aria-pressed=true]",
    "facts": "#c-facts .facts",
    "name of a fact": "#c-facts dt",
    "ledger": "#c-sums .ledger",
    "table's cell": "#c-table td",
    "table's head": "#c-table th",
    "log": "#c-table .log li",
}
_MEASURE = """(parts) => Object.fromEntries(Object.entries(parts).map(([name, selector]) => {
  const el = document.querySelector(selector);
  if (!el) return [name, "is not there"];
  const s = getComputedStyle(el);
  const values = [
    "color", "backgroundColor", "fill", "fontSize", "fontWeight", "lineHeight", "letterSpacing",
    "paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "marginTop", "minHeight", "gap", "borderRadius",
    "borderTopWidth", "borderTopColor", "borderLeftWidth", "borderLeftColor", "borderBottomWidth", "borderBottomColor",
    "boxShadow",
  ].map((key) => s[key]);
  return [name, values.join(" | ")];
}))"""

_BOXES = """() => Object.fromEntries([...document.querySelectorAll(".component")].map((each) => {
  const { left, top, right, bottom } = each.getBoundingClientRect();
  const [x, y] = [scrollX, scrollY];
  return [each.id, [Math.floor(left + x), Math.floor(top + y), Math.ceil(right + x), Math.ceil(bottom + y)]];
}))"""


@dataclass(frozen=True)
class Seen:
    """`measures`: by part; `pictures`: by component, already small."""

    measures: Mapping[str, str]
    pictures: Mapping[str, Image.Image]


@asynccontextmanager
async def components_page(port: int = 0) -> AsyncIterator[str]:
    """`/<theme>` on its own server, under the real CSP."""
    renderer = pages(Surface.kiosk, Environment.drill)

    async def show(request: web.Request) -> web.StreamResponse:
        display = DisplayPreferences(theme=Theme(request.match_info["theme"]))
        view = ComponentsPage((GIVEN, READING, TEA), CODE, display)
        return web.Response(
            text=renderer.render_page(view, Language.zh_hans, display=display), content_type="text/html"
        )

    async def silence(_: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    app = guarded_app(WebRules(frozenset({"127.0.0.1"}), b"only for tests", requests_per_second=1000, burst=1000))
    app.router.add_get("/static/{name:.+}", static_file(renderer.assets))
    app.router.add_get("/live", silence)
    app.router.add_post("/alive", silence)
    app.router.add_get("/{theme}", show)
    async with serving(app, "127.0.0.1", port) as url:
        yield url


async def measure(page: Page) -> dict[str, str]:
    """Return the measures of each part of the page that is open."""
    await page.evaluate("document.querySelector('.tab')?.remove()")  # it would stand over one of them
    measures: dict[str, str] = await page.evaluate(_MEASURE, PARTS)
    return measures


async def capture(page: Page) -> Seen:
    """The page that is open, from above to below."""
    measures = await measure(page)
    boxes = await page.evaluate(_BOXES)
    whole = Image.open(io.BytesIO(await page.screenshot(full_page=True, animations="disabled"))).convert("RGB")
    pictures = {}
    for name, box in boxes.items():
        shot = whole.crop(box)
        small = (max(1, shot.width // SMALLER), max(1, shot.height // SMALLER))
        pictures[name] = shot.resize(small, Image.Resampling.BOX)
    return Seen(measures, pictures)


def save_reference(seen: Seen, name: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    sheet = Image.new(
        "RGB", (max(each.width for each in seen.pictures.values()), sum(each.height for each in seen.pictures.values()))
    )
    top, places = 0, {}
    for component, picture in seen.pictures.items():
        sheet.paste(picture, (0, top))
        places[component] = [picture.width, picture.height]
        top += picture.height
    sheet.save(FOLDER / f"{name}.png", optimize=True)
    record = {"measures": seen.measures, "pictures": places}
    (FOLDER / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def load_reference(name: str) -> Seen:
    record = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    sheet = Image.open(FOLDER / f"{name}.png").convert("RGB")
    pictures, top = {}, 0
    for component, (width, height) in record["pictures"].items():
        pictures[component] = sheet.crop((0, top, width, top + height))
        top += height
    return Seen(record["measures"], pictures)


def differences(before: Seen, now: Seen) -> list[str]:
    """Sentences; empty when all is as it was."""
    found = [
        f"{part}: {now.measures.get(part)} instead of {was}"
        for part, was in before.measures.items()
        if now.measures.get(part) != was
    ]
    found += [f"{part} is new" for part in now.measures.keys() - before.measures.keys()]
    for component, was in before.pictures.items():
        picture = now.pictures.get(component)
        if picture is None:
            found.append(f"{component} is not there")
        elif any(abs(one - other) > max(2, SIDE * one) for one, other in zip(was.size, picture.size, strict=True)):
            found.append(f"{component}: {picture.size} instead of {was.size}, in eighths")
        else:
            mean, worst = distance(was, picture)
            if mean > MEAN or worst > WORST:
                found.append(f"{component}: looks different, {mean:.1f} on average, {worst:.0f} at worst")
    return found


def distance(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """In levels of 255: on average, and in the worst spot. The second is brought to the size of the first."""
    difference = ImageChops.difference(one, other.resize(one.size, Image.Resampling.BILINEAR)).convert("L")
    coarse = difference.resize((max(1, one.width // 4), max(1, one.height // 4)), Image.Resampling.BOX)
    return ImageStat.Stat(difference).mean[0], float(coarse.getextrema()[1])  # type: ignore[arg-type]  # of one band


async def every(browser: Browser, url: str) -> AsyncIterator[tuple[str, Page]]:
    for size, theme in COMPARED:
        width, height = SIZES[size]
        page = await browser.new_page(viewport={"width": width, "height": height})
        await page.goto(f"{url}/{theme}")
        yield f"{size}-{theme}", page
        await page.close()


async def _write() -> None:
    async with components_page() as url, async_playwright() as playwright:
        browser = await launch(playwright)
        async for name, page in every(browser, url):
            save_reference(await capture(page), name)
            print(FOLDER / f"{name}.png")
        await browser.close()


async def _serve() -> None:
    async with components_page(8001) as url:
        print(*(f"{url}/{theme}" for theme in Theme), sep="\n", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve() if "--serve" in sys.argv else _write())
