"""Represent findings of a program's doctor and format them for a terminal of 80 columns."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    ok = "well"
    note = "note"
    """Information, not a fault."""
    person = "LOOK"
    """Somebody must act."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`what`: one word; `remedy`: what to do, one line each, commands as they are typed."""

    level: Level
    subject: str
    text: str
    remedy: tuple[str, ...] = ()


def ok(subject: str, text: str) -> Finding:
    return Finding(Level.ok, subject, text)


def note(subject: str, text: str, *remedy: str) -> Finding:
    return Finding(Level.note, subject, text, remedy)


def fault(subject: str, text: str, *remedy: str) -> Finding:
    return Finding(Level.person, subject, text, remedy)


_COLUMNS = 80
_SUBJECT_WIDTH = 10
_INDENT = " " * (len("LOOK  ") + _SUBJECT_WIDTH + 1)


def format_findings(findings: Sequence[Finding]) -> str:
    """Return the findings with their remedies, and the number of faults at the end."""
    lines = [line for each in findings for line in _lines(each)]
    count = sum(each.level is Level.person for each in findings)
    last = "Nothing to do." if not count else f"{count} {'thing needs' if count == 1 else 'things need'} action."
    return "\n".join((*lines, "", last))


def _lines(finding: Finding) -> list[str]:
    first = f"{finding.level.value:<6}{finding.subject:<{_SUBJECT_WIDTH}} "
    lines = _wrapped(finding.text, first, _INDENT)
    for remedy in finding.remedy:
        lines += _wrapped(remedy, f"{_INDENT}-> ", f"{_INDENT}   ")
    return lines


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    # Long paths and commands are not broken, so that they can be copied.
    return textwrap.wrap(
        text, _COLUMNS, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
