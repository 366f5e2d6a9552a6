"""Limits for TOML text and values: tomllib's cost and recursion grow with nesting."""

import math
import re
from collections.abc import Iterator

from daemonkit.toml_lines import STRING, Path

MAX_DEPTH = 32
_TOKEN = re.compile(rf"{STRING.pattern}|#[^\n]*|[\[\]{{}}.=,\n]", re.DOTALL)


def find_too_deep(text: str) -> int | None:
    """Return the line where nesting or a dotted key exceeds MAX_DEPTH, or None. The text need not be TOML."""
    depth = dots = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in ("[", "{"):
            depth += 1
        elif mark in ("]", "}"):
            depth = max(0, depth - 1)
        dots = dots + 1 if mark == "." else dots if mark[0] in "\"'" else 0
        if depth > MAX_DEPTH or dots > MAX_DEPTH:
            return text.count("\n", 0, token.start()) + 1
    return None


def find_unusable_numbers(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield the key path and the reason of each number that TOML 1.0 or JSON does not allow."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from find_unusable_numbers(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from find_unusable_numbers(item, (*path, index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, "必须是有限的数 must be a finite number"
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        yield path, "整数太大 must be a whole number of at most 64 bits"
