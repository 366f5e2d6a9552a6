"""Each fault of a gateway's TOML is reported with its line and key."""

import re
from pathlib import Path
from uuid import UUID

import pytest

from beacon_gateway.commands.check_config import check_config
from beacon_gateway.settings import AdvertiseMode, Settings
from beacon_gateway.settings_mapping import site_addresses, web_rules
from daemonkit.toml import ConfigRefused, load
from sync_contract.catalogue import BeaconKind
from sync_contract.records import HandoffKind
from sync_contract.strict_model import Environment

MINIMAL = """\
[site]
community = { zh-Hans = "华大社区", zh-Hant = "華大社區", en = "Huada Community" }
environment = "real"

[handoff]
kind = "link"
link_url = "https://give.internal/{project}?yuan={amount_yuan}&ref={intent}"
link_hosts = ["give.internal"]

[central]
url = ""

[advertise]
enabled = true
uuid = "9d1c8a44-2b0d-41d8-8486-2f6d1be0a7e3"
major = 1
minor = 2
project = "lunch"

[presence]
near_m = 4

[[projects]]
id = "lunch"
title = { zh-Hans = "午餐", zh-Hant = "午餐", en = "Lunch" }
summary = { zh-Hans = "午餐", zh-Hant = "午餐", en = "Lunch" }
story = { zh-Hans = "午餐", zh-Hant = "午餐", en = "Lunch" }
payee = { zh-Hans = "慈善会", zh-Hant = "慈善會", en = "Charity" }
amounts_fen = [1000, 3000]

[[beacons]]
uuid = "9d1c8a44-2b0d-41d8-8486-2f6d1be0a7e3"
major = 1
minor = 3
kind = "place"
label = "east gate"
project = "lunch"

[[beacons]]
uuid = "9d1c8a44-2b0d-41d8-8486-2f6d1be0a7e3"
major = 1
minor = 4
kind = "person"
label = "card"
tag_class = "volunteer-card"
"""
UUID_TEXT, NIL = "9d1c8a44-2b0d-41d8-8486-2f6d1be0a7e3", "00000000-0000-0000-0000-000000000000"
UNBINDABLE = ("127.0.0.1:80", "999.1.1.1", "127.1", "0x7f.0x1", "::1::", "[::1]", "http://x", "a b", "-a", "*", "")
SECOND_PROJECT = MINIMAL[MINIMAL.index("[[projects]]") : MINIMAL.index("[[beacons]]")]


def pays_for(fen: int, zh_hans: str, en: str) -> str:
    """Return TOML with the amounts and what one of them pays for."""
    text = f'{{ zh-Hans = "{zh_hans}", zh-Hant = "午餐", en = "{en}" }}'
    return f"amounts_fen = [1000, 3000]\npays_for = [{{ fen = {fen}, text = {text} }}]"


def changed(old: str, new: str) -> tuple[str, int]:
    """Return the valid file with one change, and the line of the change."""
    assert old in MINIMAL
    at = MINIMAL.index(old)
    return MINIMAL[:at] + new + MINIMAL[at + len(old) :], MINIMAL.count("\n", 0, at) + 1


def faults(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "gateway.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigRefused) as refused:
        load(file, Settings)
    return [str(fault).removeprefix(f"{file}:") for fault in refused.value.faults]


def test_a_valid_file_becomes_settings_with_defaults(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(MINIMAL, "utf-8")
    settings = load(file, Settings)
    assert settings.site.environment is Environment.real
    assert settings.handoff.kind is HandoffKind.link
    assert settings.advertise.uuid == UUID("9d1c8a44-2b0d-41d8-8486-2f6d1be0a7e3")
    assert settings.advertise.mode is AdvertiseMode.broadcast
    assert [beacon.kind for beacon in settings.beacons] == [BeaconKind.place, BeaconKind.person]
    assert (settings.kiosk.host, settings.kiosk.port) == ("127.0.0.1", 8080)
    assert settings.radio.silence_s == 30
    assert settings.presence.near_m == 4.0
    with pytest.raises(ValueError, match="frozen"):
        settings.kiosk.port = 1  # type: ignore[misc]  # the assignment must fail


def test_the_site_page_has_its_addresses_and_allowed_hosts(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    lan = '[kiosk]\nsite = "lan"\nhost = "0.0.0.0"\nport = 8123\nallowed_hosts = ["pi.local", "192.168.1.20:80"]\n'
    file.write_text(f"{MINIMAL}\n{lan}", "utf-8")
    settings = load(file, Settings)
    assert site_addresses(settings) == ("http://pi.local:8123/site", "http://192.168.1.20:80/site")
    assert web_rules(settings, b"only for tests").allowed_hosts == {
        "127.0.0.1",
        "localhost",
        "pi.local",
        "192.168.1.20:80",
    }
    file.write_text(f'{MINIMAL}\n[kiosk]\nsite = "lan"\nhost = "fd00::1"\n', "utf-8")
    settings = load(file, Settings)
    assert site_addresses(settings) == ("http://[fd00::1]:8080/site",)
    assert web_rules(settings, b"only for tests").allowed_hosts == {"127.0.0.1", "localhost", "[fd00::1]"}


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::", "fd00::1", "localhost", "pi-4.local", "kiosk"])
def test_a_name_or_address_to_listen_on_is_accepted(tmp_path: Path, host: str) -> None:
    (tmp_path / "gateway.toml").write_text(f'{MINIMAL}\n[kiosk]\nhost = "{host}"\n', "utf-8")
    assert load(tmp_path / "gateway.toml", Settings).kiosk.host == host


def test_a_gateway_that_only_listens_needs_no_advert(tmp_path: Path) -> None:
    start, end = MINIMAL.index("[advertise]"), MINIMAL.index("[presence]")
    (tmp_path / "gateway.toml").write_text(MINIMAL[:start] + MINIMAL[end:], "utf-8")
    assert not load(tmp_path / "gateway.toml", Settings).advertise.enabled


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        (
            "major = 1",
            "major = 65536",
            "advertise.major",
            "must be less than or equal to 65535 (0 to 65535) (got 65536)",
        ),
        (
            "major = 1",
            'major = "1"',
            "advertise.major",
            '不加引号,如 1 must be a valid integer, without quotation marks, such as 1 (got "1")',
        ),
        ("major = 1", "major = true", "advertise.major", "must be a valid integer (got true)"),
        ("2b0d-", "zzzz-", "advertise.uuid", "must be a valid UUID"),
        ("minor = 2", "minor = 2\nmeasured_power = -128", "advertise.measured_power", "greater than or equal to -127"),
        (
            "minor = 2",
            "minor = 2\ninterval_ms = 19",
            "advertise.interval_ms",
            "greater than or equal to 20 (20 to 10240) (got 19)",
        ),
        ("minor = 2", 'minor = 2\nadapter = "eth0"', "advertise.adapter", '应如 "hci0"(或留空) is not written as'),
        ("minor = 2\n", "", "advertise.minor", "is required when enabled"),
        ("minor = 2", "minor = 2\nmimor = 2", "advertise.mimor", "是不是 minor? unknown key; did you mean minor?"),
        ("enabled = true\n", "", "advertise.enabled", "is required"),
        ('project = "lunch"', 'project = "dinner"', "advertise.project", "no [[projects]] has this id"),
        ("near_m = 4", "near_m = 1.5", "presence.near_m", "immediate_m must be less than near_m"),
        ("near_m = 4", "near_m = 0", "presence.near_m", "greater than 0"),
        ('url = ""', 'url = "http://central.internal"', "central.url", "must begin with https://"),
        ('url = ""', 'url = "https://a.internal/path"', "central.url", "without a path"),
        ('url = ""', 'url = "https://me:Zx7@a.internal"', "central.url", "must not contain a user or password"),
        ('url = ""', 'url = "https://a.internal:port"', "central.url", "is not a web address"),
        ('url = ""', 'url = "https://*.bank.internal/"', "central.url", "is not a web address"),
        ('url = ""', 'url = "https://bank internal/"', "central.url", "is not a web address"),
        ('url = ""', 'url = "https://999.1.1.1"', "central.url", "is not a web address"),
        ("https://give.internal", "https://*.internal", "handoff.link_url", "is not a web address"),
        ("https://give.internal", "https://give internal", "handoff.link_url", "is not a web address"),
        ('["give.internal"]', '["give.internal", "..:80"]', "handoff.link_hosts[1]", "is not a host name"),
        ('["give.internal"]', '["give.internal", "give:99999"]', "handoff.link_hosts[1]", "is not a host name"),
        (UUID_TEXT, NIL, "advertise.uuid", "must not be all zeros"),
        (f'{UUID_TEXT}"\nmajor = 1\nminor = 3', f'{NIL}"\nmajor = 1\nminor = 3', "beacons[0].uuid", "all zeros"),
        *(
            ("[presence]", f'[kiosk]\nhost = "{host}"\n[presence]', "kiosk.host", "is not a host name or IP address")
            for host in UNBINDABLE
        ),
        ('url = ""', 'url = ""\ncatalogue_key = "abc"', "central.catalogue_key", "not a public key"),
        ("[presence]", '[kiosk]\nsite = "wan"\n[presence]', "kiosk.site", "must be 'loopback', 'lan' or 'off'"),
        ("[presence]", '[kiosk]\nsite = "lan"\n[presence]', "kiosk.site", "needs a host other than 127.0.0.1"),
        ("[presence]", '[kiosk]\nsite = "lan"\nhost = "::"\n[presence]', "kiosk.site", "needs allowed_hosts"),
        ("[presence]", '[kiosk]\nvoices = "voices"\n[presence]', "kiosk.voices", 'for example "/srv/voices", or empty'),
        ("https://give", "http://give", "handoff.link_url", "must begin with https://"),
        (
            "https://give.",
            "https://evil.",
            "handoff.link_url",
            "leads to evil.internal, which is not one of link_hosts",
        ),
        ("https://give.internal", "https://give.internal:444", "handoff.link_url", "which is not one of link_hosts"),
        ("https://give.internal", "https://give.internal@evil.internal", "handoff.link_url", "a user or password"),
        ("https://give.internal", "https://{project}.internal", "handoff.link_url", "a host without braces"),
        ("{intent}", "{donor}", "handoff.link_url", "nothing else in braces"),
        ("{intent}", "{intent.x}", "handoff.link_url", "nothing else in braces"),
        ("{intent}", "{intent", "handoff.link_url", "an unmatched brace"),
        ('kind = "link"', 'kind = "ticket"', "handoff.kind", "needs [central] url"),
        ("amounts_fen = [1000, 3000]", "amounts_fen = [1000.5, 3000]", "projects[0].amounts_fen[0]", "valid integer"),
        ("amounts_fen = [1000, 3000]", "amounts_fen = []", "projects[0].amounts_fen", "at least 1 item"),
        *(
            ("amounts_fen = [1000, 3000]", f"amounts_fen = [1000]\n{key} = {value}", f"projects[0].{key}", "remove it")
            for key, value in (("helped", "200"), ("help", "[]"), ("phrases", '["a|b"]'), ("elsewhere", "true"))
        ),
        (
            "amounts_fen = [1000, 3000]",
            "amounts_fen = [50]",
            "projects[0].amounts_fen",
            "lie outside min_fen to max_fen",
        ),
        (
            "amounts_fen = [1000, 3000]",
            "amounts_fen = [1]\nmin_fen = 9\nmax_fen = 8",
            "projects[0].min_fen",
            "more than",
        ),
        (
            "amounts_fen = [1000, 3000]",
            pays_for(-3000, "午餐", "lunch"),
            "projects[0].pays_for[0].fen",
            "greater than or equal to 1 (1 to 1000000000) (got -3000)",
        ),
        (
            "amounts_fen = [1000, 3000]",
            pays_for(2000, "午餐", "lunch"),
            "projects[0].pays_for[0].fen",
            "2000 is none of amounts_fen; take one of them, or leave it out",
        ),
        (
            "amounts_fen = [1000, 3000]",
            pays_for(3000, "一二三四五六七八九十一", "lunch"),
            "projects[0].pays_for[0].text.zh-Hans",
            'at most 10 characters (got "一二三四五六七八九十一")',
        ),
        (
            "amounts_fen = [1000, 3000]",
            "amounts_fen = [1000, 3000]\n"
            'pays_for = [{ fen = 3000, text = { zh-Hans = "午餐", zh-Hant = "午餐", en = "lunch" } },'
            ' { fen = 3000, text = { zh-Hans = "晚餐", zh-Hant = "晚餐", en = "supper" } }]',
            "projects[0].pays_for[1].fen",
            "3000 comes twice; leave one of them out",
        ),
        ('id = "lunch"', 'id = "Lunch"', "projects[0].id", '应如 "elder-lunch" is not written as it must be'),
        ("east gate", "", "beacons[0].label", "at least 1 character"),
        (
            'kind = "place"',
            'kind = "place"\ntag_class = "x"',
            "beacons[0].tag_class",
            'is for kind = "person" only',
        ),
        ('tag_class = "volunteer-card"\n', "", "beacons[1].tag_class", 'is required for kind = "person"'),
        (
            'tag_class = "volunteer-card"',
            'tag_class = "volunteer-card"\nproves_radio = true',
            "beacons[1].proves_radio",
            'is for kind = "place" only',
        ),
        ("[presence]", '[radio]\nscan_adapters = ["eth0"]\n[presence]', "radio.scan_adapters[0]", 'for example "hci0"'),
        (
            "[presence]",
            '[radio]\nscan_adapters = ["hci0", "hci0"]\n[presence]',
            "radio.scan_adapters[1]",
            "the same as",
        ),
    ],
)
def test_a_fault_has_its_line_key_and_reason(
    tmp_path: Path, old: str, new: str, key: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text, line = changed(old, new)
    found = faults(tmp_path, text)
    assert len(found) == 1
    fault = re.fullmatch(r"(\d+): (\S+): (.*)", found[0])
    assert fault is not None
    assert fault[2] == key
    assert reason in fault[3]
    assert "Zx7" not in found[0]
    assert abs(int(fault[1]) - line) <= 8  # the table's line when the key is absent
    assert check_config(tmp_path / "gateway.toml", tmp_path) == 78
    assert capsys.readouterr() == ("", f"{tmp_path}/gateway.toml:{found[0]}\n")


def test_the_second_of_two_equal_beacons_has_the_fault(tmp_path: Path) -> None:
    text, _ = changed("minor = 4", "minor = 3")
    line = text[: text.rindex("[[beacons]]")].count("\n") + 1
    reason = "与 beacons[0] 相同 is the same as beacons[0]"
    assert faults(tmp_path, text) == [f'{line}: beacons[1]: {reason} (got "9d1c8a44-2b0d-41d8-8486-2f6d1be0a7e3/1/3")']


def test_the_second_of_two_equal_projects_has_the_fault(tmp_path: Path) -> None:
    text = MINIMAL + "\n" + SECOND_PROJECT
    line = text[: text.rindex('id = "lunch"')].count("\n") + 1
    assert faults(tmp_path, text) == [
        f'{line}: projects[1].id: 与 projects[0] 相同 is the same as projects[0] (got "lunch")'
    ]


def test_faults_of_many_sections_are_reported_together(tmp_path: Path) -> None:
    text = MINIMAL.replace("minor = 4", "minor = 3").replace("near_m = 4", "near_m = 1")
    text = text.replace('project = "lunch"\n\n[[b', 'project = "dinner"\n\n[[b').replace(
        'kind = "link"', 'kind = "ticket"'
    )
    found = faults(tmp_path, text + "\n[kiosk]\nport = 70000\nhots = 1\n")
    keys = [fault.split(": ")[1] for fault in found]
    assert keys == ["handoff.kind", "presence.near_m", "beacons[0].project", "beacons[1]", "kiosk.port", "kiosk.hots"]


def test_with_a_central_server_no_projects_are_needed(tmp_path: Path) -> None:
    text, _ = changed('url = ""', 'url = "https://central.internal"')
    text = text.replace('project = "lunch"', 'project = "dinner"').replace(SECOND_PROJECT, "")
    (tmp_path / "gateway.toml").write_text(text, "utf-8")
    assert load(tmp_path / "gateway.toml", Settings).projects == ()


def test_without_a_server_projects_are_required(tmp_path: Path) -> None:
    found = faults(tmp_path, MINIMAL.replace(SECOND_PROJECT, ""))
    assert any("at least one [[projects]] is needed" in fault for fault in found)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8040", "http://localhost:1", "http://[::1]:8040", "https://a.internal/"]
)
def test_the_central_server_may_be_this_machine_or_https(tmp_path: Path, url: str) -> None:
    text, _ = changed('url = ""', f'url = "{url}"')
    (tmp_path / "gateway.toml").write_text(text, "utf-8")
    assert load(tmp_path / "gateway.toml", Settings).central.url == url.rstrip("/")


def test_a_link_to_this_machine_is_allowed_in_drills_only(tmp_path: Path) -> None:
    text = MINIMAL.replace("https://give.internal/", "http://127.0.0.1:9/").replace(
        'link_hosts = ["give.internal"]\n', ""
    )
    assert [fault.split(": ")[1] for fault in faults(tmp_path, text)] == ["handoff.link_url", "handoff.link_url"]
    (tmp_path / "gateway.toml").write_text(text.replace('"real"', '"drill"'), "utf-8")
    assert load(tmp_path / "gateway.toml", Settings).handoff.link_url.startswith("http://127.0.0.1:9/")


def test_a_valid_file_passes_check_config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "gateway.toml").write_text(MINIMAL, "utf-8")
    assert check_config(tmp_path / "gateway.toml", tmp_path) == 0
    out, err = capsys.readouterr()
    assert "the settings are valid" in out
    assert err == ""
