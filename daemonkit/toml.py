"""Read a TOML file into a strict model; report all faults at once, each with file, line, key and remedy."""

import json
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from daemonkit.toml_explain import Explainer
from daemonkit.toml_faults import ConfigRefused, Fault
from daemonkit.toml_limits import MAX_DEPTH, find_too_deep, find_unusable_numbers
from daemonkit.toml_lines import Path as KeyPath
from daemonkit.toml_lines import find_lines
from daemonkit.toml_syntax import find_syntax_faults

__all__ = [
    "INVALID",
    "ConfigRefused",
    "CrossChecked",
    "Fault",
    "Misfit",
    "check_syntax",
    "load",
    "load_text",
    "locate",
    "raise_misfits",
    "read_text",
    "validate",
]

Model = TypeVar("Model", bound=BaseModel)
_MAX_BYTES = 1024 * 1024
_NOT_TOML = "不是 TOML,常见的是少了引号或括号 is not TOML, usually because a quotation mark or bracket is missing"
_POSITION = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")


class Invalid:
    """Replaces a value that is invalid by itself."""

    def __repr__(self) -> str:
        return "INVALID"


INVALID = Invalid()


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that contradicts others. `at`: its path below the validated field, e.g. (2, "major"), or below the
    document when a CrossChecked model reports it."""

    at: tuple[str | int, ...]
    reason: str
    got: object = None


@runtime_checkable
class CrossChecked(Protocol):
    """A model that checks values against each other even when some are invalid."""

    def find_misfits(self, document: Mapping[str, Any]) -> Iterable[Misfit]:
        """A class method. `document`: as tomllib returns it, with INVALID for each value that is invalid by itself."""


def raise_misfits(found: Iterable[Misfit]) -> None:
    """Raise one ValidationError with all misfits; `load` reports each on its line. For pydantic validators."""
    details = [
        InitErrorDetails(type=PydanticCustomError("misfit", "{why}", {"why": one.reason}), loc=one.at, input=one.got)
        for one in found
    ]
    if details:
        raise ValidationError.from_exception_data("misfits", details)


def load(path: Path, model: type[Model], *, fill: Mapping[str, Mapping[str, object]] | None = None) -> Model:
    """Return the file as a `model`. Raises ConfigRefused with all faults by line, without the values of secrets.

    `fill`: by section, values for keys that are missing or empty in the file.
    """
    return load_text(path, read_text(path), model, fill=fill)


def load_text(
    path: Path, text: str, model: type[Model], *, fill: Mapping[str, Mapping[str, object]] | None = None
) -> Model:
    """Do as `load` for a text that is not in the file `path` yet. Raises ConfigRefused."""
    text, document, faults = _parse(path, text, model)
    for section, values in (fill or {}).items():
        table = document.get(section, {})
        if isinstance(table, dict):
            document[section] = {**values, **{key: value for key, value in table.items() if value != ""}}
    return _validated(document, model, Explainer(str(path), find_lines(text), model), faults)


def check_syntax(path: Path, text: str, model: type[BaseModel]) -> None:
    """Raise ConfigRefused if the text of the file is not TOML."""
    _, _, faults = _parse(path, text, model)
    if faults:
        raise ConfigRefused(faults)


def validate(document: dict[str, Any], model: type[Model], *, source: str) -> Model:
    """Do as `load` for values without a file; `source` names their origin. Raises ConfigRefused."""
    return _validated(document, model, Explainer(source, {}, model))


def locate(path: Path, model: type[BaseModel], found: Iterable[Misfit]) -> list[Fault]:
    """Return misfits of a valid file as faults with their lines. Raises ConfigRefused if it cannot be read."""
    explain = Explainer(str(path), find_lines(read_text(path)), model)
    return [explain.misfit(one.at, one.reason, one.got) for one in found]


def _validated(document: dict[str, Any], model: type[Model], explain: Explainer, syntax: Iterable[Fault] = ()) -> Model:
    unusable = dict(find_unusable_numbers(document))
    faults = [*syntax, *(explain.fault(at, reason) for at, reason in unusable.items())]
    validated, invalid = None, list(unusable)
    try:
        validated = model.model_validate_json(json.dumps(_without(document, unusable), default=_as_text))
    except ValidationError as error:
        faults += explain.faults(error, skip=unusable)
        invalid += [each["loc"] for each in error.errors(include_url=False, include_context=False)]
    faults += [explain.misfit(one.at, one.reason, one.got) for one in _misfits(model, _without(document, invalid))]
    if faults or validated is None:
        raise ConfigRefused(faults)  # outside the except clause: pydantic's text contains secrets
    return validated


def _misfits(model: object, document: Mapping[str, Any]) -> Iterable[Misfit]:
    return model.find_misfits(document) if isinstance(model, CrossChecked) else ()


def _without(document: Any, invalid: Iterable[KeyPath]) -> Any:  # noqa: ANN401 - any TOML value
    """Return a copy with INVALID at the key paths of single values; tables and arrays stay."""
    copy = _copy(document)
    for path in invalid:
        value = copy
        for depth, part in enumerate(path):
            if not (part in value if isinstance(value, dict) else isinstance(value, list) and _is_index(part, value)):
                break
            if depth == len(path) - 1 and not isinstance(value[part], dict | list):
                value[part] = INVALID
                break
            value = value[part]
    return copy


def _is_index(part: str | int, value: list[Any]) -> bool:
    return isinstance(part, int) and part < len(value)


def _copy(value: Any) -> Any:  # noqa: ANN401 - any TOML value
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    return [_copy(each) for each in value] if isinstance(value, list) else value


def read_text(path: Path) -> str:
    """Return the text of a settings file. Raises ConfigRefused."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _refused(path, None, "不是可以读取的文件 is not a file that can be read")
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise _refused(path, None, f"读不了 cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise _refused(path, None, "超过 1 MiB is larger than 1 MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(
            path, content.count(b"\n", 0, error.start) + 1, "不是 UTF-8,请存成 UTF-8 is not UTF-8; save it as UTF-8"
        ) from error


def _parse(path: Path, text: str, model: type[BaseModel]) -> tuple[str, dict[str, Any], list[Fault]]:
    """Return the text that was read, its values, and the faults that were repaired to read it. Raises ConfigRefused."""
    deep = find_too_deep(text)
    if deep is not None:
        raise _refused(path, deep, f"嵌套超过 {MAX_DEPTH} 层 is nested deeper than {MAX_DEPTH}")
    try:
        return text, tomllib.loads(text), []
    except ValueError as error:  # TOMLDecodeError, and a number of more digits than Python reads
        repaired, faults = find_syntax_faults(path, text, model)
        if find_too_deep(repaired) is not None:
            raise ConfigRefused(faults) from error
        try:
            return repaired, tomllib.loads(repaired), faults
        except ValueError as remaining:
            if not any(each.line == _line_of(remaining, repaired) for each in faults):
                faults.append(_syntax_fault(path, remaining, repaired))
            raise ConfigRefused(faults) from error


def _line_of(error: ValueError, text: str) -> int | None:
    where = _POSITION.search(str(error))
    if where is None:
        return None
    return int(where[1]) if where[1] else text.rstrip().count("\n") + 1


def _syntax_fault(path: Path, error: ValueError, text: str) -> Fault:
    where = _POSITION.search(str(error))
    column = f" (column {where[2]})" if where is not None and where[2] else ""
    reason = f"{_NOT_TOML}: {_POSITION.sub('', str(error))}{column}"
    return Fault(str(path), _line_of(error, text), "", reason, None)


def _refused(path: Path, line: int | None, reason: str) -> ConfigRefused:
    return ConfigRefused([Fault(str(path), line, "", reason, None)])


def _as_text(value: object) -> str | None:
    if value is INVALID:
        return None
    assert isinstance(value, (date, datetime, time)), "tomllib returns no other type"
    return value.isoformat()
