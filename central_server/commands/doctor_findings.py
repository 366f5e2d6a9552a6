"""What a look at a server found, and how it is told on a terminal of 80 columns."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    well = "well"
    note = "note"
    """Worth knowing, and no fault."""
    person = "LOOK"
    """Somebody has to do something."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`what`: one word; `remedy`: what to do, one line each, commands as they are typed."""

    level: Level
    what: str
    says: str
    remedy: tuple[str, ...] = ()


def well(what: str, says: str) -> Finding:
    return Finding(Level.well, what, says)


def note(what: str, says: str, *remedy: str) -> Finding:
    return Finding(Level.note, what, says, remedy)


def look(what: str, says: str, *remedy: str) -> Finding:
    return Finding(Level.person, what, says, remedy)


_COLUMNS = 80
_WORDS = 10
_INDENT = " " * (len("LOOK  ") + _WORDS + 1)


def told(findings: Sequence[Finding]) -> str:
    """A finding a line where it fits, its remedies below it, and at the end how many need a person."""
    lines = [line for each in findings for line in _lines(each)]
    count = sum(each.level is Level.person for each in findings)
    last = (
        "Nothing needs a person."
        if not count
        else f"{count} {'thing needs' if count == 1 else 'things need'} a person."
    )
    return "\n".join((*lines, "", last))


def _lines(finding: Finding) -> list[str]:
    first = f"{finding.level.value:<6}{finding.what:<{_WORDS}} "
    lines = _wrapped(finding.says, first, _INDENT)
    for remedy in finding.remedy:
        lines += _wrapped(remedy, f"{_INDENT}-> ", f"{_INDENT}   ")
    return lines


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    # A path or a command that is longer than the line stays whole: it is to be copied.
    return textwrap.wrap(
        text, _COLUMNS, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
