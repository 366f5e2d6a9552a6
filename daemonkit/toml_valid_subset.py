"""What is left of a document when every value that is wrong by itself is taken out: for checks of values together."""

from collections.abc import Iterable
from typing import Any

from daemonkit.toml_lines import Path


class Unsound:
    """Stands where a value is wrong."""

    def __repr__(self) -> str:
        return "UNSOUND"


UNSOUND = Unsound()


def sound(document: Any, wrong: Iterable[Path]) -> Any:  # noqa: ANN401 - any TOML value
    """A copy. `wrong`: key paths; those of tables and arrays stay, for what is wrong with them is not each value."""
    copy = _copied(document)
    for path in wrong:
        _take_out(copy, path)
    return copy


def _take_out(value: Any, path: Path) -> None:  # noqa: ANN401 - any TOML value
    for depth, part in enumerate(path):
        there = part in value if isinstance(value, dict) else isinstance(value, list) and _is_index(part, value)
        if not there:
            return
        if depth == len(path) - 1 and not isinstance(value[part], dict | list):
            value[part] = UNSOUND
            return
        value = value[part]


def _is_index(part: str | int, value: list[Any]) -> bool:
    return isinstance(part, int) and part < len(value)


def _copied(value: Any) -> Any:  # noqa: ANN401 - any TOML value
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value
