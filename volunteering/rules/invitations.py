"""Read a list of names and numbers, and decide how long and how often people are invited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from volunteering.rules.one_time_code import MAX_TRIES, CodeProblem
from volunteering.rules.phone_number import read_mobile

MAX_NAME = 30
MAX_ROWS = 120_000
"""Rows of a file that are read, so that each fault can be named."""
MAX_INVITED = 2000
"""Invitations of a list."""
VALID = timedelta(days=14)
REMEMBERED = timedelta(days=180)
"""A number is not invited again before this time has passed since its invitation ended."""
PAUSE = timedelta(seconds=6)
"""Between two messages of a list: ten a minute, so that other messages are not delayed."""
_NAMES = frozenset({"姓名", "名字", "name"})
_NUMBERS = frozenset(
    {"手机", "手机号", "手机号码", "电话", "手機", "手機號", "手機號碼", "電話", "number", "mobile", "mobile number"}
)


class InvitationState(StrEnum):
    open = "open"
    accepted = "accepted"
    declined = "declined"
    expired = "expired"
    withdrawn = "withdrawn"


class ListProblem(StrEnum):
    head = "head"
    """No column for names, or none for numbers."""
    empty = "empty"
    long = "long"
    """More than `MAX_INVITED` numbers."""


class RowProblem(StrEnum):
    number = "number"
    name = "name"
    twice = "twice"
    """An earlier row has the same number."""


@dataclass(frozen=True, slots=True)
class ReadList:
    """`numbers`: of 11 digits, in the order of the file. `faults`: the numbers of rows by problem."""

    numbers: tuple[str, ...] = ()
    problem: ListProblem | None = None
    faults: Mapping[RowProblem, Sequence[int]] | None = None


def read_list(head: Sequence[str], rows: Sequence[tuple[int, Sequence[str]]]) -> ReadList:
    """Return all numbers, or what is wrong. A name only shows that the row is about a person; it is not returned."""
    titles = [title.strip().lstrip("\ufeff").casefold() for title in head]
    name_at = next((at for at, title in enumerate(titles) if title in _NAMES), None)
    number_at = next((at for at, title in enumerate(titles) if title in _NUMBERS), None)
    if name_at is None or number_at is None:
        return ReadList(problem=ListProblem.head)
    numbers: dict[str, int] = {}
    faults: dict[RowProblem, list[int]] = {}
    for row, cells in rows:
        mobile = read_mobile(cells[number_at])
        if mobile is None:
            faults.setdefault(RowProblem.number, []).append(row)
        elif not is_name(cells[name_at]):
            faults.setdefault(RowProblem.name, []).append(row)
        elif mobile in numbers:
            faults.setdefault(RowProblem.twice, []).append(row)
        else:
            numbers[mobile] = row
    if faults:
        return ReadList(faults=faults)
    if not numbers:
        return ReadList(problem=ListProblem.empty)
    return ReadList(problem=ListProblem.long) if len(numbers) > MAX_INVITED else ReadList(tuple(numbers))


def is_name(text: str) -> bool:
    name = " ".join(text.split())
    return 0 < len(name) <= MAX_NAME and name.isprintable()


def in_ranges(rows: Sequence[int]) -> str:
    """Return ascending numbers as `2–5, 9`."""
    ranges: list[list[int]] = []
    for row in rows:
        if ranges and ranges[-1][1] == row - 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in ranges)


def judge_invitation(
    state: str, expires_at: datetime, tries: int, *, matches: bool, now: datetime
) -> CodeProblem | None:
    """Return why the typed code does not open the invitation, None if it does."""
    if state != InvitationState.open or now >= expires_at or tries >= MAX_TRIES:
        return CodeProblem.ended
    return None if matches else CodeProblem.wrong
