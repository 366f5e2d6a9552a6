"""The canonical JSON of a record as a regular expression, made from the record's own JSON Schema.

What matches is what the schema allows, written as `canonical` writes it: names in their order, each once, nothing
between the signs. Not all that is allowed matches: texts have no escapes, moments are UTC, floats have a point.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel

from central_server.errors import CentralError

_FRACTION = r"\.[0-9]{1,17}"
_MANY = 10**15 - 1
_DAY = (
    r"(?:[1-9][0-9]{3}-(?:02-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01]))|20(?:[02468][048]|[13579][26])-02-29)"
)
_FORMATS = {
    "date-time": rf"{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}})?Z",
    "uuid": "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
}
Schema = Mapping[str, Any]


class NoForm(CentralError):
    """A record says something for which there is no form here: give it one, or have its batches read piece by piece."""


def expression(record: type[BaseModel], groups: Collection[str]) -> str:
    """`groups`: the fields that are groups of it, by their names and with those of what they stand in
    (`BeaconStatistics.seconds`); a group holds a text without its quotation marks, an array without its brackets.

    Raises NoForm.
    """
    schema = record.model_json_schema()
    return _Form(schema.get("$defs", {}), groups).of(schema)


class _Form:
    def __init__(self, definitions: Schema, groups: Collection[str]) -> None:
        self._definitions = definitions
        self._groups = groups

    def of(self, schema: Schema, path: str = "") -> str:
        if "$ref" in schema:
            return self.of(self._definitions[schema["$ref"].rpartition("/")[2]], path)
        if "properties" in schema:
            return self._grouped(self._object(schema), path)
        if alternatives := schema.get("oneOf") or schema.get("anyOf"):
            return self._grouped(_one_of([self.of(each) for each in alternatives]), path)
        if schema.get("type") == "array":
            return rf"\[{self._grouped(self._items(schema), path)}\]"
        if schema.get("type") == "string":
            return f'"{self._grouped(_text(schema), path)}"'
        return self._grouped(_plain(schema), path)

    def _grouped(self, text: str, path: str) -> str:
        return f"({text})" if path in self._groups else text

    def _object(self, schema: Schema) -> str:
        if schema.get("additionalProperties") is not False:
            raise NoForm("an object that may hold more than it says")
        title, fields = schema["title"], sorted(schema["properties"].items())
        inner = ",".join(f'"{name}":{self.of(each, f"{title}.{name}")}' for name, each in fields)
        return rf"\{{{inner}\}}"

    def _items(self, schema: Schema) -> str:
        item, least, most = self.of(schema["items"]), schema.get("minItems", 0), schema["maxItems"]
        some = f"{item}(?:,{item}){{{max(least, 1) - 1},{most - 1}}}"
        return some if least else f"(?:{some})?"


def _text(schema: Schema) -> str:
    if "const" in schema or "enum" in schema:
        return _one_of([re.escape(word) for word in schema.get("enum", [schema.get("const")])])
    if "format" in schema:
        return _FORMATS[schema["format"]]
    pattern = str(schema.get("pattern", ""))
    if not (pattern.startswith("^") and pattern.endswith("$")) or set(pattern) & set('.\\"|'):
        raise NoForm(f"a text as {pattern!r}")
    return pattern[1:-1].replace("(", "(?:")


def _plain(schema: Schema) -> str:
    match schema:
        case {"type": "boolean"}:
            return "(?:true|false)"
        case {"type": "null"}:
            return "null"
        case {"type": "integer"}:
            return _integer(schema["minimum"], schema.get("maximum", schema.get("exclusiveMaximum", 0) - 1))
        case {"type": "number", "minimum": 0}:
            most = schema.get("maximum", _MANY)
            return _one_of([_integer(0, most - 1) + _FRACTION, rf"{most}\.0"])
    raise NoForm(f"a value as {schema}")


def _integer(least: int, most: int) -> str:
    if least < 0:
        return _one_of([_integer(0, most), f"-{_integer(1, -least)}"])
    if least > 1:
        raise NoForm("numbers from 2 on")
    digits = str(most)
    ways = ["0"] if least == 0 else []
    if len(digits) > 1:
        ways.append(f"[1-9][0-9]{{0,{len(digits) - 2}}}")
    for place, digit in enumerate(digits):  # as long as the greatest, and less from this place on
        lowest = 0 if place else 1
        if int(digit) > lowest:
            ways.append(f"{digits[:place]}[{lowest}-{int(digit) - 1}][0-9]{{{len(digits) - 1 - place}}}")
    return _one_of([*ways, digits])


def _one_of(ways: list[str]) -> str:
    return ways[0] if len(ways) == 1 else f"(?:{'|'.join(ways)})"
