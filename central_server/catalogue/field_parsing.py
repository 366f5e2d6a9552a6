"""What people typed, in a form or in a row of a file: each value read, every fault named at its field.

A fault is a word with its facts; the sentence belongs to whoever tells it.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from uuid import UUID

from pydantic import ValidationError

from central_server.sheets.sheet_reader import SheetRefused
from sync_contract.project import Texts
from sync_contract.strict_model import Language

Values = Mapping[str, str]
_LINES = re.compile(r"\r\n?")
_SEPARATORS = re.compile(r"[\s,;\u3001\uff0c\uff1b]+")  # and those of Chinese
_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_TIME = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]"
_HOURS = re.compile(rf"({_TIME})\s*[-\u2013\u2014~\uff5e\u81f3\u5230]\s*({_TIME})")  # dashes, 至, 到
YES = frozenset(("1", "yes", "true", "on", "y", "是", "对"))
NO = frozenset(("", "0", "no", "false", "off", "n", "否"))


class Word(StrEnum):
    """What is wrong with a value."""

    needed = "needed"
    too_long = "too_long"
    unreadable = "unreadable"
    not_a_number = "not_a_number"
    out_of_range = "out_of_range"
    not_money = "not_money"
    too_many = "too_many"
    amount_outside = "amount_outside"
    least_over_most = "least_over_most"
    not_an_example = "not_an_example"
    not_on_a_button = "not_on_a_button"
    amount_twice = "amount_twice"
    example_too_long = "example_too_long"
    example_missing = "example_missing"
    not_a_date = "not_a_date"
    ends_before_it_begins = "ends_before_it_begins"
    not_an_id = "not_an_id"
    not_a_uuid = "not_a_uuid"
    not_https = "not_https"
    not_yes_or_no = "not_yes_or_no"
    not_hours = "not_hours"
    not_weekdays = "not_weekdays"
    not_one_of = "not_one_of"
    not_a_group = "not_a_group"
    unknown_place = "unknown_place"
    unknown_project = "unknown_project"
    unknown_organisation = "unknown_organisation"
    unknown_gateway = "unknown_gateway"
    unknown_binding = "unknown_binding"
    unknown_column = "unknown_column"
    permit_incomplete = "permit_incomplete"
    class_needed = "class_needed"
    class_of_place = "class_of_place"
    taken = "taken"
    held_here = "held_here"
    held_elsewhere = "held_elsewhere"
    twice_in_file = "twice_in_file"
    repeated = "repeated"
    file_unreadable = "file_unreadable"
    file_too_large = "file_too_large"
    not_a_picture = "not_a_picture"
    gift_unknown = "gift_unknown"
    gift_settled = "gift_settled"
    other_amount = "other_amount"
    evidence_used = "evidence_used"


@dataclass(frozen=True, slots=True)
class Fault:
    """`facts` fill the sentence: numbers and names of what would be right; names of places in three languages."""

    field: str
    word: Word
    got: str = ""
    facts: Mapping[str, str | int | Texts] = dataclasses.field(default_factory=dict)


def of_file(error: SheetRefused) -> Fault:
    """What is wrong with a whole file."""
    if error.most is None:
        return Fault("", Word.file_unreadable)
    return Fault("", Word.file_too_large, facts={"most": error.most})


@dataclass
class Reading:
    """Reads values one by one and gathers what is wrong; what could not be read is None or empty."""

    values: Values
    faults: list[Fault] = dataclasses.field(default_factory=list)

    def fault(self, name: str, word: Word, **facts: str | int) -> None:
        self.faults.append(Fault(name, word, self.values.get(name, "")[:80], facts))

    def text(self, name: str, most: int, *, needed: bool = True, lines: bool = False) -> str:
        told = _LINES.sub("\n", self.values.get(name, "")).strip()
        if not told and needed:
            self.fault(name, Word.needed)
        if len(told) > most:
            self.fault(name, Word.too_long, most=most, length=len(told))
        if any(not (letter.isprintable() or (lines and letter == "\n")) for letter in told):
            self.fault(name, Word.unreadable)
        return told

    def texts(self, name: str, most: int, *, needed: bool = True, lines: bool = False) -> Texts | None:
        """The three languages of `name`: all of them, or none where that may be."""
        fields = {language: f"{name}_{language.value.lower().replace('-', '_')}" for language in Language}
        needed = needed or any(self.values.get(each, "").strip() for each in fields.values())
        told = {language.value: self.text(each, most, needed=needed, lines=lines) for language, each in fields.items()}
        try:
            return Texts.model_validate(told)
        except ValidationError:
            return None

    def number(self, name: str, least: int, most: int, *, otherwise: int | None = None) -> int:
        told = self.values.get(name, "").strip()
        if not told and otherwise is not None:
            return otherwise
        if not told:
            self.fault(name, Word.needed)
        elif not re.fullmatch(r"[+-]?[0-9]{1,12}", told):
            self.fault(name, Word.not_a_number)
        elif not least <= int(told) <= most:
            self.fault(name, Word.out_of_range, least=least, most=most)
        else:
            return int(told)
        return least

    def fen(self, name: str, *, needed: bool = True) -> int | None:
        """Typed in yuan."""
        told = self.values.get(name, "").strip()
        if not told:
            if needed:
                self.fault(name, Word.needed)
            return None
        amount = yuan_to_fen(told)
        if amount is None:
            self.fault(name, Word.not_money)
        return amount

    def amounts(self, name: str, most: int) -> tuple[int, ...]:
        """Several amounts in yuan, in the order typed."""
        words = words_of(self.values.get(name, ""))
        if not words:
            self.fault(name, Word.needed)
        if len(words) > most:
            self.fault(name, Word.too_many, most=most)
        found = [yuan_to_fen(word) for word in words[:most]]
        if None in found:
            self.fault(name, Word.not_money)
        return tuple(amount for amount in found if amount is not None)

    def day(self, name: str) -> date | None:
        told = self.values.get(name, "").strip()
        if not told:
            return None
        match = _DATE.fullmatch(told.removesuffix(" 00:00:00"))
        try:
            found = date(*(int(part) for part in match.groups())) if match else None
        except ValueError:
            found = None
        if found is None or not 2000 <= found.year < 2200:
            self.fault(name, Word.not_a_date)
            return None
        return found

    def identity(self, name: str) -> UUID | None:
        told = self.values.get(name, "").strip()
        if not told:
            self.fault(name, Word.needed)
            return None
        if re.fullmatch(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", told):
            return UUID(told)
        self.fault(name, Word.not_a_uuid)
        return None

    def one_of(self, name: str, allowed: tuple[str, ...], *, otherwise: str | None = None) -> str:
        told = self.values.get(name, "").strip()
        if told in allowed:
            return told
        if not told and otherwise is not None:
            return otherwise
        self.fault(name, Word.not_one_of if told else Word.needed, allowed=", ".join(filter(None, allowed)))
        return allowed[0]

    def yes(self, name: str) -> bool:
        told = self.values.get(name, "").strip().lower()
        if told not in YES | NO:
            self.fault(name, Word.not_yes_or_no)
        return told in YES

    def hours(self, name: str, most: int) -> tuple[str, ...]:
        """`10:00-13:30`, several of them; empty means always."""
        told = self.values.get(name, "").strip()
        found = [(match[1], match[2]) for match in _HOURS.finditer(told)]
        if _SEPARATORS.sub("", _HOURS.sub("", told)):
            self.fault(name, Word.not_hours)
        if len(found) > most:
            self.fault(name, Word.too_many, most=most)
        return tuple(f"{since:0>5}-{until:0>5}" for since, until in found[:most])

    def weekdays(self, name: str) -> tuple[int, ...]:
        """`12345`, 1 Monday to 7 Sunday; all and none mean every day."""
        told = _SEPARATORS.sub("", self.values.get(name, ""))
        if not re.fullmatch(r"[1-7]*", told):
            self.fault(name, Word.not_weekdays)
            return ()
        found = tuple(sorted(set(map(int, told))))
        return () if len(found) == 7 else found

    def in_order(self, since: date | None, until: date | None, name: str) -> None:
        if since and until and until < since:
            self.fault(name, Word.ends_before_it_begins, since=since.isoformat())


def yuan_to_fen(told: str) -> int | None:
    """None for what is no amount of a project: not a number, parts of a fen, 0, above ten million."""
    try:
        amount = Decimal(told.lstrip("\u00a5\uffe5").strip()) * 100
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount != int(amount) or not 1 <= amount <= 10_000_000_00:
        return None
    return int(amount)


def fen_to_yuan(fen: int | None) -> str:
    if fen is None:
        return ""
    return str(fen // 100) if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02}"


def words_of(told: str) -> list[str]:
    """Split at spaces, commas and semicolons of both scripts."""
    return [word for word in _SEPARATORS.split(told) if word]
