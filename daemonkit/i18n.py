"""Read gettext catalogues directly from their .po files, without compiled files."""

from collections.abc import Sequence
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

_UNTRANSLATED = NullTranslations()


class Catalogues:
    """`folder` holds <language>/LC_MESSAGES/messages.po, the language as zh-Hans or zh_Hans.

    `more`: folders of the same form with further messages; a message of an earlier folder takes precedence.
    """

    def __init__(self, folder: Path, *, source: str = "en", more: Sequence[Path] = ()) -> None:
        self._folder = folder
        self._more = more
        self._source = source
        self.gettext = cache(self._read)

    def _read(self, language: str) -> NullTranslations:
        """Return the translations. Raises FileNotFoundError; the source language needs no file."""
        first = _find_file(self._folder, language)
        if first is not None:
            more = [_find_file(folder, language) for folder in self._more]
            return _compiled((first, *filter(None, more)), language.replace("-", "_"))
        if language == self._source:
            return _UNTRANSLATED
        raise FileNotFoundError(f"no translations for {language} in {self._folder}")


def _find_file(folder: Path, language: str) -> Path | None:
    paths = (folder / name / "LC_MESSAGES" / "messages.po" for name in (language, language.replace("-", "_")))
    return next((path for path in paths if path.is_file()), None)


@cache
def _compiled(paths: tuple[Path, ...], locale: str) -> GNUTranslations:
    """Read once per process. Babel writes the plural rule only for a given locale; the default is the German one."""
    first, *more = (_read_catalogue(path, locale) for path in paths)
    for message in (message for catalogue in more for message in catalogue):
        if message.id and message.id not in first:
            first[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, first)
    compiled.seek(0)
    return GNUTranslations(compiled)


def _read_catalogue(path: Path, locale: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def marked(text: str) -> str:
    """Mark a text that is translated later. Import it as `_`, the name that the extraction of messages looks for."""
    return text
