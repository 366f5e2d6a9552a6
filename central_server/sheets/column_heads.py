"""Heads of columns: as programs call them, and in the words of each language. A file may have any of them."""

from collections.abc import Mapping

from sync_contract.strict_model import Language

_ORDER = (Language.zh_hans, Language.zh_hant, Language.en)
_BRACKETS = str.maketrans("\uff08\uff09", "()")


class Heads:
    """`words`: by a column's name its heads in Simplified Chinese, Traditional Chinese and English."""

    def __init__(self, words: Mapping[str, tuple[str, str, str]]) -> None:
        self._words = words
        self._names = {_plain(told): name for name, heads in words.items() for told in (name, *heads)}

    def head(self, name: str, language: Language | None) -> str:
        """None: as the programs call it."""
        return name if language is None else self._words[name][_ORDER.index(language)]

    def name_of(self, told: str) -> str | None:
        """The column that a head means."""
        return self._names.get(_plain(told))


def _plain(told: str) -> str:
    return " ".join(told.split()).casefold().translate(_BRACKETS)
