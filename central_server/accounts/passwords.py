"""Passwords: which ones are good enough, and how they are kept. Source: NIST SP 800-63B-4, section 3.1.1."""

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
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else
_RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb")
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's minimum: fits a small server
_two_at_a_time = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
"""Each verification takes 19 MiB: a flood of logins waits instead of filling the memory."""


class Weakness(StrEnum):
    short = "short"
    long = "long"
    common = "common"
    """One of those that are tried first or came out in a breach, or made of one character, a row of keys, our words."""
    name = "name"
    """It is the account's name, or holds little else."""
    same = "same"
    """The old one again."""


class PasswordRefused(CentralError):
    """Not good enough to be set."""

    def __init__(self, weakness: Weakness) -> None:
        super().__init__(_SAID[weakness])
        self.weakness = weakness


_SAID = {
    Weakness.short: f"a password has at least {SHORTEST} characters",
    Weakness.long: f"a password has at most {LONGEST} characters",
    Weakness.common: "this password is among the first that anybody tries",
    Weakness.name: "a password is not the account's name",
    Weakness.same: "the new password is the old one",
}


def check(name: str, password: str, site: Iterable[str] = ()) -> None:
    """Raises PasswordRefused. Any characters will do: no rule asks for digits or capitals. `site`: its names."""
    password = _plain(password)
    if len(password) < SHORTEST:
        raise PasswordRefused(Weakness.short)
    if len(password) > LONGEST:
        raise PasswordRefused(Weakness.long)
    bare = _bare(password)
    told = {password.casefold(), bare, bare.rstrip("0123456789")}
    if len(set(bare)) < 4 or any(bare in run for run in _RUNS) or not told.isdisjoint(COMMON | breached()):
        raise PasswordRefused(Weakness.common)
    if _holds_little_but(OURS.union(map(_bare, site)), bare):
        raise PasswordRefused(Weakness.common)
    plain_name = _plain(name).casefold()
    if len(plain_name) >= 3 and len(password.casefold().replace(plain_name, "")) < SHORTEST // 2:
        raise PasswordRefused(Weakness.name)


def one_time() -> str:
    """80 bit that a person can read out and type: `k7wm-3qfh-y2pd-9xrt`."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


async def hashed(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_two_at_a_time, _hasher.hash, _plain(password))


async def fits(known: str | None, password: str) -> bool:
    """Whether `known` is its hash. With None it takes just as long, and says no; so it does for what is too long."""
    given = _plain(password)
    looked_for = known if len(given) <= LONGEST else None
    fitting = await asyncio.get_running_loop().run_in_executor(_two_at_a_time, _verified, looked_for, given[:LONGEST])
    return fitting and looked_for is not None


def _verified(known: str | None, password: str) -> bool:
    nobody = _nobodys()  # whoever comes first waits for it, known or not
    try:
        return _hasher.verify(known or nobody, password)
    except (VerificationError, InvalidHashError):
        return False


def _bare(text: str) -> str:
    return "".join(character for character in _plain(text).casefold() if character.isalnum())


def _holds_little_but(words: Iterable[str], bare: str) -> bool:
    """Whether only digits and a letter or three are left when the words are taken out."""
    rest = bare
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "") if word else rest
    return rest != bare and sum(not character.isdigit() for character in rest) < 4


def _plain(text: str) -> str:
    """One spelling for what looks the same: an input method may give full-width letters."""
    return unicodedata.normalize("NFKC", text)


@cache
def _nobodys() -> str:
    """The hash of a password that nobody has. Not made on import: most programs never ask, and it takes 19 MiB."""
    return _hasher.hash(secrets.token_urlsafe(16))
