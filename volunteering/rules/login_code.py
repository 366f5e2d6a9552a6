"""The code of a login card: 16 digits, so that nobody guesses one at the rate at which the server answers."""

import re
import unicodedata

DIGITS = 16
MAX_WRITTEN = 40
_SEPARATORS = re.compile(r"[\s·.‐‑‒–—―−-]+")


def read_login_code(typed: str) -> str:
    """Return the digits; "" for other text. Full-width digits and separators are accepted."""
    if len(typed) > MAX_WRITTEN:
        return ""
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", typed))
    return digits if re.fullmatch(rf"[0-9]{{{DIGITS}}}", digits) else ""


def in_groups(code: str) -> str:
    """Return `1234 5678 9012 3456`."""
    return " ".join(code[at : at + 4] for at in range(0, DIGITS, 4))
