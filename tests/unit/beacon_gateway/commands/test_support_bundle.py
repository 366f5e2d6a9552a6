"""`support-bundle`: values planted in settings, keys, log, metrics and health never reach the archive."""

import asyncio
import json
import tarfile
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from beacon_gateway.commands.support_bundle import collect, write
from beacon_gateway.doctor.redaction import HIDDEN, Redactor
from beacon_gateway.store.identity import Enrolment, Keys, open_identity
from daemonkit.web import WebRules, guarded_app, serving
from tests.paths import ROOT
from tests.unit.beacon_gateway.doctor.test_planted_faults import FILES, PROGRAMS, AnsweringMachine

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SECRETS = (
    *(
        "0595-8888 7777",
        "王小明",
        "王小明的胸卡",
        "4417",
        "mqtt-user-x",
        "broker-Pass-9",
        "13812345678",
        "0595-22771234",
    ),
    *("K7QD-9M2X", "AAAA-BBBB-CCCC-DDDD", "6222021234567890123", "11010519491231002X", "lily@example.cn"),
    *("DC:A6:32:01:02:03", "192.168.3.77", "fe80::1234:5678", "s3cr3t-token-value", "8134 6029", "ticket.abc_DEF-123"),
    *("hunter2", "0123456789abcdef0123456789abcdef", "return=yes", "admin:pw"),
)
LOG = """\
2026-06-01T08:00:00+0800 beacon-gateway[7]: 王小明的胸卡 near; call 0595-8888 7777 or 13812345678 or 0595-22771234
2026-06-01T08:00:01+0800 beacon-gateway[7]: radio.fault code=K7QD-9M2X enrol AAAA-BBBB-CCCC-DDDD typed 8134 6029
2026-06-01T08:00:02+0800 beacon-gateway[7]: card 6222021234567890123 id 11010519491231002X mail lily@example.cn
2026-06-01T08:00:03+0800 bluetoothd[9]: DC:A6:32:01:02:03 from 192.168.3.77 and fe80::1234:5678
2026-06-01T08:00:04+0800 beacon-gateway[7]: {"token": "s3cr3t-token-value", "password": "hunter2"}
2026-06-01T08:00:05+0800 beacon-gateway[7]: GET https://admin:pw@give.example.org/t/ticket.abc_DEF-123?return=yes
2026-06-01T08:00:06+0800 beacon-gateway[7]: intent 0123456789abcdef0123456789abcdef user mqtt-user-x broker-Pass-9
2026-06-01T08:00:07+0800 beacon-gateway[7]: stage.restarting stage=sync wait=5 reason=no_answer
"""
SETTINGS = """
[mqtt]
host = "127.0.0.1"
username = "mqtt-user-x"
password_file = "{password}"

[[beacons]]
uuid = "7e3e8993-1098-40d2-922e-c99d59e588b7"
major = 4417
minor = 9
kind = "person"
label = "王小明的胸卡"
tag_class = "volunteer-card"
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A device with secrets in its settings, key file and journal; the settings' path."""
    password = tmp_path / "password"
    password.write_text("broker-Pass-9\n")
    text = (ROOT / "config/demo/gateway.toml").read_text("utf-8")
    text = text.replace("0595-0000 0000", "0595-8888 7777").replace("华大社区党支部", "王小明")
    config = tmp_path / "gateway.toml"
    config.write_text(text + SETTINGS.format(password=password))
    (tmp_path / "state").mkdir(mode=0o700)
    open_identity(tmp_path / "state/identity.json")
    keys = Keys(tmp_path / "state")
    catalogue_key = urlsafe_b64encode(bytes(range(200, 232))).decode().rstrip("=")
    enrolment = Enrolment("https://give.example.org", catalogue_key, "huada", "hall", "c0de" * 16)
    keys.store_enrolment("0102030405060708", keys.prepare(), enrolment)
    (tmp_path / "journal").write_text(LOG)
    for name, script in (PROGRAMS | {"journalctl": f"cat {tmp_path}/journal"}).items():
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    for file, content in FILES.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(content)
    return config


async def test_no_planted_value_reaches_the_archive_and_what_helps_does(site: Path) -> None:
    folder = site.parent
    metrics = 'beacon_gateway_place_received{label="王小明的胸卡"} 1.0\nbeacon_gateway_radio_frames_total 12345678\n'
    health = {"ok": False, "store": "disk_full", "note": "王小明 13812345678", "screen": {"silent_s": 1}}
    app = guarded_app(WebRules(allowed_hosts=frozenset({"127.0.0.1"}), secret=b"only for tests"))

    async def serve_metrics(_request: web.Request) -> web.Response:
        return web.Response(text=metrics)

    async def serve_health(_request: web.Request) -> web.Response:
        return web.json_response(health, status=503)

    app.router.add_get("/metrics", serve_metrics)
    app.router.add_get("/healthz", serve_health)
    machine = AnsweringMachine(folder, f"{folder}/bin:/bin:/usr/bin")
    async with serving(app, "127.0.0.1", 0) as url:
        files, redactor = await asyncio.to_thread(collect, site, folder / "state", 100, url, machine, NOW)
    everything = "\n".join(files.values())
    identity = json.loads((folder / "state/identity.json").read_text())
    keys = (identity["key"], identity["enrolment"]["catalogue_key"], identity["enrolment"]["code"])
    assert [each for each in (*SECRETS, *keys) if each in everything] == []
    assert redactor.hidden >= len(SECRETS)

    assert "stage.restarting stage=sync wait=5 reason=no_answer" in files["journal.txt"]
    assert files["journal.txt"].count("2026-06-01T08:00:0") == 8, "times stay"
    assert "beacon_gateway_radio_frames_total 12345678" in files["metrics.txt"]
    assert 'label="beacon-2"' in files["metrics.txt"]
    assert "disk_full" in files["doctor.txt"]
    settings = json.loads(files["settings.json"])
    assert (settings["kiosk"]["port"], settings["site"]["environment"]) == (8080, "drill")
    assert settings["advertise"]["uuid"] == "7e3e8993-1098-40d2-922e-c99d59e588b7"
    assert (settings["central"]["url"], settings["site"]["contact_phone"]) == ("http://127.0.0.1:8040", HIDDEN)
    assert json.loads(files["versions.json"])["bluez"] == "bluetoothctl: 5.82"


def test_the_faults_of_refused_settings_contain_no_value_of_the_file(site: Path) -> None:
    text = site.read_text("utf-8")
    for value, broken in (('"王小明的胸卡"', "王小明的胸卡"), ("major = 4417", 'major = "王小明 4417"')):
        site.write_text(text.replace(value, broken))
        machine = AnsweringMachine(site.parent, f"{site.parent}/bin:/bin:/usr/bin")
        files, _ = collect(site, site.parent / "state", 100, "http://127.0.0.1:1", machine, NOW)
        assert "gateway.toml:" in files["settings.json"]
        assert [each for each in SECRETS if each in "\n".join(files.values())] == []


def test_the_archive_is_private_and_never_replaces_a_file(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = site.parent / "bundle.tar.gz"
    nobody = "http://127.0.0.1:1"
    assert write(site, site.parent / "state", target, 0, nobody, True) == 0
    answer = json.loads(capsys.readouterr().out)
    with tarfile.open(target) as archive:
        assert [each.name.rpartition("/")[2] for each in archive] == answer["contents"]
    assert target.stat().st_mode & 0o777 == 0o600
    before = target.read_bytes()
    assert write(site, site.parent / "state", target, 0, nobody, False) == 1
    assert target.read_bytes() == before
    assert "bundle.tar.gz" in capsys.readouterr().err


def test_ordinary_texts_stay() -> None:
    text = (
        'File "/usr/lib/python3/dist-packages/beacon_gateway/store/database.py", line 12, in _transact\n'
        "12:34:56 advert 7e3e8993-1098-40d2-922e-c99d59e588b7/1/1 on 127.0.0.1:8080 rssi=-71 uptime 86400 s, 2026-12-03"
    )
    redactor = Redactor()
    assert (redactor.hide(text), redactor.hidden) == (text, 0)
