"""Lines that fit a terminal: folded at spaces or between Chinese characters, the rest below the text it belongs to."""

import shutil
import sys

from rich.cells import cell_len

_TEXT_AT = 24
"""Columns before the text of a decision's lines."""
_RATHER_A_SPACE = 6
"""So many characters further back a space is still the better place: a Chinese word stays whole."""


def print_folded(block: str, *, flush: bool = False) -> None:
    """Print it, folded when standard output is a terminal; elsewhere each line stays whole."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        block = "\n".join(part for line in block.split("\n") for part in fold(line, width))
    print(block, flush=flush)


def fold(line: str, width: int) -> list[str]:
    """`width`: columns; a Chinese character takes two."""
    leading = len(line) - len(line.lstrip(" "))
    hanging = " " * min(_TEXT_AT if leading > 2 else leading + 2, width // 2)
    parts = []
    while cell_len(line) > width and (end := _end(line, width)) > len(hanging):
        parts.append(line[:end].rstrip(" "))
        line = hanging + line[end:].lstrip(" ")
    return [*parts, line]


def _end(line: str, width: int) -> int:
    """How many of its characters go into `width` columns, without parting a word."""
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
    return space if space and end - space <= _RATHER_A_SPACE else end or fits
