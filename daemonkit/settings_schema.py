"""Make the JSON Schema of a settings file for editors; the comments of the shipped file are its descriptions."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from daemonkit.toml_lines import Path, find_lines

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_LANGUAGES = {
    "zh-Hans": "简体中文 In Simplified Chinese",
    "zh-Hant": "繁體中文,由人撰写 In Traditional Chinese, written by people",
    "en": "英文 In English",
}
_INACTIVE = re.compile(r"^# (?=\[+[a-z_.]+\]+$|[a-z_]+ = (?:\"[^\"]*\"|[-.\d]+|\{.*\}|\[.*\])$)", re.MULTILINE)
"""A setting that the file shows as a comment."""
_COMMENT = re.compile(r'^(?:[^"#]|"[^"]*")*#\s*(.*)$')
Schema = dict[str, Any]


def make_schema(model: type[BaseModel], template: str, title: str, *, unused: Mapping[str, Sequence[str]]) -> Schema:
    """Return the schema of a settings file.

    `template`: the commented file, which explains each key in Chinese and English. `unused`: by definition, the keys
    that no file may have; no keys leave out the definition.
    """
    schema = model.model_json_schema()
    definitions = schema["$defs"]
    for name, keys in unused.items():
        if not keys:
            del definitions[name]
        for key in keys:
            del definitions[name]["properties"][key]
    for table in definitions.values():
        for key, each in table.get("properties", {}).items():
            if key in _LANGUAGES and {*_LANGUAGES} == {*table["properties"]}:
                each["description"] = _LANGUAGES[key]
        table.pop("description", None)  # a docstring, for programmers
    _describe(schema, (), definitions, read_descriptions(template))
    return {"$schema": DIALECT, **schema, "title": title, "description": title}


def read_descriptions(template: str) -> dict[Path, str]:
    """Return the comment of each key, by its path without indices; a group of keys shares the comment above it."""
    text = _INACTIVE.sub("", template)
    rows = text.split("\n")
    lines: dict[Path, int] = {}
    for path, line in find_lines(text).items():
        lines.setdefault(tuple(part for part in path if isinstance(part, str)), line)
    found = {path: _comment_of(rows, line - 1) for path, line in lines.items()}
    return {path: words for path, words in found.items() if words}


def _comment_of(rows: list[str], number: int) -> str:
    """Return the comments above a row and at its end."""
    own = _COMMENT.match(rows[number])
    at = number - 1
    while at >= 0 and rows[at] and not rows[at].startswith("#"):
        at -= 1
    above: list[str] = []
    while at >= 0 and rows[at].startswith("#"):
        above.insert(0, rows[at].lstrip("# "))
        at -= 1
    return " ".join(filter(None, (*above, own[1] if own else "")))


def _describe(table: Schema, path: Path, definitions: Mapping[str, Schema], words: Mapping[Path, str]) -> None:
    for key, each in table.get("properties", {}).items():
        at = (*path, key)
        if at in words:
            each["description"] = words[at]
        for below in (each, each.get("items", {}), *each.get("anyOf", ())):
            if "$ref" in below:
                _describe(definitions[below["$ref"].rpartition("/")[2]], at, definitions, words)
