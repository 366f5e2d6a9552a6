"""Read the kinds of hardship and of help from help_kinds.toml: a list that is data, with the words for the public."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sync_contract.project import Texts

_FILE = Path(__file__).with_suffix(".toml")


@cache
def hardships() -> Mapping[str, Texts]:
    return _names("hardship")


@cache
def helps() -> Mapping[str, Texts]:
    return _names("help")


def sentence(kind: str, count: int) -> Texts:
    """Return the public sentence about help of this kind, such as 已有 213 户次吃上热饭."""
    texts = _read("help", "sentence")[kind].model_dump(by_alias=True)
    return Texts.model_validate({language: text.format(count=count) for language, text in texts.items()})


def _names(table: str) -> Mapping[str, Texts]:
    return _read(table, "names")


@cache
def _read(table: str, field: str) -> Mapping[str, Texts]:
    entries: list[dict[str, Any]] = tomllib.loads(_FILE.read_text("utf-8"))[table]
    return {each["id"]: Texts.model_validate(each[field]) for each in entries}
