"""The screen in the hall: cage with Chromium behind its policy, on a real display server, with real keys and touches.

Nothing that a visitor tries leaves the kiosk's page, and a browser that died is noticed.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
from playwright.async_api import Browser, Error, Page, Playwright, async_playwright
from playwright.async_api import TimeoutError as TooLong

from beacon_gateway.kiosk.browser import POLICY_FILE
from tests.browser.fake_giving import FakeKiosk

pytestmark = pytest.mark.asyncio(loop_scope="session")
Result = TypeVar("Result")
SYSTEMD = Path(__file__).parents[2] / "systemd"
KEYBOARD = next(
    line.partition("=")[2].replace("/usr/share/beacon-gateway/", f"{SYSTEMD}/")
    for line in (SYSTEMD / "beacon-kiosk.service").read_text().splitlines()
    if line.startswith("Environment=XKB_")
)
"""As the unit has it."""
PATIENCE_S = 90.0
"""Ends a hang; Chromium under a compositor takes its time on a machine that does much else."""
PROGRAM = Path(os.environ.get("VIRTUAL_ENV", Path(__file__).parents[2] / ".venv")) / "bin" / "beacon-gateway"


@dataclass
class Screen:
    """`url`: the kiosk; `process`: the session, as the compositor would start it."""

    url: str
    display: str
    browser: Browser
    process: asyncio.subprocess.Process

    async def chords(self, chords: Sequence[Sequence[int]]) -> None:
        """Keys pressed together, by their codes; one chord after the other."""
        await self._xdotool("key", "--delay", "8", *("+".join(map(str, chord)) for chord in chords))

    async def click(self, x: int, y: int, button: int = 1) -> None:
        await self._xdotool("mousemove", str(x), str(y), "click", str(button))

    async def drag(self, x: int, y: int, to_x: int, to_y: int) -> None:
        await self._xdotool("mousemove", str(x), str(y), "mousedown", "1", "mousemove", str(to_x), str(to_y))
        await self._xdotool("mouseup", "1")

    async def pages(self) -> list[str]:
        """The address of everything that the browser shows as a page or window."""
        session = await self.browser.new_browser_cdp_session()
        targets = (await session.send("Target.getTargets"))["targetInfos"]
        await session.detach()
        return [each["url"] for each in targets if each["type"] in ("page", "webview", "other", "app")]

    async def _xdotool(self, *words: str) -> None:
        process = await asyncio.create_subprocess_exec("xdotool", *words, env={**os.environ, "DISPLAY": self.display})
        assert await process.wait() == 0


@asynccontextmanager
async def x_server() -> AsyncIterator[str]:
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x768x24", "-nolisten", "tcp", "-noreset"]
    process = await asyncio.create_subprocess_exec(*words, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            number = (await asyncio.to_thread(said.readline)).strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        process.terminate()
        await process.wait()


def _browser(folder: Path) -> Path:
    """Debian's Chromium with a door for the test to look through; as root it runs only without its sandbox."""
    wrapper = folder / "chromium"
    root = "--no-sandbox" if os.geteuid() == 0 else ""
    wrapper.write_text(f'#!/bin/sh\nexec /usr/bin/chromium --remote-debugging-port=0 --disable-gpu {root} "$@"\n')
    wrapper.chmod(0o755)
    return wrapper


@asynccontextmanager
async def screen(
    folder: Path, kiosk: FakeKiosk, *, keyboard: str = KEYBOARD, **relaxed: object
) -> AsyncIterator[Screen]:
    """The policy of these settings lies where Chromium looks for it, for this process tree alone.

    `relaxed`: policies that are otherwise here, so that a test may put its hand on the page.
    """
    async with kiosk.serve() as url, x_server() as display, async_playwright() as playwright:
        config = folder / "gateway.toml"
        config.write_text(f"[kiosk]\nport = {url.rsplit(':', 1)[1]}\n")
        policies, profiles, home = folder / "policies", folder / "run", folder / "home"
        home.mkdir()
        profiles.mkdir(mode=0o700)
        written = policies / POLICY_FILE.relative_to("/etc/chromium/policies")
        writing = await asyncio.create_subprocess_exec(PROGRAM, "kiosk-policy", "--config", config, "--write", written)
        assert await writing.wait() == 0
        written.write_text(json.dumps(json.loads(written.read_text()) | relaxed))
        words = f'mkdir -p /etc/chromium/policies && mount --bind {policies} /etc/chromium/policies && exec "$@"'
        apart = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
        session = [str(PROGRAM), "kiosk-session", "--config", str(config), "--browser", str(_browser(folder))]
        given = {
            "DISPLAY": display,
            "XDG_RUNTIME_DIR": str(profiles),
            "HOME": str(home),
            "WLR_BACKENDS": "x11",
            "WLR_RENDERER": "pixman",
            **dict(word.split("=") for word in keyboard.split()),
        }
        argv = [*apart, "sh", "-c", words, "sh", "cage", "-d", "--", *session]
        process = await asyncio.create_subprocess_exec(*argv, env={**os.environ, **given}, stderr=subprocess.DEVNULL)
        try:
            yield Screen(url, display, await _connected(playwright, await _port(profiles)), process)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _connected(playwright: Playwright, port: int) -> Browser:
    """A page that begins just as one connects is at times never told of, and then waited for: so once more."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(TooLong):
                return await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}", timeout=15_000)


async def _port(profiles: Path) -> int:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for file in profiles.glob("profile-*/DevToolsActivePort"):
                if text := file.read_text():
                    return int(text.split()[0])
            await asyncio.sleep(0.1)


async def shown(looked_at: Screen) -> Page:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for context in looked_at.browser.contexts:
                for page in context.pages:
                    if page.url.startswith(looked_at.url):
                        return page
            await asyncio.sleep(0.1)


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
    "https://example.com/", "http://127.0.0.1:1/", "file:///etc/passwd", "view-source:http://127.0.0.1/",
    "chrome://settings", "chrome://policy", "data:text/html,hello", "blob:null/x", "ftp://127.0.0.1/",
    "mailto:a@example.org", "tel:10086", "javascript:location='https://example.com/'", "chrome-extension://x/y.html",
)  # fmt: skip


NOWHERE = ("about:", "chrome-error:", "chrome://omnibox-popup")
"""Nothing, what was refused, and a part of the browser's own frame that a kiosk does not show."""


async def whereabouts(hall: Screen) -> list[str]:
    """What is open beside the kiosk's page; a page that could not be opened is nowhere."""
    await asyncio.sleep(0.15)
    urls = await hall.pages()
    elsewhere = [url for url in urls if url and not url.startswith((hall.url, *NOWHERE))]
    ours = sum(url.startswith(hall.url) for url in urls)
    return elsewhere or ([] if ours == 1 else [f"the page is there {ours} times"])


async def patiently(deed: Callable[[], Awaitable[Result]]) -> Result:
    """Done once the page is not on its way to somewhere else any more."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with suppress(Error):
                return await deed()
            await asyncio.sleep(0.1)


async def test_no_key_and_no_mouse_leaves_the_page(tmp_path: Path) -> None:
    async with screen(tmp_path, FakeKiosk()) as hall:
        escaped: dict[str, list[str]] = {}
        async with asyncio.timeout(PATIENCE_S):
            while not any(url.startswith(hall.url) for url in await hall.pages()):
                await asyncio.sleep(0.1)
        codes = [*LETTERS.values(), *OTHERS.values()]
        for name, held in MODIFIERS.items():
            await hall.chords([(*held, code) for code in codes])
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
            await patiently(lambda: page.goto(hall.url))


async def test_a_window_before_the_page_is_away_within_seconds(tmp_path: Path) -> None:
    async with screen(tmp_path, FakeKiosk()) as hall:
        async with asyncio.timeout(PATIENCE_S):
            while not any(url.startswith(hall.url) for url in await hall.pages()):
                await asyncio.sleep(0.1)
        session = await hall.browser.new_browser_cdp_session()
        await session.send("Target.createTarget", {"url": "https://example.com/"})
        assert await asyncio.wait_for(hall.process.wait(), PATIENCE_S) == 1, "systemd starts the session anew"


async def test_with_any_keyboard_and_without_the_policy_the_tricks_are_seen_to_leave(tmp_path: Path) -> None:
    everything = {"URLBlocklist": [], "URLAllowlist": [], "DeveloperToolsAvailability": 1, "DefaultPopupsSetting": 1}
    async with screen(tmp_path, FakeKiosk(), keyboard="XKB_DEFAULT_RULES=evdev", **everything) as hall:
        page = await shown(hall)
        await hall.click(500, 60)
        async with asyncio.timeout(PATIENCE_S):
            while await whereabouts(hall) == []:
                await hall.chords([(37, LETTERS["n"])])  # lost, as long as no window listens
        await page.evaluate("() => { window.open('chrome://about'); window.open('http://127.0.0.1:1/'); }")
        await page.goto("file:///etc/hostname")
        assert "file:///etc/hostname" in await whereabouts(hall)


async def test_a_browser_that_died_ends_the_session_so_that_it_is_started_anew(tmp_path: Path) -> None:
    async with screen(tmp_path, FakeKiosk()) as hall:
        session = await hall.browser.new_browser_cdp_session()
        with suppress(Error):
            await session.send("Browser.crash")
        assert await asyncio.wait_for(hall.process.wait(), PATIENCE_S) == 1
        assert list((tmp_path / "run").glob("profile-*")) == [], "nothing of a resident outlives the browser"
