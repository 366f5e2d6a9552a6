"""Money is an integer number of minor units with its currency; never a float."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (fen for CNY) of an ISO 4217 currency.

    Raises ValueError for a negative amount or a currency that is not three capital letters.
    """

    minor: int
    currency: str = "CNY"

    def __post_init__(self) -> None:
        if type(self.minor) is not int or self.minor < 0:
            raise ValueError(f"an amount is a whole number of minor units, not {self.minor!r}")
        if len(self.currency) != 3 or not self.currency.isascii() or not self.currency.isupper():
            raise ValueError(f"a currency is three capital letters (ISO 4217), not {self.currency!r}")

    def __add__(self, other: Self) -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} cannot be added")
        return Money(self.minor + other.minor, self.currency)


NUMERIC = {"CNY": 156}
"""ISO 4217 numeric codes of the currencies that a ticket can carry."""
ALPHABETIC = {number: letters for letters, number in NUMERIC.items()}
