"""Test which recording is found for a page and which files are ignored."""

from pathlib import Path

import aiohttp
import pytest

from beacon_gateway.kiosk.pages.files import voice_recording
from daemonkit.web import WebRules, guarded_app, serving
from kiosk_ui.display_preferences import DisplayPreferences
from kiosk_ui.giving_views import AmountPage
from kiosk_ui.hall_views import Attract, ProjectPage
from kiosk_ui.help_views import DisplayPage, HelpPage
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from kiosk_ui.voices import MAX_BYTES, MAX_FILES, Voices, recording_keys
from sync_contract.permit import PermitReason
from sync_contract.strict_model import Environment, Language
from tests.browser.projects import LUNCH, PROJECTS, SITE


def record(folder: Path, name: str, content: bytes = b"sound") -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def test_the_most_particular_recording_of_a_page_is_told(tmp_path: Path) -> None:
    record(tmp_path, "zh/project.ogg")
    record(tmp_path, "zh/project-elder-lunch.mp3")
    record(tmp_path, "nan/project.ogg")
    record(tmp_path, "en/help.ogg")
    voices = Voices([tmp_path])
    lunch = recording_keys(ProjectPage(LUNCH, True, PermitReason.holds))
    result = voices.urls(lunch, Language.zh_hant)
    assert {name: url.partition("?")[0] for name, url in result.items()} == {
        "own": "/voices/zh/project-elder-lunch.mp3",
        "nan": "/voices/nan/project.ogg",
    }
    assert voices.urls(lunch, Language.en) == {}
    assert [*voices.urls(recording_keys(HelpPage()), Language.en)] == ["own"]


def test_each_page_has_a_key_of_its_own() -> None:
    assert recording_keys(AmountPage(LUNCH, "k")) == ("amount-elder-lunch", "amount")
    assert recording_keys(AmountPage(LUNCH, "k", "")) == ("keypad-elder-lunch", "keypad")
    assert recording_keys(Attract(PROJECTS)) == ("attract",)
    assert recording_keys(Attract(PROJECTS, LUNCH)) == ("attract-elder-lunch", "attract")


def test_a_sites_own_recording_goes_before_that_of_the_package_and_changes_its_address(tmp_path: Path) -> None:
    record(tmp_path / "own", "zh/help.mp3", b"ours")
    record(tmp_path / "package", "zh/help.ogg", b"theirs")
    voices = Voices([tmp_path / "own", tmp_path / "package"])
    before = voices.urls(("help",), Language.zh_hans)["own"]
    assert before.startswith("/voices/zh/help.mp3?v=")
    record(tmp_path / "own", "zh/help.mp3", b"ours, again")
    assert Voices([tmp_path / "own"]).urls(("help",), Language.zh_hans)["own"] != before


def test_what_is_no_recording_is_left_out(tmp_path: Path) -> None:
    for name in ("zh/help.wav", "zh/../evil.ogg", "zh/Help.ogg", "zh/he lp.ogg", "yue/help.ogg", "help.ogg", "zh/.ogg"):
        record(tmp_path, name)
    record(tmp_path, "zh/empty.ogg", b"")
    record(tmp_path, "zh/long.ogg", b"x" * (MAX_BYTES + 1))
    (tmp_path / "zh" / "folder.ogg").mkdir()
    voices = Voices([tmp_path, tmp_path / "nowhere"])
    for key in ("help", "Help", "he lp", "empty", "long", "folder", "evil", ""):
        assert voices.urls((key,), Language.zh_hans) == {}


def test_there_are_never_too_many(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        record(tmp_path, f"en/n{number:04}.ogg")
    voices = Voices([tmp_path])
    assert sum(bool(voices.find("en", f"n{number:04}.ogg")) for number in range(MAX_FILES + 1)) == MAX_FILES


async def test_only_recordings_are_served(tmp_path: Path) -> None:
    record(tmp_path, "nan/help.ogg", b"a voice")
    record(tmp_path, "nan/secret.txt")
    voices = Voices([tmp_path])
    app = guarded_app(WebRules(frozenset({"127.0.0.1"}), b"only for tests"))
    app.router.add_get("/voices/{voice}/{name}", voice_recording(voices))
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as http:
        address = voices.urls(("help",), Language.zh_hans)["nan"]
        async with http.get(url + address) as answer:
            assert (answer.status, answer.content_type, await answer.read()) == (200, "audio/ogg", b"a voice")
            assert "immutable" in answer.headers["Cache-Control"]
            assert "media-src 'self'" in answer.headers["Content-Security-Policy"]
        async with http.get(url + address, headers={"Range": "bytes=2-4"}) as part:
            assert (part.status, await part.read()) == (206, b"voi")
        async with http.get(url + address.partition("?")[0]) as plain:
            assert plain.headers["Cache-Control"] == "no-cache"
        for path in (
            "nan/secret.txt",
            "nan/help.mp3",
            "nan/help",
            "zh/help.ogg",
            "yue/help.ogg",
            "nan/..%2fsecret.txt",
        ):
            async with http.get(f"{url}/voices/{path}") as refused:
                assert refused.status == 404, path


@pytest.mark.parametrize("aloud", [True, False])
def test_a_page_names_its_recordings_only_to_who_wants_to_hear_them(tmp_path: Path, aloud: bool) -> None:
    record(tmp_path, "zh/help.ogg")
    pages = Pages(environment=Environment.drill, site=SITE, surface=Surface.kiosk, voices=Voices([tmp_path]))
    display = DisplayPreferences(aloud=aloud)
    html = pages.render_page(HelpPage(), Language.zh_hans, display=display)
    assert ("/voices/zh/help.ogg?v=" in html) is aloud
    assert ("/voices/zh/help.ogg?v=" in pages.render_main(HelpPage(), Language.zh_hans, display=display)) is aloud


def test_the_choice_is_offered_only_in_a_language_for_which_something_is_recorded(tmp_path: Path) -> None:
    """Else a voice of this machine may offer it: the page's script looks for one."""
    record(tmp_path, "nan/help.ogg")
    pages = Pages(environment=Environment.drill, site=SITE, surface=Surface.kiosk, voices=Voices([tmp_path]))
    for language in Language:
        html = pages.render_page(DisplayPage(DisplayPreferences(), "/"), language)
        assert '<fieldset id="speaks" hidden' in html
        assert ("data-recorded" in html) is (language is not Language.en)
