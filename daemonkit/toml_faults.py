"""What is wrong with a configuration file."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """`line` counts from 1; None when there is no such place. `key` is empty for a fault of the whole file.

    `zh`: the reason in Chinese, empty where `reason` holds both.
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
    """The file cannot be used; `faults` are all that is wrong with it, in the order of its lines."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        ordered = sorted(dict.fromkeys(faults), key=lambda fault: fault.line or 0)
        super().__init__("\n".join(map(str, ordered)))
        self.faults = tuple(ordered)
