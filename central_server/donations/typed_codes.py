"""Codes that a donor types where no camera helps: eight Crockford digits, of intents whose parcel is here."""

import secrets
import unicodedata
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.store.donations import intents
from central_server.store.donations.intents import Intent
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database

CODE_LIVES = timedelta(days=1)
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_OURS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _DIGITS)
"""From RFC 4648's base32."""
_LOOKS_LIKE = str.maketrans("OIL", "011")
_BETWEEN = str.maketrans("", "", " -‐‑‒–—_.")


@dataclass(frozen=True, slots=True)
class Coded:
    """An intent that was found by its code."""

    known: Intent
    code: str

    @property
    def cause(self) -> str:
        return "code"

    @property
    def evidence(self) -> str:
        return self.code

    def intent(self, now: datetime) -> Intent:
        return self.known

    def check(self, known: Intent | None, now: datetime) -> None:
        """It is what is known."""


def read_code(text: str) -> str | None:
    """`7F3A-K8YZ`, however it was typed: with or without the line, in small or wide letters, O for 0, I and L for 1."""
    plain = unicodedata.normalize("NFKC", text[:40]).translate(_BETWEEN).upper().translate(_LOOKS_LIKE)
    if len(plain) != 8 or not set(plain) <= set(_DIGITS):
        return None
    return f"{plain[:4]}-{plain[4:]}"


async def resolve(database: Database, text: str, now: datetime) -> Coded | None:
    """None for what is no code, for one that nobody was given, and for one whose day is over: nobody learns which."""
    code = read_code(text)
    if code is None:
        return None
    async with database.read() as connection:
        found = await intents.by_code(connection, code, now - CODE_LIVES)
    return None if found is None else Coded(found, code)


async def codes_for(connection: Connection, count: int) -> tuple[str, ...]:
    """So many that no intent has. Should another process draw the same at the same moment, this write fails whole."""
    found: set[str] = set()
    while len(found) < count:
        more = drawn(count - len(found)) - found
        found |= more - await intents.taken_codes(connection, more)
    return tuple(found)


def drawn(count: int) -> set[str]:
    """So many, by chance alone: an intent may have one of them already."""
    found: set[str] = set()
    while len(found) < count:
        # One drawing for all, and each five octets are eight digits: codes come by the thousand.
        digits = b32encode(secrets.token_bytes(5 * (count - len(found)))).decode().translate(_OURS)
        found |= {f"{digits[at : at + 4]}-{digits[at + 4 : at + 8]}" for at in range(0, len(digits), 8)}
    return found
