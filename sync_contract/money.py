"""Money: an integer number of minor units with its currency, and its text form in yuan."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

NUMERIC = {"CNY": 156}
"""ISO 4217 numeric codes, for banks."""
_MAX_LENGTH = 40
_MINUS = str.maketrans("\u2212\u2013\u2014", "---")
_THOUSANDS = re.compile(r"(?<=\d)[,\uff0c](?=\d{3}(?:\D|$))", re.ASCII)
_YUAN = re.compile(
    r"(?:¥|rmb|cny|人民[币幣])?(?P<sign>[+-]?)(?P<yuan>\d+)(?:\.(?P<fraction>\d*))?(?:元|[圆圓]|[块塊]|yuan|rmb|cny)?整?",
    re.ASCII,
)
_OTHER_CURRENCY = re.compile(r"[$€£₩₽₹฿]|usd|hkd|twd|eur|gbp|jpy|mop|krw|[美港台臺日欧歐澳英]")


class AmountFault(StrEnum):
    """Why a text is not an amount in yuan."""

    empty = "empty"
    unreadable = "unreadable"
    currency = "currency"
    """Another currency."""
    negative = "negative"
    fraction = "fraction"
    """Less than a fen."""


class AmountMalformed(ValueError):
    """The text is not an amount in yuan; `fault` is the reason, which each caller words itself."""

    def __init__(self, fault: AmountFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


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

    @classmethod
    def from_yuan(cls, text: str) -> Self:
        """Read an amount as people type it: `50`, `５０元`, `¥1,000`, `12.50`. Zero is an amount.

        Raises AmountMalformed.
        """
        typed = unicodedata.normalize("NFKC", text[: _MAX_LENGTH + 1]).translate(_MINUS).lower()
        typed = _THOUSANDS.sub("", "".join(typed.split()))
        if not typed:
            raise AmountMalformed(AmountFault.empty)
        found = _YUAN.fullmatch(typed) if len(typed) <= _MAX_LENGTH else None
        if found is None:
            other = _OTHER_CURRENCY.search(typed)
            raise AmountMalformed(AmountFault.currency if other else AmountFault.unreadable)
        fraction = (found["fraction"] or "").rstrip("0")
        if len(fraction) > 2:
            raise AmountMalformed(AmountFault.fraction)
        if found["sign"] == "-":
            raise AmountMalformed(AmountFault.negative)
        return cls(int(found["yuan"]) * 100 + int(fraction.ljust(2, "0")))

    def to_yuan(self) -> str:
        """Return the amount as `12.50`, for programs."""
        return f"{self.minor // 100}.{self.minor % 100:02}"
