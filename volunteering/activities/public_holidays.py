"""Read the public holidays from `public_holidays.toml`: dates by year."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("public_holidays.toml")


@cache
def public_holidays() -> Mapping[int, frozenset[date]]:
    """Return the holidays of each year that is known. Raises ValueError for a text that is no date of its year."""
    found = {int(year): frozenset(map(date.fromisoformat, days)) for year, days in _read().items()}
    for year, days in found.items():
        if any(day.year != year for day in days):
            raise ValueError(f"{_FILE}: a holiday under {year} is in another year")
    return found


def _read() -> dict[str, list[str]]:
    return tomllib.loads(_FILE.read_text("utf-8"))
