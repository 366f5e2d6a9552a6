"""Measure the frames of the kiosk's motions: `python -m tests.bench.motion` prints a table.

Chromium with a CPU throttle of 6 represents an old Pi. It slows the main thread only, so that raster times, which
other threads spend, are multiplied by 6. A trace tells the length of every task; a frame of 16 ms needs all of its
tasks to be shorter. Tasks until the new content was painted once belong to the change of the screen, all later ones to
the frames of the motion. `--rounds N`: the least of N is shown, so that other load counts as little as possible.
"""

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Browser, Page, async_playwright

from sync_contract.records import IntentState
from tests.bench.kiosk import SLOWDOWN, open_slow_page
from tests.browser.chromium import launch
from tests.browser.fake_giving import FakeKiosk
from tests.browser.journey import choose_amount

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "blink.user_timing", "__metadata"]
LASTS_S = 2.0
PAINTED = """addEventListener("animationstart", () => requestAnimationFrame(() => requestAnimationFrame(
    () => performance.mark("moves"))));"""
"""The second frame: the first one laid out and painted what had changed."""
Act = Callable[[FakeKiosk, Page, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Frames:
    """In ms, on the slowed machine. `change`: longest task until the motion's second frame; `motion`: longest after it,
    None where nothing moved."""

    change: float
    motion: float | None
    raster: float


def read_trace(content: bytes, *, moves_already: bool) -> Frames:
    events = json.loads(content)["traceEvents"]
    threads = {(each["pid"], each["tid"]): each["args"]["name"] for each in events if each["name"] == "thread_name"}
    start = min((each["ts"] for each in events if each["name"] == "moves"), default=0 if moves_already else None)

    def lengths(name: str, thread: str) -> list[tuple[int, float]]:
        """When each begins, and how long it lasts."""
        return [
            (each["ts"], each.get("dur", 0) / 1000)
            for each in events
            if each["name"] == name and thread in threads.get((each["pid"], each["tid"]), "")
        ]

    tasks = lengths("RunTask", "CrRendererMain")
    return Frames(
        max((ms for at, ms in tasks if start is None or at < start), default=0),
        None if start is None else max((ms for at, ms in tasks if at > start), default=0),
        SLOWDOWN * max((ms for at, ms in lengths("RasterTask", "") if start is None or at > start), default=0),
    )


async def trace(browser: Browser, kiosk: FakeKiosk, url: str, before: Act, act: Act, *, calm: bool = False) -> Frames:
    page = await open_slow_page(browser)
    if calm:
        await page.emulate_media(reduced_motion="reduce")
    await page.add_init_script(PAINTED)
    await before(kiosk, page, url)
    await asyncio.sleep(1)  # what was begun is finished
    await browser.start_tracing(page=page, categories=CATEGORIES)
    await act(kiosk, page, url)
    await asyncio.sleep(LASTS_S)
    content = await browser.stop_tracing()
    await page.context.close()
    kiosk.card_brings(None)
    return read_trace(content, moves_already=act is nothing and not calm)


async def first_page(kiosk: FakeKiosk, page: Page, url: str) -> None:
    await page.goto(url)


async def code(kiosk: FakeKiosk, page: Page, url: str) -> None:
    await page.goto(f"{url}/project/elder-lunch/amount")
    await choose_amount(page, 3000)
    await page.wait_for_url("**/handoff")


async def at_bank(kiosk: FakeKiosk, page: Page, url: str) -> None:
    await code(kiosk, page, url)
    kiosk.giving.becomes(kiosk.giving.recorded[-1].gift.intent, IntentState.handed_off)
    await page.wait_for_selector(".lantern")


async def nothing(kiosk: FakeKiosk, page: Page, url: str) -> None:
    """Watch what moves by itself."""


async def card(kiosk: FakeKiosk, page: Page, url: str) -> None:
    kiosk.card_brings("elder-lunch")


async def touch(kiosk: FakeKiosk, page: Page, url: str) -> None:
    await page.click(".projects a")


async def paid(kiosk: FakeKiosk, page: Page, url: str) -> None:
    kiosk.pay_last()


MOTIONS: dict[str, tuple[Act, Act]] = {
    "the lantern lights: a card is near": (first_page, card),
    "the lantern sways: the bank is waited for": (at_bank, nothing),
    "another screen after a touch": (first_page, touch),
    "thanks": (code, paid),
}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    kiosk = FakeKiosk()
    async with kiosk.serve() as url, async_playwright() as playwright:
        browser = await launch(playwright)
        print(f"| slowed {SLOWDOWN} times, least of {rounds} | change, once | frame of the motion | raster |")
        print("| --- | ---: | ---: | ---: |")
        for calm in (False, True):
            for name, (before, act) in MOTIONS.items():
                found = [await trace(browser, kiosk, url, before, act, calm=calm) for _ in range(1 if calm else rounds)]
                label = f"{name}{', reduced motion' if calm else ''}"
                moved = [each.motion for each in found if each.motion is not None]
                frame = f"{min(moved):.1f} ms" if moved else "nothing moves"
                change, raster = min(each.change for each in found), min(each.raster for each in found)
                print(f"| {label} | {change:.1f} ms | {frame} | {raster:.1f} ms |")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
