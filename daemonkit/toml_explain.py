"""Convert pydantic's errors into faults with a line and a remedy."""

import json
import re
from collections.abc import Container, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from daemonkit.toml_faults import Fault
from daemonkit.toml_lines import Path
from daemonkit.toml_wording import describe_fault, describe_range, describe_wide_characters

_SECRET = re.compile(r"secret|password|passphrase|token|_key$", re.IGNORECASE)
_PUBLIC = re.compile(r"public", re.IGNORECASE)
_USER_IN_URL = re.compile(r"//[^/@\s]*@")
_KEY_IN_MESSAGE = re.compile(r"(?P<key>[a-z][\w-]*(?:\[\d+\]|\.[\w-]+)*)(?P<colon>:)? ")
_PART = re.compile(r"\[\d+\]|\.?[\w-]+")
_MAX_SHOWN = 60
_Schema = Mapping[str, Any]


@lru_cache(maxsize=1)
def _schema_of(model: type[BaseModel]) -> _Schema:
    """Return the JSON schema; pydantic takes longer to make it than for everything else about a file with faults."""
    return model.model_json_schema()


class Explainer:
    """Uses the file's lines and the model's JSON schema."""

    def __init__(self, file: str, lines: Mapping[Path, int], model: type[BaseModel]) -> None:
        self._file = file
        self._lines = lines
        self._model = model

    @property
    def _schema(self) -> _Schema:
        return _schema_of(self._model)

    def faults(self, error: ValidationError, *, skip: Container[Path] = ()) -> list[Fault]:
        """Return all faults except those at the key paths `skip`."""
        return [self._explain(each) for each in error.errors(include_url=False) if each["loc"] not in skip]

    def fault(self, at: Path, reason: str, got: str | None = None, zh: str = "", *, line: int | None = None) -> Fault:
        """Return the fault of a key; `line`: default the key's own."""
        return Fault(self._file, line or self._line(at), _key_text(at), reason, got, zh)

    def is_list(self, at: Path) -> bool:
        return any(schema.get("type") == "array" for schema in self._schemas_at(at))

    def misfit(self, at: Path, reason: str, got: object) -> Fault:
        """Return the fault of a value that contradicts others."""
        return self.fault(at, reason, None if self.is_secret(at) else _shown(got))

    def _explain(self, error: ErrorDetails) -> Fault:
        at = error["loc"]
        if error["type"] == "extra_forbidden":
            zh, reason = self._describe_unknown(at)
            return self.fault(at, reason, zh=zh)
        if at[-1:] == ("[key]",):  # pydantic's place for a key itself, in a table of any keys
            at = at[:-1]
            examples = [each for schema in self._schemas_at(at[:-1]) for each in _key_examples(schema)]
        else:
            examples = self._examples(at) or [[example] for example in self._examples((*at, 0))]
        message = re.sub("^Input should be", "must be", error["msg"].removeprefix("Value error, "))
        zh, reason = describe_fault(error["type"], message, error["input"], error.get("ctx", {}), examples)
        if error["type"].startswith(("greater_than", "less_than")):
            limits_zh, limits = describe_range(next(iter(self._schemas_at(at)), {}))
            zh, reason = f"{zh}{limits_zh}", f"{reason}{limits}"
        if error["type"] == "missing":
            return self.fault(at, reason, zh=zh)
        if not zh:
            at, reason = self._locate_named_key(at, reason)
        if self.is_secret(at):
            return self.fault(at, reason, zh=zh)
        zh, reason = _add_hint(zh, reason, error["input"])
        return self.fault(at, reason, _shown(error["input"]), zh)

    def _locate_named_key(self, at: Path, reason: str) -> tuple[Path, str]:
        """Find the key in the message of a table's validator: "closes is before opens", "bank.kind: no such"."""
        found = _KEY_IN_MESSAGE.match(reason)
        if found is None:
            return at, reason
        key = (int(part[1:-1]) if part.startswith("[") else part.lstrip(".") for part in _PART.findall(found["key"]))
        named = (*at, *key)
        if named not in self._lines:
            return at, reason
        return named, reason[found.end() :] if found["colon"] else reason

    def _line(self, at: Path) -> int | None:
        """Return the line of the key, or of its table when the key is missing."""
        for depth in range(len(at), 0, -1):
            if at[:depth] in self._lines:
                return self._lines[at[:depth]]
        return None

    def _describe_unknown(self, at: Path) -> tuple[str, str]:
        known = [key for schema in self._schemas_at(at[:-1]) for key in schema.get("properties", {})]
        close = get_close_matches(str(at[-1]), known, n=1)
        if close:
            return f"没有这个键;是不是 {close[0]}?", f"unknown key; did you mean {close[0]}?"
        return "没有这个键", "unknown key"

    def is_secret(self, at: Path) -> bool:
        named = any(isinstance(part, str) and _SECRET.search(part) and not _PUBLIC.search(part) for part in at)
        return named or any(schema.get("format") == "password" for schema in self._schemas_at(at))

    def _examples(self, at: Path) -> list[Any]:
        return [example for schema in self._schemas_at(at) for example in schema.get("examples", ())]

    def _schemas_at(self, at: Path) -> list[_Schema]:
        """Return the schemas that apply to a key path."""
        found = self._resolved([self._schema])
        for part in at:
            found = self._resolved(below for schema in found for below in _below(schema, part))
        return found

    def _resolved(self, schemas: Iterable[_Schema]) -> list[_Schema]:
        """Follow references and expand alternatives."""
        found: list[_Schema] = []
        for schema in schemas:
            if "$ref" in schema:
                found += self._resolved([self._schema["$defs"][schema["$ref"].rpartition("/")[2]]])
            else:
                found.append(schema)
                found += self._resolved([*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())])
        return found


def _add_hint(zh: str, reason: str, given: object) -> tuple[str, str]:
    """Add to both texts that the value has full-width characters, if it has; without `zh`, `reason` has both."""
    hint_zh, hint = describe_wide_characters(given) if isinstance(given, str) else ("", "")
    return (f"{zh}{hint_zh}", f"{reason}{hint}") if zh else ("", f"{reason}{hint_zh}{hint}")


def _key_examples(schema: _Schema) -> list[Any]:
    names: list[Any] = schema.get("propertyNames", {}).get("examples", [])
    return names


def _below(schema: _Schema, part: str | int) -> list[_Schema]:
    if isinstance(part, str):
        candidates = [schema.get("properties", {}).get(part), schema.get("additionalProperties")]
    else:
        candidates = [schema.get("items")]
    return [each for each in candidates if isinstance(each, Mapping)]


def _key_text(at: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at).removeprefix(".")


def _shown(value: object) -> str | None:
    """Return the value as TOML text; None for tables and arrays."""
    if value is None or isinstance(value, (dict, list, tuple)):
        return None
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = _USER_IN_URL.sub("//***@", text)
    text = text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
    return json.dumps(text, ensure_ascii=False) if isinstance(value, str) else text
