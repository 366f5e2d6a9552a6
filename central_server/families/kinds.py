"""Read the kinds of hardship and of help from kinds.toml: a list that is data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sync_contract.project import Texts

_FILE = Path(__file__).with_name("kinds.toml")


@cache
def hardships() -> Mapping[str, Texts]:
    return _names("hardship")


@cache
def helps() -> Mapping[str, Texts]:
    return _names("help")


def _names(table: str) -> Mapping[str, Texts]:
    entries: list[dict[str, Any]] = tomllib.loads(_FILE.read_text("utf-8"))[table]
    return {each["id"]: Texts.model_validate(each["names"]) for each in entries}
