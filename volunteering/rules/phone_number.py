"""Read a mobile telephone number of mainland China, as people write it."""

import re
import unicodedata

_SEPARATORS = re.compile(r"[\s()·.‐‑‒–—―−-]+")
_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})")
MAX_WRITTEN = 30


def read_mobile(written: str) -> str | None:
    """Return the 11 digits; None for other text. Full-width digits, separators and +86 are accepted."""
    if len(written) > MAX_WRITTEN:
        return None
    found = _MOBILE.fullmatch(_SEPARATORS.sub("", unicodedata.normalize("NFKC", written)))
    return None if found is None else found[1]


def hide_middle(mobile: str) -> str:
    """Return `138****5678`, enough for its owner to recognise it."""
    return f"{mobile[:3]}****{mobile[-4:]}"
