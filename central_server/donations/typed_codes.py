"""Codes for donors who cannot scan: eight Crockford digits that stand for a synced intent."""

import secrets
import unicodedata
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.store.donations import intents
from central_server.store.donations.intents import Intent
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from sync_contract.strict_model import Environment

CODE_LIFETIME = timedelta(days=1)
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FROM_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _DIGITS)
"""Crockford's digits for those of RFC 4648's base32."""
_SIMILAR = str.maketrans("OIL", "011")
_SEPARATORS = str.maketrans("", "", " -‐‑‒–—_.")


@dataclass(frozen=True, slots=True)
class CodedIntent:
    """An intent found by its code."""

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
        """Do nothing: the known intent is the confirmed one."""


def read_code(text: str) -> str | None:
    """Normalise a typed code to `7F3A-K8YZ`: any case and width, any separator, O for 0, I and L for 1; None if
    invalid.
    """
    plain = unicodedata.normalize("NFKC", text[:40]).translate(_SEPARATORS).upper().translate(_SIMILAR)
    if len(plain) != 8 or not set(plain) <= set(_DIGITS):
        return None
    return f"{plain[:4]}-{plain[4:]}"


async def resolve_code(database: Database, environment: Environment, text: str, now: datetime) -> CodedIntent | None:
    """Return None alike for an invalid, an unknown and an expired code, and for one of the other environment."""
    code = read_code(text)
    if code is None:
        return None
    async with database.read() as connection:
        found = await intents.by_code(connection, environment.value, code, now - CODE_LIFETIME)
    return None if found is None else CodedIntent(found, code)


def draw_codes(count: int) -> set[str]:
    """Draw `count` random codes; an intent may have one of them already."""
    found: set[str] = set()
    while len(found) < count:
        # Five random bytes make eight digits; one call draws all, because a batch needs thousands of codes.
        digits = b32encode(secrets.token_bytes(5 * (count - len(found)))).decode().translate(_FROM_BASE32)
        found |= {f"{digits[at : at + 4]}-{digits[at + 4 : at + 8]}" for at in range(0, len(digits), 8)}
    return found


async def draw_unused_codes(
    connection: Connection, count: int, draw: Callable[[int], set[str]] = draw_codes
) -> tuple[str, ...]:
    """Draw `count` codes that no intent has. The write fails if another process draws one of them at the same time."""
    found: set[str] = set()
    while len(found) < count:
        more = draw(count - len(found)) - found
        found |= more - await intents.taken_codes(connection, more)
    return tuple(found)
