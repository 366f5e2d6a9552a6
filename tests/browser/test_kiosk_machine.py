"""Test the hall screen: cage with Chromium and its policy, on a real display server, with real keys and touches.

Nothing that a visitor tries leaves the kiosk's page; tests/soak/test_hall_controls.py proves that a test would see it.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.async_api import Error

from tests.browser.fake_giving import FakeKiosk
from tests.browser.hall_screen import PATIENCE_S, opened, screen, shown, whereabouts

pytestmark = pytest.mark.asyncio(loop_scope="session")
Result = TypeVar("Result")
SCRIPTS = (
    "window.print()",
    "document.documentElement.requestFullscreen().catch(() => {})",
    "navigator.share && navigator.share({ url: 'https://example.com/' }).catch(() => {})",
    "document.body.insertAdjacentHTML('beforeend', '<input type=file id=upload>'); upload.click()",
    "window.showOpenFilePicker && showOpenFilePicker().catch(() => {})",
    "let a = document.createElement('a'); a.download = 'x.txt'; a.href = URL.createObjectURL(new Blob()); a.click()",
    "Object.assign(document.createElement('a'), { href: '/help', download: 'x.html' }).click()",
    "document.documentElement.lang = 'fr'; document.body.append('Bonjour à tous, voici du français. '.repeat(40))",
)
"""The last makes a page that Chromium would offer to translate."""
POP_UPS = ("window.open('https://example.com/')", "window.open('/help', 'own', 'popup,width=300,height=300')")
"""Run as what nobody touched: a window that a touch asks for is away within seconds (see below)."""
MODIFIERS: dict[str, tuple[int, ...]] = {
    "": (), "Ctrl": (37,), "Alt": (64,), "Super": (133,), "Ctrl+Shift": (37, 50),
}  # fmt: skip
LETTERS = {
    letter: first + number
    for first, row in ((24, "qwertyuiop"), (38, "asdfghjkl"), (52, "zxcvbnm"), (10, "1234567890"))
    for number, letter in enumerate(row)
}
OTHERS = {
    **{f"F{number}": 66 + number for number in range(1, 11)}, "F11": 95, "F12": 96, "Escape": 9, "Delete": 119,
    "Home": 110, "Left": 113, "Tab": 23, "Enter": 36, "Backspace": 22, "Print": 107, "Menu": 135, "Back": 166,
    "Homepage": 180, "Search": 225, "Mail": 163, "Favorites": 164, "Refresh": 181, "Calculator": 148,
}  # fmt: skip
"""Keycodes of a PC keyboard under X (evdev's plus 8): what a plugged-in keyboard sends, whatever it means."""
ADDRESSES = (
    "javascript:location='https://example.com/'", "mailto:a@example.org", "tel:10086", "ftp://127.0.0.1/",
    "data:text/html,hello", "blob:null/x", "chrome-extension://x/y.html", "view-source:http://127.0.0.1/",
    "chrome://settings", "chrome://policy", "file:///etc/passwd", "http://127.0.0.1:1/", "https://example.com/",
)  # fmt: skip


async def patiently(action: Callable[[], Awaitable[Result]]) -> Result:
    """Done once the page is not on its way to somewhere else any more."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(Error):
                return await action()
            await asyncio.sleep(0.1)


async def test_no_key_and_no_mouse_leaves_the_page_and_a_window_before_it_ends_the_session(tmp_path: Path) -> None:
    async with screen(tmp_path, FakeKiosk()) as hall:
        escaped: dict[str, list[str]] = {}
        await opened(hall)
        codes = [*LETTERS.values(), *OTHERS.values()]
        for name, pressed in MODIFIERS.items():
            await hall.chords([(*pressed, code) for code in codes])
            if found := await whereabouts(hall):
                escaped[f"{name} with any key"] = found
        tricks: dict[str, Callable[[], Awaitable[None]]] = {
            "right click": lambda: hall.click(500, 400, button=3),
            "the first entry of its menu": lambda: hall.chords([(116,)]),
            "chosen": lambda: hall.chords([(36,)]),
            "middle click on a link": lambda: hall.click(500, 400, button=2),
            "a picture dragged to the edge": lambda: hall.drag(300, 400, 500, 5),
        }
        for name, trick in tricks.items():
            await trick()
            if found := await whereabouts(hall):
                escaped[name] = found
        assert escaped == {}
        policy = json.loads(next((tmp_path / "policies").rglob("*.json")).read_text())
        assert policy["URLAllowlist"] == [hall.url]
        assert hall.process.returncode is None
        session = await hall.browser.new_browser_cdp_session()
        await session.send("Target.createTarget", {"url": "https://example.com/"})
        assert await asyncio.wait_for(hall.process.wait(), PATIENCE_S) == 1, "systemd starts the session anew"


async def test_no_script_no_upload_no_long_press_and_no_address_leaves_the_page(tmp_path: Path) -> None:
    async with screen(tmp_path, FakeKiosk(), DeveloperToolsAvailability=1) as hall:
        page = await shown(hall)
        escaped: dict[str, list[str]] = {}
        devtools = await page.context.new_cdp_session(page)
        whole = await hall.browser.new_browser_cdp_session()
        await whole.send("Browser.setDownloadBehavior", {"behavior": "default"})  # not where playwright would have them
        for script in POP_UPS:  # first: what follows counts as touched for some seconds
            await devtools.send("Runtime.evaluate", {"expression": script, "userGesture": False})
        for script in SCRIPTS:
            await page.evaluate(f"() => {{ {script} }}")
            if found := await whereabouts(hall):
                escaped[script] = found
        assert await page.evaluate("document.hasFocus()"), "no bubble of the browser has taken the focus"
        assert [each for each in (tmp_path / "home").rglob("*") if each.name.startswith("x.")] == [], "nothing is saved"
        touch = [{"x": 300, "y": 400}]
        await devtools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": touch})
        await asyncio.sleep(1.2)  # as long as Chromium takes for a long press
        await devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        if found := await whereabouts(hall):
            escaped["a long press"] = found
        assert escaped == {}
        for address in ADDRESSES:
            with suppress(Error):  # net::ERR_BLOCKED_BY_ADMINISTRATOR, or a scheme that goes nowhere
                await page.goto(address, timeout=3000)
            text = await patiently(lambda: page.inner_text("body"))
            assert page.url.startswith((hall.url, "chrome-error:")) or "ERR_BLOCKED_BY_ADMINISTRATOR" in text, address
            if address == ADDRESSES[0]:
                assert page.url.startswith(hall.url), "the script of an address does not run on the page"
        await patiently(lambda: page.goto(hall.url))
        assert await whereabouts(hall) == []
