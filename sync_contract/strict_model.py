"""The base of records that pydantic validates: strict, complete and frozen; and their canonical JSON."""

import json
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A record on the wire or in a TOML file: unknown keys and loose types are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Environment(StrEnum):
    """Drill and real data never mix: every intent, attempt and ledger line has its environment from its creation."""

    drill = "drill"
    real = "real"


class Language(StrEnum):
    """The languages of every page and text (BCP 47)."""

    zh_hans = "zh-Hans"
    zh_hant = "zh-Hant"
    en = "en"


def canonical(record: Record) -> bytes:
    """Return the bytes that are hashed and signed: JSON with sorted keys, no spaces, UTF-8."""
    return canonical_json(record.model_dump(mode="json", by_alias=True))


def canonical_json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
