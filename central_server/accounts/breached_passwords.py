"""Passwords of ten and more characters that came out in breaches, in lower case, one a line of a file beside this.

The most frequent ones of public lists: of SecLists, copyright 2018 Daniel Miessler, and of zxcvbn and zxcvbn-ts,
copyright 2012-2016 Dan Wheeler and Dropbox, Inc., 2021 zxcvbn-ts (MIT licence); of Django, copyright Django Software
Foundation (BSD licence of three clauses). What held somebody's address was left out.
"""

from pathlib import Path

_FILE = Path(__file__).parent / "breached_passwords.txt"


def breached() -> frozenset[str]:
    """Read anew each time: a password is seldom set, and the list would stay in memory for ever."""
    return frozenset(_FILE.read_text(encoding="ascii").split())
