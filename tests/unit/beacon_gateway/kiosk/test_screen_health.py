"""Test the screen's signs of life and the policy of its browser."""

import json
from pathlib import Path

import aiohttp
import pytest

from beacon_gateway.commands.kiosk_policy import kiosk_policy
from beacon_gateway.commands.kiosk_session import kiosk_session
from beacon_gateway.kiosk.browser import kiosk_origin
from beacon_gateway.kiosk.screen_health import ScreenHealth, ScreenStatus
from beacon_gateway.settings import OnlyKiosk
from daemonkit.toml import load
from daemonkit.web import WebRules, guarded_app, serving
from tests.browser.fake_giving import FakeKiosk


async def test_signs_of_life_set_the_screen_status() -> None:
    at = 100.0
    screen = ScreenHealth(now=lambda: at)
    app = guarded_app(WebRules(frozenset({"127.0.0.1"}), b"only for tests"))
    app.router.add_post("/alive", screen.record_sign_of_life())
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession() as http:
        at = 130.0
        assert screen.status() == ScreenStatus(silent_s=30.0, behind_s=0.0)
        await http.post(f"{url}/alive?behind=1")
        at = 135.0
        await http.post(f"{url}/alive?behind=1")
        at = 137.0
        assert screen.status() == ScreenStatus(silent_s=2.0, behind_s=7.0)
        await http.post(f"{url}/alive")
        assert screen.status() == ScreenStatus(silent_s=0.0, behind_s=0.0)


async def test_healthz_shows_the_screen_and_ignores_other_sites() -> None:
    async with FakeKiosk().serve() as url, aiohttp.ClientSession() as http:
        async with http.post(f"{url}/alive?behind=1", headers={"Origin": "https://evil.example"}) as refused:
            assert refused.status == 403
        async with http.post(f"{url}/alive") as result:
            assert result.status == 204
            assert "Set-Cookie" not in result.headers
        async with http.get(f"{url}/healthz") as health:
            assert (await health.json())["screen"]["behind_s"] == 0


def test_the_policy_is_of_the_settings_port_and_written_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, policy = tmp_path / "gateway.toml", tmp_path / "managed" / "beacon-kiosk.json"
    config.write_text("[site]\nnonsense = 1\n[kiosk]\nport = 8123\n")
    assert kiosk_policy(config, policy) == 0
    assert json.loads(policy.read_text())["URLAllowlist"] == ["http://127.0.0.1:8123"]
    before = policy.stat()
    assert kiosk_policy(config, policy) == 0
    assert policy.stat().st_ino == before.st_ino
    assert kiosk_policy(config, None) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(policy.read_text())


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),
        ("::", "http://[::1]:8123"),
        ("fd00::1", "http://[fd00::1]:8123"),
        ("192.168.1.20", "http://192.168.1.20:8123"),
        ("pi.local", "http://pi.local:8123"),
    ],
)
def test_the_browser_goes_where_the_gateway_listens_and_nowhere_else(tmp_path: Path, host: str, origin: str) -> None:
    config, written = tmp_path / "gateway.toml", tmp_path / "policy.json"
    config.write_text(f'[kiosk]\nhost = "{host}"\nport = 8123\n')
    assert kiosk_policy(config, written) == 0
    assert json.loads(written.read_text())["URLAllowlist"] == [origin]
    kiosk = load(config, OnlyKiosk).kiosk
    assert kiosk_origin(kiosk.host, kiosk.port) == origin


@pytest.mark.parametrize(
    ("section", "text"),
    [("port = 0", "kiosk.port"), ("rotation = 45", "kiosk.rotation"), ('dark = ["25:00-06:00"]', "kiosk.dark[0]")],
)
def test_invalid_screen_settings_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], section: str, text: str
) -> None:
    config = tmp_path / "gateway.toml"
    config.write_text(f"[kiosk]\n{section}\n")
    assert kiosk_policy(config, None) == 78
    assert text in capsys.readouterr().err
    if "port" not in section:
        assert kiosk_session(config, "chromium") == 78
