"""Reading a TOML file into a strict model: every fault at once, each with file, line, key and remedy."""

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
from daemonkit.toml_limits import DEEPEST, too_deep, unusable
from daemonkit.toml_lines import lines_of
from daemonkit.toml_valid_subset import UNSOUND, sound

__all__ = ["UNSOUND", "ConfigRefused", "Fault", "Misfit", "Whole", "load", "misfits", "validate"]

Model = TypeVar("Model", bound=BaseModel)
_LARGEST = 1024 * 1024
_NO_TOML = "不是 TOML,常见的是少了引号或括号 is not TOML, often for want of a quotation mark or bracket"
_WHERE = re.compile(r" \((?:at line (\d+), column (\d+)|at end of document)\)$")


@dataclass(frozen=True, slots=True)
class Misfit:
    """A value that does not fit the others. `at`: its place below the validated field, e.g. (2, "major"), or
    the whole path where a Whole says it."""

    at: tuple[str | int, ...]
    reason: str
    got: object = None


@runtime_checkable
class Whole(Protocol):
    """A model that says what does not fit together, also where other values are wrong."""

    def unfit(self, told: Mapping[str, Any]) -> Iterable[Misfit]:
        """A class method. `told`: the document as TOML gives it, UNSOUND for each value that is wrong by itself."""


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
    uncarried = dict(unusable(document))
    faults = [explain.fault(at, reason) for at, reason in uncarried.items()]
    made, wrong = None, list(uncarried)
    try:
        made = model.model_validate_json(json.dumps(sound(document, uncarried), default=_as_text))
    except ValidationError as error:
        faults += explain.faults(error, but=uncarried)
        wrong += [each["loc"] for each in error.errors(include_url=False, include_context=False)]
    faults += [explain.misfit(one.at, one.reason, one.got) for one in _unfit(model, sound(document, wrong))]
    if faults or made is None:
        raise ConfigRefused(faults)  # outside the except: pydantic's text would echo secrets
    return made


def _unfit(model: object, told: Mapping[str, Any]) -> Iterable[Misfit]:
    return model.unfit(told) if isinstance(model, Whole) else ()


def _read(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _refused(path, None, "不是可以读取的文件 is not a file that can be read")
        with path.open("rb") as file:
            octets = file.read(_LARGEST + 1)
    except OSError as error:
        raise _refused(path, None, f"读不了 cannot be read: {error.strerror}") from error
    if len(octets) > _LARGEST:
        raise _refused(path, None, "超过 1 MiB is larger than 1 MiB")
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(
            path, octets.count(b"\n", 0, error.start) + 1, "不是 UTF-8,请存成 UTF-8 is not UTF-8; save it as UTF-8"
        ) from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    deep = too_deep(text)
    if deep is not None:
        raise _refused(path, deep, f"嵌套超过 {DEEPEST} 层 is nested deeper than {DEEPEST}")
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError, and a number of more digits than Python reads
        where = _WHERE.search(str(error))
        reason = _WHERE.sub("", str(error))
        if where is None:
            raise _refused(path, None, f"{_NO_TOML}: {reason}") from error
        line = int(where[1]) if where[1] else text.rstrip().count("\n") + 1
        raise _refused(path, line, f"{_NO_TOML}: {reason}" + (f" (column {where[2]})" if where[2] else "")) from error


def _refused(path: Path, line: int | None, reason: str) -> ConfigRefused:
    return ConfigRefused([Fault(str(path), line, "", reason, None)])


def _as_text(value: object) -> str | None:
    if value is UNSOUND:
        return None
    assert isinstance(value, (date, datetime, time)), "tomllib gives nothing else"
    return value.isoformat()
