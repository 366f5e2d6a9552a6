"""Check docs/asvs: each requirement of OWASP ASVS 5.0, levels 1 and 2, is listed once, and the sums are correct.

`asvs_numbers.csv` holds the numbers and levels of the standard (5.0.0), and nothing else of it.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.paths import ROOT

SUMMARY = ROOT / "docs" / "asvs.md"
CHAPTERS = sorted((ROOT / "docs" / "asvs").glob("v*.md"))
HEAD = ("number", "level", "what it asks", "state", "by what", "seen in")
STATES = ("met", "partly", "not", "n/a")
WORDS = frozenset({"code", "document"})
"""How a row is seen where no test shows it."""
_QUOTED = re.compile(r"`([^`]+)`")
_PATH = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+/?")
_NUMBER = re.compile(r"\d+\.\d+\.\d+")
_OPEN = re.compile(r"- \*\*(\d+\.\d+\.\d+)\*\* \(level ([12]), (partly|not)\): (.+)")


@dataclass(frozen=True)
class Row:
    file: str
    number: str
    level: int
    asks: str
    state: str
    by: str
    seen: str

    @property
    def chapter(self) -> int:
        return int(self.number.partition(".")[0])


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def standard() -> dict[str, int]:
    with (Path(__file__).parent / "asvs_numbers.csv").open(encoding="ascii", newline="") as file:
        return {row["number"]: int(row["level"]) for row in csv.DictReader(file)}


def rows_of(path: Path) -> list[Row]:
    """Of the one table under the settled head; further tables of the page say other things."""
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    assert any(cells(line) == list(HEAD) for line in lines), f"{path.name} has no table under {HEAD}"
    found = []
    for line in lines:
        if not line.startswith("|"):
            break
        if not line.startswith("|---"):
            fields = cells(line)
            assert len(fields) == len(HEAD), f"{path.name}: {line}"
            found.append(Row(path.name, fields[0], int(fields[1]), *fields[2:]))
    return found


@cache
def every_row() -> tuple[Row, ...]:
    return tuple(row for path in CHAPTERS for row in rows_of(path))


def test_each_requirement_of_levels_1_and_2_is_listed_once() -> None:
    known = standard()
    assert Counter(known.values()) == {1: 70, 2: 183, 3: 92}
    numbers = Counter(row.number for row in every_row())
    assert [number for number, times in numbers.items() if times > 1] == []
    assert sorted(set(numbers) - set(known)) == [], "the standard has no such requirement"
    assert sorted(number for number, level in known.items() if level < 3 and number not in numbers) == []
    assert [row.number for row in every_row() if row.level != known[row.number]] == []


def test_each_chapter_has_its_own_file() -> None:
    wrong = [f"{row.file}: {row.number}" for row in every_row() if not row.file.startswith(f"v{row.chapter:02}-")]
    assert wrong == []
    assert [row.file[:3] for row in every_row()] == sorted(row.file[:3] for row in every_row())
    assert len(CHAPTERS) == 17


def test_each_row_names_its_proof() -> None:
    assert [f"{row.number}: {fault}" for row in every_row() for fault in faults(row)] == []


def faults(row: Row) -> Iterator[str]:
    if row.state not in STATES:
        yield f"{row.state} is no state"
    if not row.asks or not row.by:
        yield "says nothing, or neither a way nor a reason"
    for name in _QUOTED.findall(f"{row.by} {row.seen}"):
        if _PATH.fullmatch(name) and not (ROOT / name).exists():
            yield f"{name} is not there"
    tests = [name for name in _QUOTED.findall(row.seen) if name.startswith("tests/")]
    words = {word.strip() for word in _QUOTED.sub("", row.seen).split(",")}
    if row.state in ("met", "partly") and not tests and words.isdisjoint(WORDS):
        yield "nothing shows it"


def test_the_summary_matches_the_tables() -> None:
    counted: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for row in every_row():
        counted[row.chapter, row.level][row.state] += 1
    summary = {}
    for line in SUMMARY.read_text(encoding="utf-8").splitlines():
        found = re.match(r"\| \[V(\d+) .*?\]\((asvs/v\d\d-.*?\.md)\) \| ([12]) \|", line)
        if found:
            assert (SUMMARY.parent / found[2]).is_file(), found[2]
            summary[int(found[1]), int(found[3])] = [int(cell) for cell in cells(line)[2:6]]
    wanted = {key: [states[state] for state in STATES] for key, states in counted.items() if key[1] < 3}
    assert summary == wanted


@pytest.mark.parametrize("level", [1, 2])
def test_the_summary_contains_the_share_of_applicable_requirements(level: int) -> None:
    states = Counter(row.state for row in every_row() if row.level == level)
    applicable = states["met"] + states["partly"] + states["not"]
    percent = f"{int(1000 * states['met'] / applicable) / 10:.1f} %"  # never rounded up
    wanted = f"| all | {level} | {' | '.join(str(states[state]) for state in STATES)} | {percent} |"
    assert wanted in SUMMARY.read_text(encoding="utf-8").splitlines()


def test_unmet_requirements_are_in_the_summary_with_their_reason() -> None:
    open_ones = {
        row.number: (row.level, row.state) for row in every_row() if row.level < 3 and row.state in ("partly", "not")
    }
    summary = {}
    for line in SUMMARY.read_text(encoding="utf-8").splitlines():
        if found := _OPEN.match(line):
            summary[found[1]] = (int(found[2]), found[3])
    assert summary == open_ones


def test_numbers_are_numbers() -> None:
    assert all(_NUMBER.fullmatch(number) for number in standard())
