"""Read what staff type to find a gift: its numbers, an amount, a day, or a gateway's name."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from central_server.staff.frame.list_paging import day_end, day_start
from central_server.store.donations.gifts import GiftWord
from central_server.store.enrolment.gateways import Gateway
from sync_contract.money import AmountMalformed, Money

MAX_LENGTH = 120
_MAX_WORDS = 6
_SIGN_OF_MONEY = re.compile(r"[¥元.]")
_SMALL_NUMBER = re.compile(r"[0-9,]{1,6}")
"""Longer numbers are codes: a typed code has eight digits, an order more."""
_TOO_MUCH = 2**53
"""Fen; no gift has so many, and a database refuses greater numbers."""


@dataclass(frozen=True, slots=True)
class GiftSearch:
    """Every part must fit; None and () take all. `since` and `until`: aware, the bounds of a day in official time."""

    amount_minor: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: tuple[GiftWord, ...] = ()


def read_search(typed: str, gateways: Iterable[Gateway]) -> GiftSearch:
    """Read e.g. `7F3A-K8QZ`, `1234 5678`, `¥30 2026-12-01` or `Hall`. `gateways`: those that the reader sees."""
    amount, since, until = None, None, None
    words: list[GiftWord] = []
    for word in _split(typed):
        if day_start(word) is not None:
            since, until = day_start(word), day_end(word)
        elif (minor := _amount(word)) is not None:
            amount = minor
        else:
            same = frozenset(each.id for each in gateways if word.casefold() in each.label.casefold())
            words.append(GiftWord(_spellings(word), same))
    return GiftSearch(amount, since, until, tuple(words))


def _split(typed: str) -> list[str]:
    """Split at spaces and at what no database stores; join the halves of an eight-digit code."""
    plain = "".join(each if each.isprintable() else " " for each in unicodedata.normalize("NFKC", typed[:MAX_LENGTH]))
    return re.sub(r"\b([0-9]{4})\s+([0-9]{4})\b", r"\1\2", plain).split()[:_MAX_WORDS]


def _amount(word: str) -> int | None:
    if not _SIGN_OF_MONEY.search(word) and not _SMALL_NUMBER.fullmatch(word):
        return None
    try:
        minor = Money.from_yuan(word).minor
    except AmountMalformed:
        return None
    return minor if minor < _TOO_MUCH else None


def _spellings(word: str) -> frozenset[str]:
    """Return the forms in which a number may be stored: hexadecimal ids in lower case, slips with a hyphen."""
    bare = word.replace("-", "")
    return frozenset({word, bare, bare.lower(), bare.upper(), f"{bare[:4]}-{bare[4:]}".upper()})
