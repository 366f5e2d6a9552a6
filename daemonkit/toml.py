"""Reading a TOML file into a strict model: every fault at once, each with file, line, key and remedy."""

import json
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from daemonkit.toml_bounds import DEEPEST, too_deep, unusable
from daemonkit.toml_explain import Explainer
from daemonkit.toml_faults import ConfigRefused, Fault
from daemonkit.toml_lines import lines_of

__all__ = ["ConfigRefused", "Fault", "Misfit", "load", "misfits", "validate"]

Model = TypeVar("Model", bound=BaseModel)
_LARGEST = 1024 * 1024
_WHERE = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that does not fit the others. `at`: its place below the validated field, e.g. (2, "major")."""

    at: tuple[str | int, ...]
    reason: str
    got: object = None


def misfits(found: Iterable[Misfit]) -> None:
    """For a validator that checks values against each other: raises one error that `load` puts on the right lines."""
    details = [
        InitErrorDetails(type=PydanticCustomError("misfit", "{why}", {"why": one.reason}), loc=one.at, input=one.got)
        for one in found
    ]
    if details:
        raise ValidationError.from_exception_data("misfits", details)


def load(path: Path, model: type[Model], *, fill: Mapping[str, Mapping[str, object]] | None = None) -> Model:
    """The file as a `model`. Raises ConfigRefused with all faults, ordered by line; values of secrets are not told.

    `fill`: by section, values for the keys that the file leaves out or empty.
    """
    text = _read(path)
    document = _parse(path, text)
    for section, values in (fill or {}).items():
        told = document.get(section, {})
        if isinstance(told, dict):
            document[section] = {**values, **{key: value for key, value in told.items() if value != ""}}
    return _validated(document, model, Explainer(str(path), lines_of(text), model))


def validate(document: dict[str, Any], model: type[Model], *, source: str) -> Model:
    """As `load`, for values that stand in no file; `source` is named instead of one. Raises ConfigRefused."""
    return _validated(document, model, Explainer(source, {}, model))


def _validated(document: dict[str, Any], model: type[Model], explain: Explainer) -> Model:
    faults = [explain.fault(at, reason) for at, reason in unusable(document)]
    if faults:
        raise ConfigRefused(faults)
    try:
        return model.model_validate_json(json.dumps(document, default=_as_text))
    except ValidationError as error:
        raise ConfigRefused(explain.faults(error)) from None  # its text would echo secrets


def _read(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _refused(path, None, "is not a file that can be read")
        with path.open("rb") as file:
            octets = file.read(_LARGEST + 1)
    except OSError as error:
        raise _refused(path, None, f"cannot be read: {error.strerror}") from error
    if len(octets) > _LARGEST:
        raise _refused(path, None, "is larger than 1 MiB")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(path, octets.count(b"\n", 0, error.start) + 1, "is not UTF-8; save it as UTF-8") from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    deep = too_deep(text)
    if deep is not None:
        raise _refused(path, deep, f"is nested deeper than {DEEPEST}")
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, and a number of more digits than Python reads
        where = _WHERE.search(str(error))
        reason = _WHERE.sub("", str(error))
        if where is None:
            raise _refused(path, None, f"is not TOML: {reason}") from error
        line = int(where[1]) if where[1] else text.rstrip().count("\n") + 1
        raise _refused(path, line, f"is not TOML: {reason}" + (f" (column {where[2]})" if where[2] else "")) from error


def _refused(path: Path, line: int | None, reason: str) -> ConfigRefused:
    return ConfigRefused([Fault(str(path), line, "", reason, None)])


def _as_text(value: object) -> str:
    assert isinstance(value, (date, datetime, time)), "tomllib gives nothing else"
    return value.isoformat()
