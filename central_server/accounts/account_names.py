"""What an account may be called."""

import re
import unicodedata

from central_server.errors import CentralError

LONGEST = 64
_NAME = re.compile(r"\w[\w.@+-]{0,62}\w|\w")


class NameRefused(CentralError):
    """No name for an account."""


def spelled(name: str) -> str:
    """One spelling for what looks the same: an input method may give full-width letters."""
    return unicodedata.normalize("NFKC", name).strip()


def new_name(name: str) -> str:
    """As it will be spelled. Raises NameRefused."""
    plain = spelled(name)
    if not _NAME.fullmatch(plain):
        raise NameRefused(f"a name has 1 to {LONGEST} letters or digits of any script, and . @ + - _ between them")
    return plain
