"""How quick and how small the kiosk's pages are: `python -m tests.bench.kiosk` prints the table of docs/kiosk.md.

Chromium slowed to a sixth stands for an old Pi; ten loads of each page, from an empty cache.
"""

import asyncio
import gzip
import statistics
import time

from playwright.async_api import Browser, Page, async_playwright

from kiosk_ui.assets import STATIC, Assets
from tests.bench.kiosk_pages import table
from tests.browser.chromium import launch
from tests.browser.fake_giving import FakeKiosk

SLOWDOWN = 6
ROUNDS = 10
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
ARRIVAL = """() => { window.arrived = new Promise((tell) => {
    new MutationObserver(() => requestAnimationFrame(() => tell(performance.timeOrigin + performance.now())))
        .observe(document.getElementById("main"), { childList: true, subtree: true });
}); }"""


async def slowed(browser: Browser) -> Page:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    devtools = await context.new_cdp_session(page)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    return page


async def first_paint_ms(browser: Browser, url: str) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        page = await slowed(browser)
        await page.goto(url)
        while (painted := await page.evaluate(PAINTED)) is None:
            await asyncio.sleep(0.02)
        found.append(float(painted))
        await page.context.close()
    return found


async def turn_ms(browser: Browser, kiosk: FakeKiosk, url: str) -> list[float]:
    """From the decision to the frame in which the first page shows it."""
    page = await slowed(browser)
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


async def touch_ms(browser: Browser, url: str) -> list[float]:
    """From a touch on the number pad to the frame that shows the digit."""
    page = await slowed(browser)
    await page.goto(f"{url}/project/elder-lunch/amount?digits=")
    found = []
    for _ in range(ROUNDS):
        await page.click("[data-key='clear']")
        found.append(
            float(
                await page.evaluate(
                    """() => new Promise((tell) => { const began = performance.now();
                    document.querySelector("[data-key='7']").click();
                    requestAnimationFrame(() => requestAnimationFrame(() => tell(performance.now() - began))); })"""
                )
            )
        )
    await page.context.close()
    return found


def row(what: str, rule: str, values: list[float]) -> str:
    return f"| {what} | {rule} | {statistics.median(values):.0f} ms | {max(values):.0f} ms |"


async def main() -> None:
    kiosk = FakeKiosk()
    async with kiosk.serve() as url, async_playwright() as playwright:
        browser = await launch(playwright)
        print(f"| Chromium slowed {SLOWDOWN} times | asked | median | worst of {ROUNDS} |\n| --- | --- | ---: | ---: |")
        for path in ("/", "/project/elder-lunch", "/project/elder-lunch/amount"):
            print(row(f"first paint of `{path}`", "≤ 1000 ms", await first_paint_ms(browser, url + path)))
        print(row("decision → painted", "≤ 500 ms", await turn_ms(browser, kiosk, url)))
        print(row("touch → painted", "≤ 100 ms", await touch_ms(browser, url)))
        page = await slowed(browser)
        response = await page.goto(url)
        assert response is not None
        body = len(await response.body())
        script = len(gzip.compress((STATIC / "kiosk.js").read_bytes()))
        style = len(gzip.compress(Assets().files["pages.css"].content))
        print(f"\nPage {body / 1000:.1f} kB (≤ 60), script {script / 1000:.1f} kB gz (≤ 8),", end=" ")
        print(f"style {style / 1000:.1f} kB gz.")
        await browser.close()
    print(f"\n{await table()}")


if __name__ == "__main__":
    asyncio.run(main())
