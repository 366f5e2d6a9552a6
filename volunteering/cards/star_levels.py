"""Read the rules for stars from star_levels.toml: thresholds and counted grades are data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from volunteering.rules.service_hours import Grade, next_star_minutes, stars

_FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True)
class StarLevels:
    hours: tuple[int, ...]
    counted: frozenset[Grade]

    def minutes(self, by_grade: Mapping[Grade, int]) -> int:
        """Return the minutes that count for stars."""
        return sum(minutes for grade, minutes in by_grade.items() if grade in self.counted)

    def stars(self, by_grade: Mapping[Grade, int]) -> int:
        return stars(self.minutes(by_grade), self.hours)

    def missing(self, by_grade: Mapping[Grade, int]) -> int | None:
        """Return the minutes that are missing for the next star, None after the last one."""
        return next_star_minutes(self.minutes(by_grade), self.hours)


@cache
def star_levels() -> StarLevels:
    read = tomllib.loads(_FILE.read_text("utf-8"))
    return StarLevels(tuple(sorted(read["hours"])), frozenset(Grade(each) for each in read["counted"]))
