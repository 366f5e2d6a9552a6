"""Read the amount that a donor typed, or that a button posted; refuse zero, fractions and other currencies."""

import re
from enum import StrEnum

from sync_contract.money import AmountFault, AmountMalformed, Money


class AmountProblem(StrEnum):
    """Why a typed amount is refused; the page words it."""

    nothing = "nothing"
    unread = "unread"
    too_little = "too_little"
    """Zero or negative."""
    fractional = "fractional"
    currency = "currency"
    outside = "outside"
    """Outside the project's limits."""


_PROBLEMS = {
    AmountFault.empty: AmountProblem.nothing,
    AmountFault.unreadable: AmountProblem.unread,
    AmountFault.currency: AmountProblem.currency,
    AmountFault.negative: AmountProblem.too_little,
    AmountFault.fraction: AmountProblem.fractional,
}


def read_yuan(text: str) -> Money | AmountProblem:
    """Read an amount of whole yuan as Money.from_yuan does."""
    try:
        amount = Money.from_yuan(text)
    except AmountMalformed as error:
        return _PROBLEMS[error.fault]
    if amount.minor % 100:
        return AmountProblem.fractional
    if amount.minor == 0:
        return AmountProblem.too_little
    return AmountProblem.outside if amount.minor >= 10**11 else amount


def read_fen(text: str) -> Money | AmountProblem:
    """Read the fen that one of the page's own buttons posts."""
    if not re.fullmatch(r"[1-9][0-9]{0,11}", text):
        return AmountProblem.unread
    return Money(int(text))
