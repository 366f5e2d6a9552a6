"""The JSON Schema of central.toml: an independent validator reads it, and each key is described in two languages."""

import json
import re
import tomllib

import jsonschema_rs

from central_server.settings_schema import make_schema
from sync_contract.project import SERVER_KEYS
from tests.paths import ROOT

TEMPLATE = (ROOT / "config/central.toml").read_text("utf-8")


def test_an_independent_validator_accepts_the_shipped_file_and_each_key_is_described_in_both_languages() -> None:
    schema = make_schema(TEMPLATE)
    validator = jsonschema_rs.Draft202012Validator(schema)
    shipped = json.loads(json.dumps(tomllib.loads(TEMPLATE), default=str))
    assert [each.message for each in validator.iter_errors(shipped)] == []
    shipped["server"]["port"] = "8040"
    assert ["/".join(map(str, each.instance_path)) for each in validator.iter_errors(shipped)] == ["server/port"]
    assert TEMPLATE.startswith("#:schema file:///usr/share/beacon-central/central.schema.json\n")
    tables = schema["$defs"].items()
    keys = {(name, key): each for name, table in tables for key, each in table.get("properties", {}).items()}
    described = {at for at, each in keys.items() if re.search("[一-鿿].*[a-z]{2}", each.get("description", ""))}
    assert set(keys) - described == set()
    assert len(keys) >= 70
    assert not {key for _, key in keys} & {*SERVER_KEYS}
