"""Read the form on which a person says when they can help, and turn what is stored back into its fields."""

from collections.abc import Mapping
from dataclasses import dataclass

from volunteering.dispatch.world import Willing

PARTS_OF_DAY, DAYS = 3, 7
MAX_PER_WEEK, MAX_GRID = 7, 20
NONE_BEST = -1


@dataclass(frozen=True, slots=True)
class WillingForm:
    """`parts`: numbers of the chosen parts of the week, 0 to 20 from Monday morning. `best`: a part of the day."""

    parts: frozenset[int]
    best: int
    per_week: int
    grid: str
    adult: bool

    @property
    def week(self) -> str:
        """A digit of `Willing` for each part: chosen parts are gladly, unless another part of the day is the best."""
        return "".join(str(int(self._willing(part))) for part in range(DAYS * PARTS_OF_DAY))

    def _willing(self, part: int) -> Willing:
        if part not in self.parts:
            return Willing.no
        return Willing.gladly if self.best in (NONE_BEST, part % PARTS_OF_DAY) else Willing.possible


def read_form(values: Mapping[str, str]) -> WillingForm | None:
    """Return None for values that the page cannot send."""
    chosen = frozenset(part for part in range(DAYS * PARTS_OF_DAY) if f"part{part}" in values)
    best, per_week = values.get("best", ""), values.get("per_week", "")
    grid = " ".join(values.get("grid", "").split())
    if best not in ("", "0", "1", "2") or per_week not in map(str, range(1, MAX_PER_WEEK + 1)):
        return None
    if len(grid) > MAX_GRID or not grid.isprintable():
        return None
    return WillingForm(chosen, int(best) if best else NONE_BEST, int(per_week), grid, "adult" in values)


def stored_form(week: str, per_week: int, grid: str, *, adult: bool) -> WillingForm:
    """Return the form that gives the stored values."""
    parts = frozenset(number for number, digit in enumerate(week) if digit != "0")
    gladly = {number % PARTS_OF_DAY for number, digit in enumerate(week) if digit == "2"}
    best = min(gladly) if "1" in week and len(gladly) == 1 else NONE_BEST
    return WillingForm(parts, best, per_week, grid, adult)
