"""The JSON Schema for editors: an independent validator reads it, and each key is described in two languages."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from beacon_gateway.commands.config import print_schema
from beacon_gateway.settings_schema import make_schema
from sync_contract.project import SERVER_KEYS
from tests.paths import ROOT

CONFIG = ROOT / "config"
TEMPLATE = (CONFIG / "gateway.toml").read_text("utf-8")
SCHEMA = make_schema(TEMPLATE)


def values(text: str) -> Any:
    """Return the values as an editor sees them: dates are texts."""
    return json.loads(json.dumps(tomllib.loads(text), default=str))


def test_the_shipped_files_are_valid_for_an_independent_validator() -> None:
    validator = jsonschema_rs.Draft202012Validator(SCHEMA)
    for file in ("gateway.toml", "demo/gateway.toml"):
        assert [each.message for each in validator.iter_errors(values((CONFIG / file).read_text("utf-8")))] == []
    wrong = TEMPLATE.replace("port = 8080", "prot = 0").replace("silence_s = 30", 'silence_s = "30"')
    wrong = wrong.replace('mode = "broadcast"', 'mode = "loud"').replace('drawing = "meal"', "elsewhere = true")
    found = {"/".join(map(str, each.instance_path)) for each in validator.iter_errors(values(wrong))}
    assert found == {"kiosk", "radio/silence_s", "advertise/mode", "projects/0"}


def test_every_key_is_described_in_chinese_and_english() -> None:
    keys = [
        (name, key, each)
        for name, table in SCHEMA["$defs"].items()
        for key, each in table.get("properties", {}).items()
    ]
    described = [(name, key) for name, key, each in keys if re.search("[一-鿿].*[a-z]{2}", each.get("description", ""))]
    missing = {(name, key) for name, key, _ in keys} - {*described}
    assert missing == set()
    assert len(described) >= 80
    assert not {key for _, key, _ in keys} & {*SERVER_KEYS}
    assert SCHEMA["$defs"]["Advertise"]["properties"]["tx_power"]["description"].startswith("发射功率,dBm")


def test_the_template_names_the_schema_and_the_command_prints_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert TEMPLATE.startswith("#:schema file:///usr/share/beacon-gateway/gateway.schema.json\n")
    assert print_schema(CONFIG / "gateway.toml") == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA
    (tmp_path / "broken.toml").write_text("port ＝ 1")
    assert (print_schema(tmp_path / "broken.toml"), "＝" in capsys.readouterr().err) == (78, True)
