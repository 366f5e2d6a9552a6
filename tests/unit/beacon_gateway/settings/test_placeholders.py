"""Where gifts are real, both servers refuse every placeholder of the shipped files; in a drill they name it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import central_server.settings
from beacon_gateway.commands.check_config import check_config
from beacon_gateway.settings import Settings
from central_server.commands import check_config as central_check_config
from daemonkit.toml import ConfigRefused, load
from sync_contract.placeholders import PlaceholderKind, classify_placeholder
from tests.paths import ROOT

CONFIG = ROOT / "config"
LINK = 'kind = "link"\nlink_url = "https://donate.example.org/{project}"\nlink_hosts = ["donate.example.org"]'
GATEWAY_KEYS = [
    "advertise.uuid",
    "beacons[0].uuid",
    "beacons[1].uuid",
    *(f"projects[0].story.{language}" for language in ("zh-Hans", "zh-Hant", "en")),
    *(f"projects[0].payee.{language}" for language in ("zh-Hans", "zh-Hant", "en")),
    *(f"projects[0].permit.{key}" for key in ("organisation", "certificate", "filing", "area")),
    "handoff.link_url",
    "handoff.link_hosts[0]",
]


def keys(text: str) -> Iterator[str]:
    return (line.split(": ")[1] for line in text.splitlines())


def test_the_shipped_gateway_file_is_refused_for_real_gifts_and_named_in_a_drill(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drill, real = CONFIG / "gateway.toml", tmp_path / "gateway.toml"
    assert check_config(drill, tmp_path) == 0
    out, warnings = capsys.readouterr()
    assert "the settings are valid" in out
    assert sorted(keys(warnings)) == sorted(GATEWAY_KEYS)
    assert "allowed in a drill only" in warnings
    real.write_text(drill.read_text("utf-8").replace('environment = "drill"', 'environment = "real"'), "utf-8")
    assert check_config(real, tmp_path) == 78
    assert sorted(keys(capsys.readouterr().err)) == sorted(GATEWAY_KEYS)


def test_the_shipped_central_file_is_refused_for_real_gifts_and_named_in_a_drill(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drill, real = CONFIG / "central.toml", tmp_path / "central.toml"
    expected = sorted([key for key in GATEWAY_KEYS if key.startswith("projects")] + ["bindings[0].uuid"])
    assert central_check_config.run(drill) == 0
    assert sorted(keys(capsys.readouterr().err)) == expected
    text = re.sub(r'kind = "sandbox"\nurl|kind = "sandbox"\n(?=#)', f"{LINK}\n", drill.read_text("utf-8"), count=1)
    drill_bank = r'url = "http://127.0.0.1:8041"|credentials = "/var/lib/beacon-drill-bank"'
    text = re.sub(rf'(?m)^({drill_bank}|link_url = ""|link_hosts = \[\])$', "", text).replace('"drill"', '"real"', 1)
    real.write_text(text, "utf-8")
    assert central_check_config.run(real) == 78
    assert sorted(keys(capsys.readouterr().err)) == sorted([*expected, "bank.link_hosts[0]", "bank.link_url"])


@pytest.mark.parametrize(
    ("file", "model"), [("gateway.toml", Settings), ("central.toml", central_server.settings.Settings)]
)
def test_the_demo_names_its_payee_papers_and_beacons_as_placeholders(
    tmp_path: Path, file: str, model: type[Settings]
) -> None:
    """So a copy of it never takes real gifts."""
    settings = load(CONFIG / "demo" / file, model)
    found = {each.got for each in settings.placeholders()}
    for project in settings.projects:
        if permit := project.permit:
            payee = {project.payee.zh_hans, project.payee.zh_hant, project.payee.en}
            assert payee | {permit.organisation, permit.certificate, permit.filing, permit.area} <= found
    uuids = {str(beacon.uuid) for beacon in getattr(settings, "beacons", ())}
    assert uuids <= found


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("https://donate.example.org/{project}?amount={amount_yuan}", PlaceholderKind.host),
        ("http://a.b.example:8443", PlaceholderKind.host),
        ("alerts@example.com", PlaceholderKind.host),
        (".example.net", PlaceholderKind.host),
        ("EXAMPLE.ORG", PlaceholderKind.host),
        ("1AE1B83F-2B0D-41D8-8486-E4A5492B2EC0", PlaceholderKind.uuid),
        ("泉州市慈善总会", None),
        ("https://example.org.cn/give", None),
        ("https://my-example.org/give", None),
        ("an example", None),
        ("We fill in forms for elders.", None),
        ("消防演练-演练区域图", None),
    ],
)
def test_only_placeholders_are_recognised(text: str, kind: PlaceholderKind | None) -> None:
    assert classify_placeholder(text) is kind


def test_one_placeholder_left_over_is_refused_with_its_line(tmp_path: Path) -> None:
    text = (CONFIG / "gateway.toml").read_text("utf-8").replace('"drill"', '"real"', 1)
    for placeholder, real in (
        ("1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0", "9d1c8a44-7f0e-4b63-9c55-2f6d1be0a7e3"),
        ("donate.example.org", "give.internal"),
        ("(请填写)", ""),
        ("(請填寫)", ""),
        (" (fill in)", ""),
    ):
        text = text.replace(placeholder, real)
    (tmp_path / "gateway.toml").write_text(text, "utf-8")
    load(tmp_path / "gateway.toml", Settings)
    line = text[: text.index("filing = ")].count("\n") + 1
    (tmp_path / "gateway.toml").write_text(text.replace('备案编号"', '备案编号(请填写)"'), "utf-8")
    with pytest.raises(ConfigRefused, match=rf":{line}: projects\[0\]\.permit\.filing: 是随软件附带的占位文字"):
        load(tmp_path / "gateway.toml", Settings)
