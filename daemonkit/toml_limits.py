"""Bounds for TOML text before and after tomllib, whose cost and recursion grow with nesting."""

import math
import re
from collections.abc import Iterator

from daemonkit.toml_lines import STRING, Path

DEEPEST = 32
_TOKEN = re.compile(rf"{STRING.pattern}|#[^\n]*|[\[\]{{}}.=,\n]", re.DOTALL)


def too_deep(text: str) -> int | None:
    """The line where brackets or a dotted key go deeper than 32; None when none does. Works on text that is no TOML."""
    depth = dots = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in ("[", "{"):
            depth += 1
        elif mark in ("]", "}"):
            depth = max(0, depth - 1)
        dots = dots + 1 if mark == "." else dots if mark[0] in "\"'" else 0
        if depth > DEEPEST or dots > DEEPEST:
            return text.count("\n", 0, token.start()) + 1
    return None


def unusable(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Numbers that TOML 1.0 does not allow or that JSON cannot carry, each with its key path and the reason."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from unusable(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unusable(item, (*path, index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, "必须是有限的数 must be a finite number"
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield path, "整数太大 must be a whole number of at most 64 bits"
