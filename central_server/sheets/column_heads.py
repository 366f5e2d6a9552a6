"""Translate column heads between their internal names and each language. A file may use any of them."""

from collections.abc import Mapping

from sync_contract.strict_model import Language

_ORDER = (Language.zh_hans, Language.zh_hant, Language.en)
_BRACKETS = str.maketrans("\uff08\uff09", "()")


class Heads:
    """`words`: by column name the heads in Simplified Chinese, Traditional Chinese and English."""

    def __init__(self, words: Mapping[str, tuple[str, str, str]]) -> None:
        self._words = words
        self._names = {_plain(text): name for name, heads in words.items() for text in (name, *heads)}

    def head(self, name: str, language: Language | None) -> str:
        """`language` None: the internal name."""
        return name if language is None else self._words[name][_ORDER.index(language)]

    def name_of(self, text: str) -> str | None:
        """Return the column of a head."""
        return self._names.get(_plain(text))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold().translate(_BRACKETS)
