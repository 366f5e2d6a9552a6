"""How records read foreign data: strictly, completely, and never changed afterwards."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A record on the wire or in a TOML file: unknown keys and loose types are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Environment(StrEnum):
    """Drill and real never meet: every intent, attempt and ledger line carries one of them from birth."""

    drill = "drill"
    real = "real"


class Language(StrEnum):
    """The languages of every page and text (BCP 47)."""

    zh_hans = "zh-Hans"
    zh_hant = "zh-Hant"
    en = "en"
