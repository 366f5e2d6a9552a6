"""Page and filter lists by time: positions and days in URLs, and groups of rows by day."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TypeVar

from sync_contract.entered_date import read_entered_date
from sync_contract.permit import OFFICIAL_TIME

RowT = TypeVar("RowT")
_POSITION = re.compile(r"([0-9]{1,17})-([0-9a-f]{32}|[0-9]{1,18})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def format_position(at: datetime, key: object) -> str:
    """Return the URL form of a row's place in a list that is ordered by time and key."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}-{key}"


def parse_position(text: str) -> tuple[datetime, str] | None:
    """Return None for anything that `format_position` does not return."""
    found = _POSITION.fullmatch(text)
    return None if found is None else (_EPOCH + timedelta(microseconds=int(found[1])), found[2])


def day_start(text: str) -> datetime | None:
    """Return the start of a day in official time; None for other text, so that filters ignore it."""
    day = read_entered_date(text)
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=OFFICIAL_TIME)


def day_end(text: str) -> datetime | None:
    """Return the start of the following day."""
    start = day_start(text)
    return None if start is None else start + timedelta(days=1)


def group_by_day(rows: Iterable[RowT], at: Callable[[RowT], datetime]) -> list[tuple[datetime, list[RowT]]]:
    """Return rows in their order by day of official time, each group with the time of its first row."""
    groups = [list(same) for _, same in groupby(rows, lambda row: at(row).astimezone(OFFICIAL_TIME).date())]
    return [(at(group[0]), group) for group in groups]
