"""A project, as the TOML file and the catalogue describe it."""

import re
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self

from msgspec import Meta
from pydantic import Field, StringConstraints, model_validator

from sync_contract.money import Money
from sync_contract.permit import Permit, PermitJudgement, PermitReason, judge
from sync_contract.strict_model import Language, Record

_PROJECT_ID = r"^[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?$"
ProjectId = Annotated[
    str,
    StringConstraints(pattern=_PROJECT_ID),
    Field(examples=["elder-lunch"]),
    Meta(extra_json_schema={"pattern": _PROJECT_ID}),
]
"""At most 16 characters, because it is part of the QR."""
MAX_FEN = 10_000_000_00
Fen = Annotated[int, Field(ge=1, le=MAX_FEN)]
MOST_EXAMPLES = 4
HAN, LATIN = 10, 20
"""Maximum characters of an example, by script."""
_ONE_LINE = r"^[^\n\r]*$"
match_project_id = lru_cache(256)(re.compile(_PROJECT_ID[1:-1]).fullmatch)


class Texts(Record):
    """One text in the three languages. Traditional Chinese is written by people, not converted."""

    zh_hans: Annotated[str, Field(alias="zh-Hans", min_length=1, max_length=2000)]
    zh_hant: Annotated[str, Field(alias="zh-Hant", min_length=1, max_length=2000)]
    en: Annotated[str, Field(min_length=1, max_length=2000)]

    def __getitem__(self, language: Language) -> str:
        return {Language.zh_hans: self.zh_hans, Language.zh_hant: self.zh_hant, Language.en: self.en}[language]


class Caption(Texts):
    """A text short enough for a button, of which a screen shows four."""

    zh_hans: Annotated[str, Field(alias="zh-Hans", min_length=1, max_length=HAN, pattern=_ONE_LINE)]
    zh_hant: Annotated[str, Field(alias="zh-Hant", min_length=1, max_length=HAN, pattern=_ONE_LINE)]
    en: Annotated[str, Field(min_length=1, max_length=LATIN, pattern=_ONE_LINE)]


class Example(Record):
    """What a gift of this size usually pays for; an example, not a promise."""

    fen: Fen
    text: Caption


class Drawing(StrEnum):
    """The drawing of a project without a photograph, one of ours: `kiosk_ui/static/art/<name>.svg`."""

    lane = "lane"
    meal = "meal"
    reading = "reading"
    tea = "tea"
    lamp = "lamp"
    errand = "errand"
    walk = "walk"
    haircut = "haircut"
    phone = "phone"
    music = "music"
    garden = "garden"


MOST_PHRASES = 200
"""Lines of a project's texts with their phrases."""


class HelpMonth(Record):
    """Help that households confirmed, as published for a month. Never for fewer than five households."""

    month: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-[01][0-9]$"), Field(examples=["2026-11"])]
    households: Annotated[int, Field(ge=5, lt=2**53)]
    fen: Annotated[int, Field(gt=0, lt=2**53)]


class Help(Record):
    """What a project paid for, by kind: a sentence with the number of times, and the published months, oldest first."""

    text: Texts
    households: Annotated[int, Field(ge=5, lt=2**53)]
    fen: Annotated[int, Field(gt=0, lt=2**53)]
    months: Annotated[tuple[HelpMonth, ...], Field(min_length=1, max_length=12)]


SERVER_KEYS = ("paid_fen", "helped", "help", "elsewhere", "phrases")
"""What only the central server knows of a project; settings refuse it."""
REMOVE_KEY = "请删去:由中心服务器得出 remove it: the central server finds it out"


class Project(Record):
    """A project that residents may give to. Amounts are fen. Without a `permit` it is information only."""

    id: ProjectId
    title: Texts
    summary: Texts
    story: Texts
    payee: Texts
    currency: Annotated[str, StringConstraints(pattern=r"^CNY$"), Field(examples=["CNY"])] = "CNY"
    amounts_fen: Annotated[tuple[Fen, ...], Field(min_length=1, max_length=6)]
    min_fen: Fen = 100
    max_fen: Fen = 100_000_00
    goal_fen: Fen | None = None
    """The total to raise; None: not stated."""
    paid_fen: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    """The published paid total; None: not stated. Never in a TOML file."""
    helped: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    """The published number of people helped; None: not stated. Never in a TOML file."""
    help: Annotated[tuple[Help, ...], Field(max_length=20)] = ()
    """Published help of households, the most frequent kind first. Never in a TOML file."""
    permit: Permit | None = None
    pays_for: Annotated[tuple[Example, ...], Field(max_length=MOST_EXAMPLES)] = ()
    """Shown on the buttons of these amounts."""
    drawing: Drawing = Drawing.lane
    """Shown where staff gave no photograph."""
    elsewhere: bool = False
    """Information only: its organisation takes no gifts on this server, and its page on a platform is not known.
    Never in a TOML file."""

    phrases: Annotated[tuple[Annotated[str, Field(max_length=4000)], ...], Field(max_length=MOST_PHRASES)] = ()
    """The Chinese texts with `|` where a line may end; empty: not known. Never in a TOML file."""

    @model_validator(mode="after")
    def _check_amounts(self) -> Self:
        if self.min_fen > self.max_fen:
            raise ValueError("min_fen: 不能大于 max_fen is more than max_fen")
        outside = [fen for fen in self.amounts_fen if not self.min_fen <= fen <= self.max_fen]
        if outside:
            raise ValueError(
                f"amounts_fen: {outside} 不在 min_fen 到 max_fen 之间 {outside} lie outside min_fen to max_fen"
            )
        return self

    @model_validator(mode="after")
    def _check_examples(self) -> Self:
        examples = [example.fen for example in self.pays_for]
        for number, fen in enumerate(examples):
            if fen not in self.amounts_fen:
                raise ValueError(
                    f"pays_for[{number}].fen: amounts_fen 里没有 {fen},请换成其中一个或删去 "
                    f"{fen} is none of amounts_fen; take one of them, or leave it out"
                )
            if fen in examples[:number]:
                raise ValueError(
                    f"pays_for[{number}].fen: {fen} 写了两次,请删去一个 {fen} comes twice; leave one of them out"
                )
        return self

    def example(self, fen: int) -> Caption | None:
        """Return what a gift of `fen` usually pays for; None: not stated."""
        return next((each.text for each in self.pays_for if each.fen == fen), None)

    def judge(self, at: datetime | None) -> PermitJudgement:
        """Judge the permit as `sync_contract.permit.judge` does, and whether the organisation takes gifts."""
        judgement = judge(self.permit, at)
        return PermitJudgement(PermitReason.elsewhere) if judgement.open and self.elsewhere else judgement

    @property
    def need(self) -> float | None:
        """The share of the goal that is still missing, 0 to 1; None where goal or paid money is not examples."""
        if self.goal_fen is None or self.paid_fen is None:
            return None
        return max(0, self.goal_fen - self.paid_fen) / self.goal_fen

    def accepts(self, amount: Money) -> bool:
        """Return whether the amount has this project's currency and is within its bounds."""
        return amount.currency == self.currency and self.min_fen <= amount.minor <= self.max_fen
