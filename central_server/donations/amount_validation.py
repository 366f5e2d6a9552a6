"""Read the amount that a donor typed, or that a button posted; refuse zero, fractions and other currencies."""

import re
import unicodedata
from enum import StrEnum

from sync_contract.money import Money

_MAX_LENGTH = 40
_MINUS = str.maketrans("−–—", "---")
_THOUSANDS = re.compile(r"(?<=\d)[,，](?=\d{3}(?:\D|$))", re.ASCII)
_YUAN = re.compile(
    r"(?:¥|rmb|cny|人民[币幣])?(?P<sign>[+-]?)(?P<yuan>\d+)(?:\.(?P<fraction>\d*))?(?:元|[圆圓]|[块塊]|yuan|rmb|cny)?整?",
    re.ASCII,
)
_OTHER_CURRENCY = re.compile(r"[$€£₩₽₹฿]|usd|hkd|twd|eur|gbp|jpy|mop|krw|[美港台臺日欧歐澳英]")


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


def read_yuan(text: str) -> Money | AmountProblem:
    """Read whole yuan in any usual form: `50`, `５０元`, `¥1,000`, `50.00`."""
    typed = unicodedata.normalize("NFKC", text[: _MAX_LENGTH + 1]).translate(_MINUS).lower()
    typed = _THOUSANDS.sub("", "".join(typed.split()))
    if not typed:
        return AmountProblem.nothing
    found = _YUAN.fullmatch(typed) if len(typed) <= _MAX_LENGTH else None
    if found is None:
        return AmountProblem.currency if _OTHER_CURRENCY.search(typed) else AmountProblem.unread
    if (found["fraction"] or "").strip("0"):
        return AmountProblem.fractional
    yuan = int(found["yuan"])
    if found["sign"] == "-" or yuan == 0:
        return AmountProblem.too_little
    return AmountProblem.outside if yuan >= 10**9 else Money(yuan * 100)


def read_fen(text: str) -> Money | AmountProblem:
    """Read the fen that one of the page's own buttons posts."""
    if not re.fullmatch(r"[1-9][0-9]{0,11}", text):
        return AmountProblem.unread
    return Money(int(text))
