"""Normalise and validate names of accounts."""

import re
import unicodedata

from central_server.errors import CentralError

LONGEST = 64
_LETTER = r"[0-9A-Za-z_\u3400-\u9fff\U00020000-\U0003ffff]"
"""Latin or Chinese: letters of other scripts look like Latin ones."""
_NAME = re.compile(rf"{_LETTER}(?:{_LETTER}|[.@+-]){{0,62}}{_LETTER}|{_LETTER}")


class NameRefused(CentralError):
    """Not a valid name."""


def spelled(name: str) -> str:
    """Normalise a name: input methods may produce full-width letters."""
    return unicodedata.normalize("NFKC", name).strip()


def new_name(name: str) -> str:
    """Return the normalised name. Raises NameRefused."""
    plain = spelled(name)
    if not _NAME.fullmatch(plain):
        raise NameRefused(
            f"a name has 1 to {LONGEST} Latin letters, Chinese characters or digits, and . @ + - _ between them"
        )
    return plain
