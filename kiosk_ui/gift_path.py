"""The way of one gift's money, as its giver sees it: from the registration to the households."""

from dataclasses import dataclass
from datetime import date, datetime

from sync_contract.project import Texts


@dataclass(frozen=True, slots=True)
class SpentMonth:
    """Fen of the gift that were spent in a month. `month`: 1 to 12."""

    year: int
    month: int
    fen: int


@dataclass(frozen=True, slots=True)
class Reached:
    """How often households confirmed help of this kind, of the whole project in a month. Never under five."""

    kind: Texts
    times: int


@dataclass(frozen=True, slots=True)
class GiftPath:
    """`registered_at`: None where unknown. `bank_day`: of the bank's file that contains it, None so far. `in_no_file`:
    none will, as for a transfer.

    Fen: `left` of it are not spent; `moved` went to another project of the organisation; `fees` to the bank; `refunded`
    back to the giver, as published. `reached_in`: the year and month of `reached`.
    """

    registered_at: datetime | None = None
    bank_day: date | None = None
    in_no_file: bool = False
    spent: tuple[SpentMonth, ...] = ()
    left: int = 0
    moved: int = 0
    fees: int = 0
    refunded: int = 0
    reached_in: tuple[int, int] | None = None
    reached: tuple[Reached, ...] = ()

    @property
    def spent_fen(self) -> int:
        return sum(each.fen for each in self.spent)

    @property
    def all_spent(self) -> bool:
        return bool(self.spent) and not self.left
