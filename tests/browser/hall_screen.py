"""Run the kiosk session's compositor on a display server of its own.

Debian's Chromium behind the policy of these settings, real keys and touches by xdotool.
"""

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageGrab
from playwright.async_api import Browser, Page, Playwright, async_playwright
from playwright.async_api import TimeoutError as TooLong

from tests.browser.fake_giving import FakeKiosk
from tests.paths import ROOT

SYSTEMD = ROOT / "systemd"
KEYBOARD = next(
    line.partition("=")[2].replace("/usr/share/beacon-gateway/", f"{SYSTEMD}/")
    for line in (SYSTEMD / "beacon-kiosk.service").read_text().splitlines()
    if line.startswith("Environment=XKB_")
)
"""As the unit has it."""
PATIENCE_S = 90.0
"""Ends a hang; Chromium under a compositor takes its time on a machine that does much else."""
PROGRAM = Path(os.environ.get("VIRTUAL_ENV", ROOT / ".venv")) / "bin" / "beacon-gateway"


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
        with os.fdopen(reading) as reader:
            number = (await asyncio.to_thread(reader.readline)).strip()
        assert number, "Xvfb did not start"
        yield f":{number}"
    finally:
        process.terminate()
        await process.wait()


def chromium(folder: Path) -> Path:
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
        await install(folder, url, **relaxed)
        async with started(folder, url, display, playwright, chromium(folder), keyboard) as hall:
            yield hall


async def install(folder: Path, url: str, **relaxed: object) -> None:
    """Settings, policy, home and the folder in memory, as the package and systemd lay them out."""
    config = folder / "gateway.toml"
    config.write_text(f"[kiosk]\nport = {url.rsplit(':', 1)[1]}\n")
    (folder / "home").mkdir()
    (folder / "run").mkdir(mode=0o700)
    written = folder / "policies/managed/beacon-kiosk.json"
    writing = await asyncio.create_subprocess_exec(PROGRAM, "kiosk-policy", "--config", config, "--write", written)
    assert await writing.wait() == 0
    written.write_text(json.dumps(json.loads(written.read_text()) | relaxed))


@asynccontextmanager
async def started(
    folder: Path, url: str, display: str, playwright: Playwright, browser: Path, keyboard: str = KEYBOARD
) -> AsyncIterator[Screen]:
    """The compositor with the session in it, as the unit starts them; again and again, if need be."""
    words = f'mkdir -p /etc/chromium/policies && mount --bind {folder}/policies /etc/chromium/policies && exec "$@"'
    apart = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    session = [str(PROGRAM), "kiosk-session", "--config", f"{folder}/gateway.toml", "--browser", str(browser)]
    given = {
        "DISPLAY": display,
        "XDG_RUNTIME_DIR": f"{folder}/run",
        "HOME": f"{folder}/home",
        "WLR_BACKENDS": "x11",
        "WLR_RENDERER": "pixman",
        **dict(word.split("=") for word in keyboard.split()),
    }
    argv = [*apart, "sh", "-c", words, "sh", "cage", "-d", "--", *session]
    process = await asyncio.create_subprocess_exec(*argv, env={**os.environ, **given}, stderr=subprocess.DEVNULL)
    try:
        yield Screen(url, display, await _connected(playwright, await _port(folder / "run")), process)
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


async def opened(hall: Screen) -> None:
    """The page is there; a test that may not put its hand on it sees no more."""
    async with asyncio.timeout(PATIENCE_S):
        while not any(url.startswith(hall.url) for url in await hall.pages()):
            await asyncio.sleep(0.1)


async def shown(looked_at: Screen) -> Page:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for context in looked_at.browser.contexts:
                for page in context.pages:
                    if page.url.startswith(looked_at.url):
                        return page
            await asyncio.sleep(0.1)


_LOOK_S = 0.5


async def picture(hall: Screen, *, still_s: float = 2.0) -> Image.Image:
    """Return what the screen shows once it has not changed for `still_s`: pictures load one after the other."""
    before, unchanged = None, 0
    async with asyncio.timeout(PATIENCE_S):
        while True:
            seen = await asyncio.to_thread(ImageGrab.grab, xdisplay=hall.display)
            unchanged = unchanged + 1 if before is not None and not changed(before, seen) else 0
            if unchanged * _LOOK_S >= still_s and len(seen.getcolors(1 << 20) or ()) > 50:
                return seen
            before = seen
            await asyncio.sleep(_LOOK_S)


def changed(before: Image.Image, after: Image.Image) -> tuple[int, int, int, int] | None:
    """The box in which two pictures differ."""
    return ImageChops.difference(before.convert("RGB"), after.convert("RGB")).getbbox()


NOWHERE = ("about:", "chrome-error:", "chrome://omnibox-popup")
"""Nothing, what was refused, and a part of the browser's own frame that a kiosk does not show."""


async def whereabouts(hall: Screen) -> list[str]:
    """Return what is open beside the kiosk's page; a page that could not be opened is nowhere.

    A key that loads the page again takes it away for a moment: wait until it is there again.
    """
    await asyncio.sleep(0.15)
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        urls = await hall.pages()
        elsewhere = [url for url in urls if url and not url.startswith((hall.url, *NOWHERE))]
        ours = sum(url.startswith(hall.url) for url in urls)
        if elsewhere or ours == 1:
            return elsewhere
        if asyncio.get_running_loop().time() > deadline:
            return [f"the page is there {ours} times"]
        await asyncio.sleep(0.1)
