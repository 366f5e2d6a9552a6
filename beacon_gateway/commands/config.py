"""beacon-gateway config get|set|diff|schema: settings by key, such as kiosk.port or beacons[0].label."""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from beacon_gateway.commands.effective_settings import load_settings, print_refused
from beacon_gateway.commands.settings_edit import write_settings
from beacon_gateway.settings import Settings
from beacon_gateway.settings_schema import make_schema
from daemonkit.toml import ConfigRefused, check_syntax, load, read_text
from daemonkit.toml_lines import Path as KeyPath

FAILURE, USAGE, CONFIGURATION = 1, 2, 78
_MISSING = object()


def get(config: Path, state_dir: Path, key: str, as_json: bool) -> int:
    """Print the value in effect; without a key, all. Return the exit code: 1 if there is no such key."""
    try:
        value = _dump(load_settings(config, state_dir))
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        return CONFIGURATION
    for part in parse_key(key):
        value = _enter(value, part)
        if value is _MISSING:
            print(f"beacon-gateway config: {key}: 没有这一项 there is no such setting", file=sys.stderr)
            return FAILURE
    if as_json:
        print(json.dumps(value, ensure_ascii=False, indent=1))
    elif isinstance(value, dict | list):
        print("\n".join(f"{name} = {_show(each)}" for name, each in _flatten(value, key)))
    else:
        print(value if isinstance(value, str) else _show(value))
    return 0


def set_value(config: Path, state_dir: Path, key: str, text: str) -> int:
    """Write one value, as TOML or as plain text. Return the exit code: 78 if the settings would be invalid."""
    path, value = parse_key(key), _parse_value(text)
    if not path:
        print("beacon-gateway config: KEY 不能为空 must not be empty", file=sys.stderr)
        return USAGE
    try:
        changes = write_settings(config, state_dir, [(path, value)])
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        print("没有改动 nothing was changed", file=sys.stderr)
        return CONFIGURATION
    except KeyError:
        print(f"beacon-gateway config: {key}: 没有这一项 there is no such setting", file=sys.stderr)
        return FAILURE
    except OSError as error:
        print(f"beacon-gateway config: {config}: {error.strerror}", file=sys.stderr)
        return FAILURE
    for change in changes:
        print(change)
    if changes:
        print("使设置生效 to apply it: sudo systemctl reload beacon-gateway")
    else:
        print("已经是这个值 it has this value already")
    return 0


def diff(config: Path, state_dir: Path, template: Path, as_json: bool) -> int:
    """Print what differs from the shipped settings. Return the exit code."""
    try:
        ours = dict(_flatten(_dump(load_settings(config, state_dir)), ""))
        shipped = dict(_flatten(_dump(load(template, Settings)), ""))
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        return CONFIGURATION
    keys = [key for key in dict.fromkeys([*ours, *shipped]) if ours.get(key) != shipped.get(key)]
    if as_json:
        print(json.dumps({key: [shipped.get(key), ours.get(key)] for key in keys}, ensure_ascii=False, indent=1))
        return 0
    for key in keys:
        before = _show(shipped[key]) if key in shipped else "没有 not set"
        print(f"{key} = {_show(ours[key]) if key in ours else '没有 not set'}  (原来 shipped: {before})")
    return 0


def print_schema(template: Path) -> int:
    """Print the JSON Schema of the settings. Return the exit code."""
    try:
        text = read_text(template)
        check_syntax(template, text, Settings)
    except ConfigRefused as refused:
        print(refused, file=sys.stderr)
        return CONFIGURATION
    print(json.dumps(make_schema(text), ensure_ascii=False, indent=1))
    return 0


def parse_key(text: str) -> KeyPath:
    """Return the parts of a key such as beacons[0].label or beacons.0.label."""
    return tuple(int(part) if part.isdecimal() else part for part in re.split(r"[.\[\]]+", text) if part)


def _parse_value(text: str) -> object:
    """Read a TOML value; else the text itself, because a shell removes quotation marks."""
    try:
        document = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return document["value"] if len(document) == 1 else text


def _dump(settings: Settings) -> object:
    return settings.model_dump(mode="json", by_alias=True)


def _enter(value: object, part: str | int) -> object:
    if isinstance(value, dict):
        return value.get(part, _MISSING)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return _MISSING


def _flatten(value: object, at: str) -> Iterator[tuple[str, object]]:
    """Yield each single value with its complete key."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _flatten(each, f"{at}.{name}".lstrip("."))
    elif isinstance(value, list) and any(isinstance(each, dict) for each in value):
        for number, each in enumerate(value):
            yield from _flatten(each, f"{at}[{number}]")
    else:
        yield at, value


def _show(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
