"""Load passwords of ten and more characters that appeared in breaches; breached_passwords.txt lists them.

The most frequent ones of public lists: of SecLists, copyright 2018 Daniel Miessler, and of zxcvbn and zxcvbn-ts,
copyright 2012-2016 Dan Wheeler and Dropbox, Inc., 2021 zxcvbn-ts (MIT licence); of Django, copyright Django Software
Foundation (BSD licence of three clauses). Entries with personal addresses were removed.
"""

from pathlib import Path

_FILE = Path(__file__).parent / "breached_passwords.txt"


def breached() -> frozenset[str]:
    """Read the file each time: passwords are set rarely, and a cache would occupy memory."""
    return frozenset(_FILE.read_text(encoding="ascii").split())
