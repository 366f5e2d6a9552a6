"""Check, generate and hash passwords. Source: NIST SP 800-63B-4, section 3.1.1."""

import asyncio
import secrets
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from central_server.accounts.breached_passwords import breached
from central_server.accounts.common_passwords import COMMON, OURS
from central_server.errors import CentralError

SHORTEST = 10
LONGEST = 200
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # no characters that look alike
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb")
HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP minimum
_two_at_a_time = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
"""Each verification takes 19 MiB: many logins at once wait instead of filling the memory."""


class Weakness(StrEnum):
    short = "short"
    long = "long"
    common = "common"
    """A common or breached password, one repeated character, a row of keys, or words of this product."""
    name = "name"
    """The account's name and little else."""
    same = "same"
    """The current password."""


class PasswordRefused(CentralError):
    """Too weak."""

    def __init__(self, weakness: Weakness) -> None:
        super().__init__(_TEXTS[weakness])
        self.weakness = weakness


_TEXTS = {
    Weakness.short: f"a password has at least {SHORTEST} characters",
    Weakness.long: f"a password has at most {LONGEST} characters",
    Weakness.common: "this password is too common",
    Weakness.name: "a password is not the account's name",
    Weakness.same: "the new password is the old one",
}


def check(name: str, password: str, site: Iterable[str] = ()) -> None:
    """Raise PasswordRefused for a weak password. Any characters are allowed. `site`: the operator's names."""
    password = _plain(password)
    if len(password) < SHORTEST:
        raise PasswordRefused(Weakness.short)
    if len(password) > LONGEST:
        raise PasswordRefused(Weakness.long)
    bare = _bare(password)
    variants = {password.casefold(), bare, bare.rstrip("0123456789")}
    if len(set(bare)) < 4 or any(bare in run for run in _RUNS) or not variants.isdisjoint(COMMON | breached()):
        raise PasswordRefused(Weakness.common)
    if _contains_little_but(OURS.union(map(_bare, site)), bare):
        raise PasswordRefused(Weakness.common)
    plain_name = _plain(name).casefold()
    if len(plain_name) >= 3 and len(password.casefold().replace(plain_name, "")) < SHORTEST // 2:
        raise PasswordRefused(Weakness.name)


def one_time() -> str:
    """Return 80 random bits that a person can read out and type: `k7wm-3qfh-y2pd-9xrt`."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


async def hashed(password: str, hasher: PasswordHasher = HASHER) -> str:
    return await asyncio.get_running_loop().run_in_executor(_two_at_a_time, hasher.hash, _plain(password))


async def fits(known: str | None, password: str) -> bool:
    """Whether `known` is the password's hash. None, and too long passwords, return False after the same time."""
    given = _plain(password)
    looked_for = known if len(given) <= LONGEST else None
    fitting = await asyncio.get_running_loop().run_in_executor(_two_at_a_time, _verified, looked_for, given[:LONGEST])
    return fitting and looked_for is not None


def _verified(known: str | None, password: str) -> bool:
    fallback = _random_hash()  # computed for every first call, so that its time reveals nothing
    try:
        return HASHER.verify(known or fallback, password)
    except (VerificationError, InvalidHashError):
        return False


def _bare(text: str) -> str:
    return "".join(character for character in _plain(text).casefold() if character.isalnum())


def _contains_little_but(words: Iterable[str], bare: str) -> bool:
    """Whether at most three letters remain when the words and digits are removed."""
    rest = bare
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "") if word else rest
    return rest != bare and sum(not character.isdigit() for character in rest) < 4


def _plain(text: str) -> str:
    """Normalise: input methods may produce full-width letters."""
    return unicodedata.normalize("NFKC", text)


@cache
def _random_hash() -> str:
    """Return the hash of a random password. Not computed on import, because it takes 19 MiB."""
    return HASHER.hash(secrets.token_urlsafe(16))
