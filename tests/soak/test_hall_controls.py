"""Controls of the tests of the hall screen: without the kiosk's settings, what they look for happens and is seen."""

import asyncio
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
    screen,
    shown,
    started,
    whereabouts,
    x_server,
)
from tests.browser.test_kiosk_crash import kill_browser, still_kiosk
from tests.browser.test_kiosk_machine import LETTERS

pytestmark = pytest.mark.asyncio(loop_scope="session")


def careless(folder: Path) -> Path:
    """The same Chromium as at a desk: in a window, one profile for good, and it may speak of its end."""
    wrapper = folder / "careless-chromium"
    wrapper.write_text(
        "#!/bin/sh\n"
        "for word do shift; case $word in\n"
        f'--user-data-dir=*) set -- "$@" --user-data-dir={folder}/run/profile-kept ;;\n'
        "--kiosk | --hide-crash-restore-bubble) ;;\n"
        '*) set -- "$@" "$word" ;; esac; done\n'
        f'exec {chromium(folder)} "$@"\n'
    )
    wrapper.chmod(0o755)
    return wrapper


async def test_a_browser_at_a_desk_that_was_killed_is_seen_to_speak_of_it(tmp_path: Path) -> None:
    """What test_kiosk_crash.py looks for."""
    async with still_kiosk().serve() as url, x_server() as display, async_playwright() as playwright:
        await install(tmp_path, url)
        desk = careless(tmp_path)
        preferences = tmp_path / "run" / "profile-kept" / "Default" / "Preferences"
        async with started(tmp_path, url, display, playwright, desk) as hall:
            await opened(hall)
            clean = await picture(hall)
            async with asyncio.timeout(PATIENCE_S):
                while not preferences.exists() or '"exit_type":"Crashed"' not in preferences.read_text():
                    await asyncio.sleep(0.2)
            kill_browser(tmp_path)
            await asyncio.wait_for(hall.process.wait(), PATIENCE_S)
        (tmp_path / "run" / "profile-kept" / "DevToolsActivePort").unlink()
        async with started(tmp_path, url, display, playwright, desk) as hall:
            async with asyncio.timeout(PATIENCE_S):
                while not (box := changed(clean, await picture(hall))) or box[0] < 512 or box[3] - box[1] < 100:
                    await asyncio.sleep(0.2)


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
