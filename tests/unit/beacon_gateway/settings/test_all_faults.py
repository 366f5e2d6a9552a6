"""All faults are reported at once, each with an example of a valid value."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from beacon_gateway.settings import OnlyKiosk, Settings
from daemonkit.toml import ConfigRefused, load
from tests.unit.beacon_gateway.settings.test_settings import MINIMAL, SECOND_PROJECT, faults

HAN = re.compile("[\u4e00-\u9fff]")
WORSE = """
[[beacons]]
uuid = "9d1c8a44-2b0d-41d8-8486-2f6d1be0a7e3"
major = 1
kind = "person"
label = "no minor"
project = "dinner"
proves_radio = true

[[beacons]]
uuid = "9d1c8a44-2b0d-41d8-8486-2f6d1be0a7e3"
major = 1
minor = 4
kind = "place"
label = ""
tag_class = "volunteer-card"
projects = ["lunch", "lunch", "supper"]

[radio]
scan_adapters = ["hci0", "eth0", "hci0"]
silence_s = "30"

[kiosk]
site = "lan"
port = 70000

[mqtt]
tls = true
port = 0
password_file = "/etc/beacon-gateway/mqtt-password"
prefix = "home/assistant"
every_s = 90

[volunteering]
check_in = true
"""


def keys(found: list[str]) -> list[str]:
    return [fault.split(": ")[1] for fault in found]


def test_contradictions_are_reported_with_invalid_values(tmp_path: Path) -> None:
    found = faults(tmp_path, MINIMAL + WORSE)
    assert sorted(keys(found)) == sorted(
        [
            "beacons[2].minor",
            "beacons[2].project",
            "beacons[2].proves_radio",
            "beacons[2].tag_class",
            "beacons[3]",
            "beacons[3].label",
            "beacons[3].projects[1]",
            "beacons[3].projects[2]",
            "beacons[3].tag_class",
            "kiosk.port",
            "kiosk.site",
            "mqtt.every_s",
            "mqtt.password_file",
            "mqtt.port",
            "mqtt.prefix",
            "mqtt.tls",
            "mqtt.username",
            "radio.scan_adapters[1]",
            "radio.scan_adapters[2]",
            "radio.silence_s",
            "volunteering.check_in",
        ]
    )


def test_each_fault_is_in_chinese_and_english(tmp_path: Path) -> None:
    for fault in faults(tmp_path, MINIMAL + WORSE):
        reason = fault.split(": ", 2)[2].partition(" (got ")[0]
        assert HAN.search(reason), fault
        assert re.search("[a-z]{2,} [a-z]{2,}|unknown key|is required", reason), fault
        assert "pattern" not in reason


def test_a_fault_in_the_projects_does_not_hide_references_to_them(tmp_path: Path) -> None:
    text = (
        MINIMAL.replace("amounts_fen = [1000, 3000]", "amounts_fen = []")
        .replace("east gate", "")
        .replace('label = ""\nproject = "lunch"', 'label = ""\nproject = "dinner"')
    )
    assert keys(faults(tmp_path, text)) == ["projects[0].amounts_fen", "beacons[0].label", "beacons[0].project"]


def test_an_unverifiable_reference_is_not_reported(tmp_path: Path) -> None:
    """A project with an invalid id may be the meant one; a server with an invalid address may provide it."""
    wrong_id = MINIMAL.replace('id = "lunch"', 'id = "Lunch!"')
    assert keys(faults(tmp_path, wrong_id)) == ["projects[0].id"]
    wrong_url = MINIMAL.replace('url = ""', 'url = "central"').replace(SECOND_PROJECT, "")
    assert keys(faults(tmp_path, wrong_url.replace('kind = "link"', 'kind = "ticket"'))) == ["central.url"]
    wrong_identity = MINIMAL.replace("major = 1\nminor = 3", "major = 1\nminor = 70000").replace(
        "minor = 4", "minor = 2"
    )
    assert keys(faults(tmp_path, wrong_identity)) == ["beacons[0].minor"]


def test_an_infinite_number_hides_no_other_fault(tmp_path: Path) -> None:
    text = MINIMAL.replace("near_m = 4", "near_m = inf\ndwell_s = 0\nimmediate_m = 90")
    assert keys(faults(tmp_path, text)) == ["presence.near_m", "presence.dwell_s"]


@pytest.mark.parametrize(
    "broken",
    ["beacons = 5", 'beacons = ["a"]', "projects = 5", "[kiosk]\nallowed_hosts = 5", "site = 5", "presence = []"],
)
def test_a_section_of_another_type_is_a_fault(tmp_path: Path, broken: str) -> None:
    (tmp_path / "gateway.toml").write_text(broken + "\n", "utf-8")
    with pytest.raises(ConfigRefused) as refused:
        load(tmp_path / "gateway.toml", Settings)
    named = broken.partition(" =")[0].removeprefix("[kiosk]\n")
    assert any(named in fault.key for fault in refused.value.faults)


def test_the_kiosk_section_alone_is_cross_checked(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text('[kiosk]\nsite = "lan"\n', "utf-8")
    with pytest.raises(ConfigRefused, match="needs a host other than"):
        load(tmp_path / "gateway.toml", OnlyKiosk)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "near_m = 4",
            'near_m = "4"',
            "应为数字,不加引号,如 4 must be a valid number, without quotation marks, such as 4",
        ),
        (
            "enabled = true",
            'enabled = "yes"',
            "应为 true 或 false,不加引号 must be true or false, without quotation marks",
        ),
        ('label = "east gate"', "label = 5", "应为加引号的文字 must be text in quotation marks"),
        ('["give.internal"]', '"give.internal"', '应为方括号里的一列,如 ["pi.local"] 或 ["192.168.1.20:8080"] must be'),
        ("2b0d-", "zzzz-", '如 "1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0"(命令 uuidgen 可生成)'),
        ('environment = "real"', 'environment = "prod"', "只能是 'drill' 或 'real' must be 'drill' or 'real'"),
        ("[presence]", '[[rules]]\nproject = "lunch"\nhours = ["10-13"]\n[presence]', '写法不对,应如 "10:00-13:30"'),
        ('tag_class = "volunteer-card"', 'tag_class = "Card!"', 'for example "volunteer-card"'),
        ("[1000, 3000]", "[1000, 3000]\npermit = 5", "应为一节,或花括号里的几个键"),
    ],
)
def test_a_fault_contains_an_example_of_a_valid_value(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in MINIMAL
    (found,) = [fault for fault in faults(tmp_path, MINIMAL.replace(old, new, 1)) if reason in fault]
    assert HAN.search(found)


def patterns(schema: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(schema, dict):
        if "pattern" in schema:
            yield schema
        for each in schema.values():
            yield from patterns(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from patterns(each)


def test_every_pattern_has_valid_examples() -> None:
    """The pattern for one line of text has a wording instead."""
    found = [each for each in patterns(Settings.model_json_schema()) if each["pattern"] != r"^[^\n\r]*$"]
    assert len(found) > 5
    for schema in found:
        assert schema.get("examples"), schema
        for example in schema["examples"]:
            assert re.search(schema["pattern"], example), json.dumps(schema)
