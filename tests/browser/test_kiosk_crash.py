"""Test that a crashed browser is detected and restarts without a message to residents.

tests/soak/test_hall_controls.py proves that the test would see the message.
"""

import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.browser.fake_giving import FakeKiosk
from tests.browser.hall_screen import (
    PATIENCE_S,
    changed,
    chromium,
    install,
    opened,
    picture,
    started,
    whereabouts,
    x_server,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


def kill_browser(folder: Path) -> None:
    """As the kernel does when memory is short: without a word to anybody. Only the one of this folder."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # gone meanwhile
            words = file.read_bytes().decode(errors="replace").split("\0")
            ours = any(word.startswith(f"--user-data-dir={folder}/") for word in words)
            if ours and "chromium" in words[0] and not any(word.startswith("--type=") for word in words):
                os.kill(int(file.parent.name), signal.SIGKILL)


def still_kiosk() -> FakeKiosk:
    """Return a kiosk with one project: with more than fit, the page shows the others in turn."""
    kiosk = FakeKiosk()
    kiosk.projects.offered = dict(list(kiosk.projects.offered.items())[:1])
    return kiosk


REFERENCE_STILL_S = 6.0
"""A busy machine may take seconds between two pictures of the page; the reference must contain the last one."""
WATCHED_S = 4
"""The bubble of a browser that crashed stands a second after the page does."""


async def test_a_browser_that_was_killed_says_nothing_of_it_when_it_is_started_anew(tmp_path: Path) -> None:
    """And a touch where its buttons would be stays on the page."""
    async with still_kiosk().serve() as url, x_server() as display, async_playwright() as playwright:
        await install(tmp_path, url)
        async with started(tmp_path, url, display, playwright, chromium(tmp_path)) as hall:
            await opened(hall)
            clean = await picture(hall, still_s=REFERENCE_STILL_S)
            kill_browser(tmp_path)
            assert await asyncio.wait_for(hall.process.wait(), PATIENCE_S) == 1, "systemd starts the session anew"
        assert list((tmp_path / "run").glob("profile-*")) == [], "nothing is left that could be restored"
        async with started(tmp_path, url, display, playwright, chromium(tmp_path)) as hall:
            await opened(hall)
            deadline = asyncio.get_running_loop().time() + PATIENCE_S
            while box := changed(clean, await picture(hall)):  # what a bubble covers would never be the same
                assert asyncio.get_running_loop().time() < deadline, f"the page differs in {box}"
            for _ in range(WATCHED_S):
                await asyncio.sleep(1)
                assert changed(clean, await picture(hall)) is None
            for x in range(704, 1024, 80):
                for y in (40, 112, 210):
                    await hall.click(x, y)
            assert await whereabouts(hall) == []
            assert hall.process.returncode is None
