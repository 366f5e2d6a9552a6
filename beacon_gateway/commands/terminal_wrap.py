"""Fold lines to the width of a terminal, at spaces or between Chinese characters, with a hanging indent."""

import shutil
import sys

from rich.cells import cell_len

_TEXT_COLUMN = 24
"""Columns before the text of a decision's lines."""
_SPACE_REACH = 6
"""A space up to this many characters before the end is preferred, so that a Chinese word is not split."""


def print_folded(block: str, *, flush: bool = False) -> None:
    """Print the block; fold its lines only if standard output is a terminal."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        block = "\n".join(part for line in block.split("\n") for part in fold(line, width))
    print(block, flush=flush)


def fold(line: str, width: int) -> list[str]:
    """Return the parts of the line. `width`: columns; a Chinese character takes two."""
    leading = len(line) - len(line.lstrip(" "))
    hanging = " " * min(_TEXT_COLUMN if leading > 2 else leading + 2, width // 2)
    parts = []
    while cell_len(line) > width and (end := _find_end(line, width)) > len(hanging):
        parts.append(line[:end].rstrip(" "))
        line = hanging + line[end:].lstrip(" ")
    return [*parts, line]


def _find_end(line: str, width: int) -> int:
    """Return how many characters fit `width` columns without splitting a word."""
    used, space, end, fits = 0, 0, 0, 0
    for number, letter in enumerate(line):
        used += cell_len(letter)
        if used > width:
            break
        fits = number + 1
        wide = cell_len(letter) > 1 or (fits < len(line) and cell_len(line[fits]) > 1)
        if line[:fits].isspace():
            continue
        if letter == " ":
            space = fits
        if letter == " " or (wide and line[fits : fits + 1] not in tuple(",。;:)")):
            end = fits
    return space if space and end - space <= _SPACE_REACH else end or fits
