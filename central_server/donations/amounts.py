"""An amount as a donor types it: whole yuan, in any script's figures that a phone may give."""

import re
import unicodedata
from enum import StrEnum

from sync_contract.money import Money

_LONGEST = 40
_MINUS = str.maketrans("−–—", "---")
_THOUSANDS = re.compile(r"(?<=\d)[,，](?=\d{3}(?:\D|$))", re.ASCII)
_YUAN = re.compile(
    r"(?:¥|rmb|cny|人民[币幣])?(?P<sign>[+-]?)(?P<whole>\d+)(?:\.(?P<part>\d*))?(?:元|[圆圓]|[块塊]|yuan|rmb|cny)?整?",
    re.ASCII,
)
_OTHER_CURRENCY = re.compile(r"[$€£₩₽₹฿]|usd|hkd|twd|eur|gbp|jpy|mop|krw|[美港台臺日欧歐澳英]")


class Typed(StrEnum):
    """Why an amount is none; the sentences stand in the page."""

    nothing = "nothing"
    unread = "unread"
    too_little = "too_little"
    fractional = "fractional"
    currency = "currency"
    outside = "outside"
    """Of what the project takes."""


def read_yuan(text: str) -> Money | Typed:
    """`50`, `５０元`, `¥1,000`, `50.00`."""
    told = unicodedata.normalize("NFKC", text[: _LONGEST + 1]).translate(_MINUS).lower()
    told = _THOUSANDS.sub("", "".join(told.split()))
    if not told:
        return Typed.nothing
    found = _YUAN.fullmatch(told) if len(told) <= _LONGEST else None
    if found is None:
        return Typed.currency if _OTHER_CURRENCY.search(told) else Typed.unread
    if (found["part"] or "").strip("0"):
        return Typed.fractional
    yuan = int(found["whole"])
    if found["sign"] == "-" or yuan == 0:
        return Typed.too_little
    return Typed.outside if yuan >= 10**9 else Money(yuan * 100)


def read_fen(text: str) -> Money | Typed:
    """The value of one of the page's own buttons."""
    if not re.fullmatch(r"[1-9][0-9]{0,11}", text):
        return Typed.unread
    return Money(int(text))
