"""Faults of a configuration file."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`line` counts from 1, None when the fault has no line; `key` is empty for a fault of the complete file.

    `zh`: the reason in Chinese, empty when `reason` contains both languages.
    """

    file: str
    line: int | None
    key: str
    reason: str
    got: str | None
    zh: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        key = f"{self.key}: " if self.key else ""
        zh = f"{self.zh} " if self.zh else ""
        return f"{place}: {key}{zh}{self.reason}" + (f" (got {self.got})" if self.got is not None else "")


class ConfigRefused(Exception):
    """The file cannot be used; `faults` lists all its faults in the order of lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        ordered = sorted(dict.fromkeys(faults), key=lambda fault: fault.line or 0)
        super().__init__("\n".join(map(str, ordered)))
        self.faults = tuple(ordered)
