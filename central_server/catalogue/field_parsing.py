"""Parse values typed in a form or in a row of a file, and collect every fault by field.

A fault is a word with facts; `staff/frame/fault_wording.py` formats the sentence.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import ValidationError

from central_server.sheets.sheet_reader import SheetRefused
from sync_contract.entered_date import FIRST_DAY, LAST_DAY, read_date
from sync_contract.money import AmountMalformed, Money
from sync_contract.placeholders import classify_placeholder
from sync_contract.project import Texts
from sync_contract.strict_model import Language

Values = Mapping[str, str]
_LINES = re.compile(r"\r\n?")
_SEPARATORS = re.compile(r"[\s,;\u3001\uff0c\uff1b]+")  # also Chinese ones
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
    not_a_time = "not_a_time"
    day_outside = "day_outside"
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
    owned_visibly = "owned_visibly"
    owned_elsewhere = "owned_elsewhere"
    twice_in_file = "twice_in_file"
    repeated = "repeated"
    file_unreadable = "file_unreadable"
    file_too_large = "file_too_large"
    not_a_picture = "not_a_picture"
    gift_unknown = "gift_unknown"
    gift_settled = "gift_settled"
    evidence_used = "evidence_used"
    placeholder = "placeholder"


@dataclass(frozen=True, slots=True)
class Fault:
    """`facts`: values for the sentence; names of places in three languages."""

    field: str
    word: Word
    got: str = ""
    facts: Mapping[str, str | int | Texts] = dataclasses.field(default_factory=dict)


def find_placeholders(values: Values) -> list[Fault]:
    """Return a fault for each value that is a placeholder of the shipped files."""
    return [
        Fault(name, Word.placeholder, text[:80]) for name, text in values.items() if classify_placeholder(text.strip())
    ]


def file_fault(error: SheetRefused) -> Fault:
    if error.most is None:
        return Fault("", Word.file_unreadable)
    return Fault("", Word.file_too_large, facts={"most": error.most})


@dataclass
class Reading:
    """Parse values one by one and collect the faults; an invalid value is returned as None or empty."""

    values: Values
    faults: list[Fault] = dataclasses.field(default_factory=list)

    def fault(self, name: str, word: Word, **facts: str | int) -> None:
        self.faults.append(Fault(name, word, self.values.get(name, "")[:80], facts))

    def text(self, name: str, most: int, *, needed: bool = True, lines: bool = False) -> str:
        text = _LINES.sub("\n", self.values.get(name, "")).strip()
        if not text and needed:
            self.fault(name, Word.needed)
        if len(text) > most:
            self.fault(name, Word.too_long, most=most, length=len(text))
        if any(not (letter.isprintable() or (lines and letter == "\n")) for letter in text):
            self.fault(name, Word.unreadable)
        return text

    def texts(self, name: str, most: int, *, needed: bool = True, lines: bool = False) -> Texts | None:
        """Return the text in three languages. Unless `needed`, all of them may be empty."""
        fields = {language: f"{name}_{language.value.lower().replace('-', '_')}" for language in Language}
        needed = needed or any(self.values.get(each, "").strip() for each in fields.values())
        texts = {language.value: self.text(each, most, needed=needed, lines=lines) for language, each in fields.items()}
        try:
            return Texts.model_validate(texts)
        except ValidationError:
            return None

    def number(self, name: str, least: int, most: int, *, otherwise: int | None = None) -> int:
        text = self.values.get(name, "").strip()
        if not text and otherwise is not None:
            return otherwise
        if not text:
            self.fault(name, Word.needed)
        elif not re.fullmatch(r"[+-]?[0-9]{1,12}", text):
            self.fault(name, Word.not_a_number)
        elif not least <= int(text) <= most:
            self.fault(name, Word.out_of_range, least=least, most=most)
        else:
            return int(text)
        return least

    def fen(self, name: str, *, needed: bool = True) -> int | None:
        """Parse an amount in yuan."""
        text = self.values.get(name, "").strip()
        if not text:
            if needed:
                self.fault(name, Word.needed)
            return None
        amount = yuan_to_fen(text)
        if amount is None:
            self.fault(name, Word.not_money)
        return amount

    def amounts(self, name: str, most: int) -> tuple[int, ...]:
        """Parse several amounts in yuan; keep their order."""
        words = words_of(self.values.get(name, ""))
        if not words:
            self.fault(name, Word.needed)
        if len(words) > most:
            self.fault(name, Word.too_many, most=most)
        found = [yuan_to_fen(word) for word in words[:most]]
        if None in found:
            self.fault(name, Word.not_money)
        return tuple(amount for amount in found if amount is not None)

    def day(self, name: str, first: date = FIRST_DAY, last: date = LAST_DAY) -> date | None:
        text = self.values.get(name, "").strip()
        if not text:
            return None
        found = read_date(text)
        if found is None:
            self.fault(name, Word.not_a_date)
        elif not first <= found <= last:
            self.fault(name, Word.day_outside, first=f"{first}", last=f"{last}")
        else:
            return found
        return None

    def identity(self, name: str) -> UUID | None:
        text = self.values.get(name, "").strip()
        if not text:
            self.fault(name, Word.needed)
            return None
        if re.fullmatch(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", text) and UUID(text).int:
            return UUID(text)
        self.fault(name, Word.not_a_uuid)
        return None

    def one_of(self, name: str, allowed: tuple[str, ...], *, otherwise: str | None = None) -> str:
        text = self.values.get(name, "").strip()
        if text in allowed:
            return text
        if not text and otherwise is not None:
            return otherwise
        self.fault(name, Word.not_one_of if text else Word.needed, allowed=", ".join(filter(None, allowed)))
        return allowed[0]

    def yes(self, name: str) -> bool:
        text = self.values.get(name, "").strip().lower()
        if text not in YES | NO:
            self.fault(name, Word.not_yes_or_no)
        return text in YES

    def hours(self, name: str, most: int) -> tuple[str, ...]:
        """Parse ranges like `10:00-13:30`; empty means always."""
        text = self.values.get(name, "").strip()
        found = [(match[1], match[2]) for match in _HOURS.finditer(text)]
        if _SEPARATORS.sub("", _HOURS.sub("", text)):
            self.fault(name, Word.not_hours)
        if len(found) > most:
            self.fault(name, Word.too_many, most=most)
        return tuple(f"{since:0>5}-{until:0>5}" for since, until in found[:most])

    def weekdays(self, name: str) -> tuple[int, ...]:
        """Parse digits, 1 Monday to 7 Sunday; all and none mean every day."""
        text = _SEPARATORS.sub("", self.values.get(name, ""))
        if not re.fullmatch(r"[1-7]*", text):
            self.fault(name, Word.not_weekdays)
            return ()
        found = tuple(sorted(set(map(int, text))))
        return () if len(found) == 7 else found

    def in_order(self, since: date | None, until: date | None, name: str) -> None:
        if since and until and until < since:
            self.fault(name, Word.ends_before_it_begins, since=since.isoformat())


def yuan_to_fen(text: str) -> int | None:
    """Return None for text that is no amount of 0.01 to 10,000,000 yuan, exact to the fen."""
    try:
        amount = Money.from_yuan(text).minor
    except AmountMalformed:
        return None
    return amount if 1 <= amount <= 10_000_000_00 else None


def fen_to_yuan(fen: int | None) -> str:
    if fen is None:
        return ""
    return str(fen // 100) if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02}"


def words_of(text: str) -> list[str]:
    """Split at spaces, and at Latin and Chinese commas and semicolons."""
    return [word for word in _SEPARATORS.split(text) if word]
