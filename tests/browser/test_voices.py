"""Test reading aloud: a recording takes precedence over a synthetic voice and follows the page."""

import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from beacon_gateway.kiosk.app import kiosk_app
from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.model.reasons import PersonTag
from beacon_gateway.presence.choice import Chosen
from daemonkit.web import WebRules, serving
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from kiosk_ui.voices import Voices
from sync_contract.records import Door
from sync_contract.strict_model import Environment
from tests.browser.conftest import OpenPage, run_first
from tests.browser.fake_giving import FakeGiving, FakeProjects
from tests.browser.projects import SITE
from tests.browser.test_accessible import violations

pytestmark = pytest.mark.asyncio(loop_scope="session")
PLAYING = "() => [!sound.paused, new URL(sound.src).pathname]"
HEARD = """
    const play = Audio.prototype.play;
    Audio.prototype.play = function () { window.sound = this; return play.call(this); };
"""


def record(folder: Path, name: str) -> None:
    """Twenty seconds of silence. Browsers look into a file, not at its name."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 8000 * 20)


@pytest_asyncio.fixture(loop_scope="session")
async def hall(tmp_path: Path) -> AsyncIterator[tuple[str, CurrentScene]]:
    for name in ("zh/help.ogg", "nan/help.ogg", "zh/attract-elder-lunch.ogg", "en/help.ogg"):
        record(tmp_path, name)
    current_scene, projects = CurrentScene(), FakeProjects()
    app = kiosk_app(
        current_scene=current_scene,
        projects=projects,
        giving=FakeGiving(projects),
        pages=Pages(environment=Environment.drill, site=SITE, surface=Surface.kiosk, voices=Voices([tmp_path])),
        rules=WebRules(frozenset({"127.0.0.1"}), b"only for tests", requests_per_second=1000, burst=1000),
        health=lambda: {"ok": True},
    )
    async with serving(app, "127.0.0.1", 0) as url:
        yield url, current_scene


async def wants_to_hear(page: Page, url: str) -> None:
    await run_first(page, HEARD)
    await page.goto(f"{url}/display?back=/help")
    await page.click("[name=aloud][value=yes]")
    await expect(page.locator("[aria-pressed=true][name=aloud]")).to_have_attribute("value", "yes")


async def test_a_recorded_voice_is_played_and_stops_at_the_next_touch(
    open_page: OpenPage, hall: tuple[str, CurrentScene]
) -> None:
    page = await open_page(1280, 800)
    await wants_to_hear(page, hall[0])
    await page.goto(f"{hall[0]}/help")
    assert await violations(page) == []
    await page.click("#aloud")
    assert await page.evaluate(PLAYING) == [True, "/voices/zh/help.ogg"]
    await page.click("#aloud-nan")
    assert await page.evaluate("sound.paused"), "a second touch is: stop"
    await page.click("#aloud-nan")
    assert await page.evaluate(PLAYING) == [True, "/voices/nan/help.ogg"]
    await page.click("[name=language][value=en]")
    await expect(page.locator("#aloud-nan")).to_be_hidden()
    await page.click("#aloud")
    assert await page.evaluate(PLAYING) == [True, "/voices/en/help.ogg"]


async def test_what_is_offered_follows_the_scene(open_page: OpenPage, hall: tuple[str, CurrentScene]) -> None:
    page = await open_page(1280, 800)
    url, current_scene = hall
    await wants_to_hear(page, url)
    await page.goto(url)
    await expect(page.locator(".projects")).to_have_count(1)
    await expect(page.locator("#aloud")).to_be_hidden()  # nothing recorded, and this machine has no voice
    current_scene.show(Chosen("elder-lunch", None, Door.tag, PersonTag()))
    await expect(page.locator("#aloud")).to_be_visible()
    for _ in range(60):  # the page ignores touches just after it changed by itself
        await page.click("#aloud")
        if await page.evaluate("'sound' in window"):
            break
    assert await page.evaluate(PLAYING) == [True, "/voices/zh/attract-elder-lunch.ogg"]


async def test_who_did_not_ask_for_it_sees_no_button(open_page: OpenPage, hall: tuple[str, CurrentScene]) -> None:
    page = await open_page(1280, 800)
    await page.goto(f"{hall[0]}/help")
    await expect(page.locator("#aloud, #aloud-nan, #voices")).to_have_count(0)


async def test_without_a_clip_and_without_a_voice_nothing_promises_to_read(
    open_page: OpenPage, hall: tuple[str, CurrentScene], kiosk_url: str
) -> None:
    """Neither the choice, nor a button for who has made it where it was offered."""
    page = await open_page(1280, 800)
    for url, offered in ((hall[0], True), (kiosk_url, False)):
        await page.goto(f"{url}/display?back=/help")
        assert await page.evaluate("speechSynthesis.getVoices().filter((each) => each.localService).length") == 0
        await expect(page.locator("#speaks")).to_be_visible(visible=offered)
    await wants_to_hear(page, hall[0])
    for path in ("/privacy", "/project/elder-lunch", "/project/elder-lunch/amount", "/contact", "/nowhere"):
        await page.goto(hall[0] + path)
        await expect(page.locator("#aloud")).to_have_count(1)
        await expect(page.locator("#aloud, #aloud-nan").locator("visible=true")).to_have_count(0)
