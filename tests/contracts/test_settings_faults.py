"""Each constraint of the settings is violated once, generated from their schema, and each cross-check once.

Every error names file, line and key, and says in Chinese and English what is wrong and what is right. The daemon reads
its settings only with SettingsFile, which refuses each of these files.
"""

import ast
import inspect
import json
import pickle
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from beacon_gateway import settings_consistency
from beacon_gateway.commands.settings_file import SettingsFile
from beacon_gateway.settings import Settings
from daemonkit.toml import ConfigRefused, Fault
from sync_contract.project import SERVER_KEYS
from tests.fakes.forked_programs import run_program
from tests.paths import ROOT

KeyPath = tuple[str | int, ...]
Document = dict[str, Any]
HAN = re.compile("[\u4e00-\u9fff]")
REMEDY = re.compile(
    r"\bmust\b|\bneeds\b|is required|remove|unknown key|for example|such as|no such|take one|leave|is the same as|"
    r"is for kind|is advertised already|is needed|not possible|cannot both|leads to|no \[\[|lie outside|is more than|"
    r"may contain|is before|comes twice|are expected|"
    r"use your own|\bwrite\b|fill"
)
MISSING, SAME = object(), object()
IDENTITY = {"uuid": "9d1c8a44-2b0d-41d8-8486-2f6d1be0a7e3", "major": 3}
OWN = {"uuid": "1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0", "major": 1, "minor": 1}
NAMES = {"zh-Hans": "一", "zh-Hant": "一", "en": "one"}


BEACON, PLACE = ("beacons", 0), ("beacons", 2)
CROSS_CHECKS: tuple[tuple[KeyPath, object, dict[KeyPath, object]], ...] = (
    (("radio", "scan_adapters", 1), SAME, {("radio", "scan_adapters"): ["hci0", "hci0"]}),
    (("projects", 0, "elsewhere"), True, {}),
    (("projects",), [], {}),
    (("projects", 0, "min_fen"), 20_000_000, {}),
    (("projects", 0, "amounts_fen"), [1, 3000], {}),
    (("projects", 0, "pays_for", 0, "fen"), 7, {}),
    (("projects", 0, "permit", "closes"), date(2025, 1, 1), {}),
    (("advertise", "uuid"), MISSING, {}),
    (("advertise", "uuid"), "00000000-0000-0000-0000-000000000000", {}),
    (("advertise", "exact"), True, {("advertise", "mode"): "peripheral"}),
    (("advertise", "project"), "other", {}),
    (("advertise", "more", 0), SAME, {("advertise", "more", 0, each): each_value for each, each_value in OWN.items()}),
    (("presence", "immediate_m"), 9.0, {}),
    (("beacons", 1, "tag_class"), MISSING, {}),
    (("beacons", 1, "proves_radio"), True, {}),
    (("beacons", 1, "accepted_dbm"), {"hci0": -70.0}, {}),
    ((*BEACON, "tag_class"), "volunteer-card", {}),
    ((*PLACE, "projects"), SAME, {(*PLACE, "project"): "elder-lunch"}),
    ((*PLACE, "projects", 1), SAME, {(*PLACE, "projects"): ["elder-lunch", "elder-lunch"]}),
    ((*PLACE, "projects", 0), "other", {}),
    (PLACE, SAME, {(*PLACE, "minor"): 2, (*PLACE, "major"): 1, (*PLACE, "uuid"): OWN["uuid"]}),
    (("rules", 0, "project"), "other", {}),
    (("handoff", "kind"), "ticket", {}),
    (("handoff", "link_url"), MISSING, {}),
    (("handoff", "link_url"), "http://donate.example.org/", {}),
    (("handoff", "link_url"), "https://elsewhere.example.org/", {}),
    (("handoff", "link_url"), "https://donate.example.org/{name}", {}),
    (("kiosk", "site"), "lan", {}),
    (("kiosk", "site"), "lan", {("kiosk", "host"): "0.0.0.0", ("kiosk", "allowed_hosts"): []}),
    (("kiosk", "host"), "http://pi", {}),
    (("kiosk", "allowed_hosts", 0), "Pi local", {}),
    (("mqtt", "username"), SAME, {("mqtt", "host"): ""}),
    (("mqtt", "username"), MISSING, {}),
    (("volunteering", "check_in"), True, {}),
    (("central", "url"), "http://give.example.org", {}),
    (("volunteering", "check_in"), True, {("central", "url"): MISSING, ("handoff", "kind"): "link"}),
    (("central", "catalogue_key"), "short", {}),
    (("site", "contact_phone"), "no digits", {}),
    (("projects", 0, "payee", "en"), SAME, {("site", "environment"): "real"}),
)


def full_document() -> Document:
    """Return valid settings in which every section and list has a value."""
    document: Document = pickle.loads(_pickled_document())  # faster than a deep copy
    return document


@cache
def _pickled_document() -> bytes:
    document = tomllib.loads((ROOT / "config/gateway.toml").read_text("utf-8"))
    document["site"] |= {"contact_name": dict(NAMES), "contact_hours": dict(NAMES), "contact_phone": "0595 2269 0000"}
    document["radio"] |= {"scan_adapters": ["hci0"], "loss_db": {"hci0": 0.0}}
    document["advertise"] |= {"tx_power": 4, "more": [{**IDENTITY, "minor": 9, "project": "elder-lunch"}]}
    document["beacons"].append({**IDENTITY, "minor": 8, "kind": "place", "label": "b", "projects": ["elder-lunch"]})
    document["beacons"][2] |= {"accepted_dbm": {"hci0": -71.0}}
    document["rules"][0] |= {"hours": ["10:00-13:30"]}
    document["kiosk"] |= {"allowed_hosts": ["pi.local"], "dark": ["22:00-06:30"], "voices": "/srv/voices"}
    document["mqtt"] |= {"host": "127.0.0.1", "username": "u", "password_file": "/etc/p"}
    return pickle.dumps(document)


def at_path(document: Any, path: KeyPath) -> Any:
    for part in path:
        document = document[part]
    return document


def violations(
    schema: Mapping[str, Any], definitions: dict[str, Any], path: KeyPath
) -> Iterator[tuple[KeyPath, str, Any]]:
    """Yield the path of a value, the constraint, and a value that violates it."""
    if "$ref" in schema:
        schema = definitions.pop(schema["$ref"].rpartition("/")[2], {})
    if not schema:
        return  # a type that another key has too
    if "anyOf" in schema:
        (schema,) = [each for each in schema["anyOf"] if each.get("type") != "null"]
        yield from violations(schema, definitions, path)
        return
    if path and not (isinstance(path[-1], int) and schema["type"] == "object"):
        yield path, "type", {"string": 5, "object": 5, "array": 5}.get(schema["type"], "many")
    yield from ((path, name, value) for name, value in _wrong_values(schema) if name in schema)
    for name, below in schema.get("properties", {}).items():
        if name not in SERVER_KEYS:
            yield from violations(below, definitions, (*path, name))
    for name in schema.get("required", ()):
        yield (*path, name), "required", MISSING
    if schema.get("additionalProperties") is False:
        yield (*path, "unknown"), "unknown key", 1
    if "items" in schema:
        yield from violations(schema["items"], definitions, (*path, 2 if path == ("beacons",) else 0))
    for below in schema.get("patternProperties", {}).values():
        yield from violations(below, definitions, (*path, "hci0"))
        yield (*path, "Hci 0"), "name", 1.0
        yield path, "maxProperties", {f"hci{number}": 1.0 for number in range(schema["maxProperties"] + 1)}


def _wrong_values(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    kind = float if schema.get("type") == "number" else int
    yield "minimum", kind(schema.get("minimum", 0) - 1)
    yield "maximum", kind(schema.get("maximum", 0) + 1)
    yield "exclusiveMinimum", kind(schema.get("exclusiveMinimum", 0))
    yield "minLength", ""
    yield "maxLength", "9" * (schema.get("maxLength", 0) + 1)
    yield "pattern", "Wrong\n value!"
    yield "enum", 45 if schema.get("type") == "integer" else "other"
    yield "format", "soon"
    yield "minItems", []
    yield "maxItems", ["x"] * (schema.get("maxItems", 0) + 1)


class Writer:
    """Writes a document as TOML, one value a line, and records the line of each."""

    def __init__(self, document: Document) -> None:
        self.lines: list[str] = []
        self.line_of: dict[KeyPath, int] = {}
        self._table(document, ())
        self.text = "\n".join(self.lines) + "\n"

    def find_line(self, path: KeyPath) -> int | None:
        """Return the line of a value, of the first of several sections, or of the section that lacks the key."""
        return next((self.line_of[at] for at in (path, (*path, 0), path[:-1]) if at in self.line_of), None)

    def _table(self, table: Mapping[str, Any], path: KeyPath) -> None:
        below = []
        for key, value in table.items():
            if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
                below.append((key, value))
            else:
                self._write((*path, key), f"{json.dumps(key)} = ", value)
        for key, value in below:
            for number, each in enumerate(value if isinstance(value, list) else [value]):
                self._header((*path, key, number) if isinstance(value, list) else (*path, key))
                self._table(each, (*path, key, number) if isinstance(value, list) else (*path, key))

    def _header(self, path: KeyPath) -> None:
        name = ".".join(json.dumps(part) for part in path if isinstance(part, str))
        self.lines.append(f"[[{name}]]" if isinstance(path[-1], int) else f"[{name}]")
        self.line_of[path] = len(self.lines)

    def _write(self, path: KeyPath, before: str, value: object) -> None:
        if not isinstance(value, list):
            shown = str(value) if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
            self.lines.append(before + shown)
            self.line_of[path] = len(self.lines)
            return
        self.lines.append(f"{before}[")
        self.line_of[path] = len(self.lines)
        for number, each in enumerate(value):
            self._write((*path, number), "", each)
            self.lines[-1] += ","
        self.lines.append("]")


def change(path: KeyPath, value: object) -> tuple[str, int | None]:
    """Return settings with this value, MISSING to remove it, and the line where the fault is to be reported."""
    document = full_document()
    parent = at_path(document, path[:-1])
    if value is MISSING:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    written = Writer(document)
    return written.text, written.find_line(path)


def key_of(path: KeyPath) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def faults_of(text: str, folder: Path) -> list[Fault]:
    """Return what the daemon reports of a file with this text; nothing if it accepts the file."""
    file = folder / "gateway.toml"
    file.write_text(text, "utf-8")
    try:
        SettingsFile(file, folder, lambda settings: settings).load()
    except ConfigRefused as refused:
        return list(refused.faults)
    return []


def explained(fault: Fault) -> list[str]:
    """Return what is missing in the texts of a fault."""
    text = fault.zh + fault.reason
    english = fault.reason if fault.zh else re.sub("[\u3000-\uffef]", "", fault.reason)
    checks = {
        "Chinese": HAN.search(text),
        "English": re.search("[a-z]{2} [a-z]{2}", english),
        "remedy": REMEDY.search(english),
    }
    return [name for name, found in checks.items() if not found]


def test_each_constraint_is_explained_on_its_line(tmp_path: Path) -> None:
    schema = Settings.model_json_schema()
    assert tomllib.loads(Writer(full_document()).text) == full_document()
    wrong, seen = [], set()
    for path, constraint, value in violations(schema, schema["$defs"], ()):
        seen.add(constraint)
        if constraint == "maxItems":  # pydantic counts only valid elements
            value = at_path(full_document(), path)[:1] * len(value)
        text, line = change(path, value)
        faults = faults_of(text, tmp_path)
        ours = [each for each in faults if each.key == key_of(path) and each.line == line]
        if not ours or explained(ours[0]):
            wrong.append(f"{key_of(path)}: {constraint} at {line}: {[explained(each) for each in ours]} {faults[:1]}")
    assert not wrong, "\n".join(wrong)
    assert seen == {
        "type",
        "required",
        "unknown key",
        "name",
        *(name for name, _ in _wrong_values({})),
        "maxProperties",
    }


def test_each_cross_check_is_explained_on_its_line(tmp_path: Path) -> None:
    wrong = []
    with called_lines(settings_consistency) as called:
        for path, value, changes in CROSS_CHECKS:
            document = full_document()
            for at, changed in {**changes, path: value}.items():
                if changed is MISSING:
                    del at_path(document, at[:-1])[at[-1]]
                elif changed is not SAME:
                    at_path(document, at[:-1])[at[-1]] = changed
            written = Writer(document)
            line = written.find_line(path)
            faults = faults_of(written.text, tmp_path)
            ours = [each for each in faults if each.key == key_of(path) and each.line == line]
            if not ours or explained(ours[0]):
                wrong.append(
                    f"{key_of(path)} at {line}: {[explained(each) for each in ours]} {'; '.join(map(str, faults))}"
                )
    assert not wrong, "\n".join(wrong)
    tree = ast.parse(inspect.getsource(settings_consistency))
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "Misfit"]
    assert {each.lineno for each in calls} <= called | {_line_of_mqtt_library(calls)}, "a cross-check without a case"


def _line_of_mqtt_library(calls: list[ast.Call]) -> int:
    """Return the line of the check for an optional library, which is installed for the tests."""
    return max(each.lineno for each in calls if '("mqtt", "host")' in ast.unparse(each).replace("'", '"'))


@contextmanager
def called_lines(module: ModuleType) -> Iterator[set[int]]:
    """Record the lines of the module that run."""
    lines: set[int] = set()

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename != module.__file__:
            return None
        if event == "line":
            lines.add(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield lines
    finally:
        sys.settrace(before)


def test_the_program_does_not_start(tmp_path: Path) -> None:
    text, line = change(("kiosk", "port"), 0)
    (tmp_path / "gateway.toml").write_text(text, "utf-8")
    place = ("--config", str(tmp_path / "gateway.toml"), "--state-dir", str(tmp_path / "state"))
    ended = run_program("beacon_gateway", "run", *place, "--radio", "simulated")
    assert (ended.returncode, ended.stdout) == (78, "")
    assert f"gateway.toml:{line}: kiosk.port: 不能小于 1(1 到 65535) must be" in ended.stderr
    assert not (tmp_path / "state").exists()
