"""Find keys and sections that a TOML text has twice, with the line of the first."""

from collections.abc import Iterator
from dataclasses import dataclass

from daemonkit.toml_lines import NotToml, Path, iterate_lines


@dataclass(frozen=True, slots=True)
class Repetition:
    """`at` is defined on line `first` and again on line `line`. `is_section`: by a header in brackets."""

    at: Path
    first: int
    line: int
    is_section: bool


def find_repetitions(text: str) -> tuple[Repetition, ...]:
    """Return them in the order of the text, up to the first place that is not TOML; none of keys below another."""
    return tuple(_find(text))


def _find(text: str) -> Iterator[Repetition]:
    rows = text.split("\n")
    first: dict[Path, int] = {}
    repeated: set[Path] = set()
    for at, line in _definitions(text):
        if any(at[:depth] in repeated for depth in range(1, len(at))):
            continue
        header = rows[line - 1].lstrip()
        if header.startswith("[[") and at[-1] == 0 and at[:-1] in first:
            at = at[:-1]  # [[a]] after [a]
        if at not in first:
            first[at] = line
        else:
            repeated.add(at)
            yield Repetition(at, first[at], line, header.startswith("["))


def _definitions(text: str) -> Iterator[tuple[Path, int]]:
    try:
        yield from iterate_lines(text)
    except NotToml:
        return
