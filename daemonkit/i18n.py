"""Read gettext catalogues directly from their .po files, without compiled files."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

_UNTRANSLATED = NullTranslations()


class Catalogues:
    """`folder` holds <language>/LC_MESSAGES/messages.po, the language as zh-Hans or zh_Hans."""

    def __init__(self, folder: Path, *, source: str = "en") -> None:
        self._folder = folder
        self._source = source
        self.gettext = cache(self._read)

    def _read(self, language: str) -> NullTranslations:
        """Return the translations. Raises FileNotFoundError; the source language needs no file."""
        for name in (language, language.replace("-", "_")):
            path = self._folder / name / "LC_MESSAGES" / "messages.po"
            if path.is_file():
                return _compiled(path, language.replace("-", "_"))
        if language == self._source:
            return _UNTRANSLATED
        raise FileNotFoundError(f"no translations for {language} in {self._folder}")


@cache
def _compiled(path: Path, locale: str) -> GNUTranslations:
    """Read once per process. Babel writes the plural rule only for a given locale; the default is the German one."""
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=locale))
    compiled.seek(0)
    return GNUTranslations(compiled)


def marked(text: str) -> str:
    """Mark a text that is translated later. Import it as `_`, the name that the extraction of messages looks for."""
    return text
