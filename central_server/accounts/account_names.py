"""Normalise and validate names of accounts."""

import re
import unicodedata

from central_server.errors import CentralError

LONGEST = 64
_NAME = re.compile(r"\w[\w.@+-]{0,62}\w|\w")


class NameRefused(CentralError):
    """Not a valid name."""


def spelled(name: str) -> str:
    """Normalise a name: input methods may produce full-width letters."""
    return unicodedata.normalize("NFKC", name).strip()


def new_name(name: str) -> str:
    """Return the normalised name. Raises NameRefused."""
    plain = spelled(name)
    if not _NAME.fullmatch(plain):
        raise NameRefused(f"a name has 1 to {LONGEST} letters or digits of any script, and . @ + - _ between them")
    return plain
