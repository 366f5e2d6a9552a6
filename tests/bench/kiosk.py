"""Measure speed and size of the kiosk's pages: `python -m tests.bench.kiosk` prints the table of docs/kiosk.md.

Chromium with a CPU throttle of 6 represents an old Pi; ten loads of each page, from an empty cache.
"""

import asyncio
import gzip
import statistics
import time

from playwright.async_api import Browser, Page, async_playwright

from kiosk_ui.assets import STATIC, Assets
from tests.bench.kiosk_pages import build_table
from tests.browser.chromium import launch
from tests.browser.fake_giving import FakeKiosk

SLOWDOWN = 6
ROUNDS = 10
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
ARRIVAL = """() => { window.arrived = new Promise((resolve) => {
    new MutationObserver(() => requestAnimationFrame(() => resolve(performance.timeOrigin + performance.now())))
        .observe(document.getElementById("main"), { childList: true, subtree: true });
}); }"""


async def open_slow_page(browser: Browser) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    return page


async def measure_first_paint_ms(browser: Browser, url: str) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        page = await open_slow_page(browser)
        await page.goto(url)
        while (painted := await page.evaluate(PAINTED)) is None:
            await asyncio.sleep(0.02)
        found.append(float(painted))
        await page.context.close()
    return found


async def measure_scene_ms(browser: Browser, kiosk: FakeKiosk, url: str) -> list[float]:
    """Measure from the decision to the frame in which the first page shows it."""
    page = await open_slow_page(browser)
    found = []
    for number in range(ROUNDS):
        kiosk.card_brings(None)
        await page.goto(url)
        await page.wait_for_selector(".projects")
        await asyncio.sleep(0.5)
        await page.evaluate(ARRIVAL)
        decided = time.time() * 1000
        kiosk.card_brings(("elder-lunch", "student-aid")[number % 2])
        found.append(float(await page.evaluate("window.arrived")) - decided)
    await page.context.close()
    return found


async def measure_touch_ms(browser: Browser, url: str) -> list[float]:
    """Measure from a touch on the number pad to the frame that shows the digit."""
    page = await open_slow_page(browser)
    await page.goto(f"{url}/project/elder-lunch/amount?digits=")
    found = []
    for _ in range(ROUNDS):
        await page.evaluate("""document.querySelector("[data-key='clear']").click()""")
        found.append(
            float(
                await page.evaluate(
                    """() => new Promise((resolve) => { const began = performance.now();
                    document.querySelector("[data-key='7']").click();
                    requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began))); })"""
                )
            )
        )
    await page.context.close()
    return found


def format_row(name: str, goal: str, values: list[float]) -> str:
    return f"| {name} | {goal} | {min(values):.0f} ms | {statistics.median(values):.0f} ms | {max(values):.0f} ms |"


async def main() -> None:
    kiosk = FakeKiosk()
    async with kiosk.serve() as url, async_playwright() as playwright:
        browser = await launch(playwright)
        print(f"| Chromium slowed {SLOWDOWN} times | goal | least | median | worst of {ROUNDS} |")
        print("| --- | --- | ---: | ---: | ---: |")
        for path in ("/", "/project/elder-lunch", "/project/elder-lunch/amount"):
            print(
                format_row(f"first paint of `{path}`", "≤ 1000 ms", await measure_first_paint_ms(browser, url + path))
            )
        print(format_row("decision → painted", "≤ 500 ms", await measure_scene_ms(browser, kiosk, url)))
        print(format_row("touch → painted", "≤ 100 ms", await measure_touch_ms(browser, url)))
        page = await open_slow_page(browser)
        response = await page.goto(url)
        assert response is not None
        body = len(await response.body())
        script = len(gzip.compress((STATIC / "kiosk.js").read_bytes()))
        style = len(gzip.compress(Assets().files["pages.css"].content))
        print(f"\nPage {body / 1000:.1f} kB (≤ 60), script {script / 1000:.1f} kB gz (≤ 8),", end=" ")
        print(f"style {style / 1000:.1f} kB gz.")
        await browser.close()
    print(f"\n{await build_table()}")


if __name__ == "__main__":
    asyncio.run(main())
