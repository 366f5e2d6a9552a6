"""The input of a dispatch plan, and the plan. Nothing here says who a person is, or what group they belong to."""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from volunteering.rules.shift_times import ShiftTimes

MAX_PEOPLE, MAX_SHIFTS = 5_000, 500
"""Of one plan. 2,000 people and 200 shifts take seconds; see docs/dispatch.md."""


class Risk(IntEnum):
    """How much harm a missing person can do."""

    low = 0
    medium = 1
    high = 2


LEAST_BY_RISK = {Risk.low: 1, Risk.medium: 2, Risk.high: 3}
"""The people that a shift needs at least, unless its organiser asks for more: nobody is alone where there is risk."""


class Willing(IntEnum):
    """What a person wrote about a time of the week."""

    no = 0
    possible = 1
    gladly = 2


@dataclass(frozen=True, slots=True)
class Commitment:
    """A shift that a person has already promised. `shift`: its id."""

    shift: str
    times: ShiftTimes


@dataclass(frozen=True, slots=True)
class Helper:
    """A person who wants to be asked. `week`: 7 days from Monday, each with morning, afternoon and evening.

    `per_week`: the most shifts a person wants in a week. `recent_minutes`: served in the last four weeks.
    `declined`: ids of shifts. `qualifications`: valid ones.
    """

    id: str
    week: tuple[Willing, ...]
    per_week: int
    grid: str = ""
    adult: bool = True
    recent_minutes: int = 0
    qualifications: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()
    commitments: tuple[Commitment, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedShift:
    """A coming shift. `confirmed`: people who have a seat. `needs`: qualifications that each helper must have."""

    id: str
    times: ShiftTimes
    seats: int
    least: int
    risk: Risk = Risk.low
    grid: str = ""
    confirmed: int = 0
    adults_only: bool = False
    needs: frozenset[str] = frozenset()

    @property
    def wanted(self) -> int:
        """How many people are missing."""
        return max(0, min(self.least, self.seats) - self.confirmed)


@dataclass(frozen=True, slots=True)
class Pair:
    """A person at a shift: their ids."""

    person: str
    shift: str


@dataclass(frozen=True, slots=True)
class World:
    """`former`: the plan of the day before, which a new plan changes as little as it can."""

    helpers: tuple[Helper, ...]
    shifts: tuple[PlannedShift, ...]
    former: frozenset[Pair] = frozenset()


class Obstacle(StrEnum):
    """Why a person cannot be proposed for a shift. Each can be shown and changed."""

    not_free = "not_free"
    declined = "declined"
    qualification = "qualification"
    too_young = "too_young"
    overlap = "overlap"
    """With a shift that the person has promised."""
    rest = "rest"
    """Too little time before or after a shift that the person has promised."""
    day_limit = "day_limit"
    week_limit = "week_limit"


@dataclass(frozen=True, slots=True)
class Cost:
    """What speaks against a pair, each from 0: `load` of the person's next shift, distance, preference, change."""

    load: int
    grid: int
    preference: int
    change: int

    @property
    def total(self) -> int:
        return self.load + self.grid + self.preference + self.change


@dataclass(frozen=True, slots=True)
class Gap:
    """A shift without enough people. `missing`: how many.

    `one_change_away`: how many people each obstacle alone keeps from this seat; they would fill it without it.
    """

    shift: str
    missing: int
    one_change_away: dict[Obstacle, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """`shortage`: missing people weighed by risk; `cost`: the sum of what speaks against the pairs.

    `optimal`: False if the time was too short to prove that no plan is better.
    """

    pairs: tuple[Pair, ...]
    gaps: tuple[Gap, ...]
    shortage: int
    cost: int
    optimal: bool = True
