"""A project as the TOML file and the catalogue describe it: one shape for both."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from sync_contract.money import Money
from sync_contract.permit import Permit
from sync_contract.strict import Language, Record

ProjectId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?$")]
"""At most 16 characters, for it travels inside the QR."""
Fen = Annotated[int, Field(ge=1, le=10_000_000_00)]


class Texts(Record):
    """One text in the three languages; Traditional Chinese is worded by people, not converted."""

    zh_hans: Annotated[str, Field(alias="zh-Hans", min_length=1, max_length=2000)]
    zh_hant: Annotated[str, Field(alias="zh-Hant", min_length=1, max_length=2000)]
    en: Annotated[str, Field(min_length=1, max_length=2000)]

    def __getitem__(self, language: Language) -> str:
        return {Language.zh_hans: self.zh_hans, Language.zh_hant: self.zh_hant, Language.en: self.en}[language]


class Project(Record):
    """What residents may give to. Amounts are fen; `permit` absent means information only."""

    id: ProjectId
    title: Texts
    summary: Texts
    story: Texts
    payee: Texts
    currency: Annotated[str, StringConstraints(pattern=r"^CNY$")] = "CNY"
    amounts_fen: Annotated[tuple[Fen, ...], Field(min_length=1, max_length=6)]
    min_fen: Fen = 100
    max_fen: Fen = 100_000_00
    goal_fen: Fen | None = None
    """What is to be raised in all; None where nothing is said of it."""
    paid_fen: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    """What the ledger published as paid so far; None where nothing is said of it. Never in a TOML file."""
    helped: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    """How many people were helped so far, as published; None where nothing is said of it. Never in a TOML file."""
    permit: Permit | None = None

    @model_validator(mode="after")
    def _amounts_within_bounds(self) -> Self:
        if self.min_fen > self.max_fen:
            raise ValueError("min_fen is more than max_fen")
        outside = [fen for fen in self.amounts_fen if not self.min_fen <= fen <= self.max_fen]
        if outside:
            raise ValueError(f"amounts_fen {outside} lie outside min_fen to max_fen")
        return self

    @property
    def need(self) -> float | None:
        """The share of the goal that is still missing, 0 to 1; None where goal or paid money is not told."""
        if self.goal_fen is None or self.paid_fen is None:
            return None
        return max(0, self.goal_fen - self.paid_fen) / self.goal_fen

    def accepts(self, amount: Money) -> bool:
        """Is the amount in this project's currency and bounds?"""
        return amount.currency == self.currency and self.min_fen <= amount.minor <= self.max_fen
