"""Staff log in with a password (argon2id); a session is an opaque token in a cookie, kept here only as its hash."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from central_server.accounts.access import Access, Role
from central_server.errors import CentralError
from central_server.store import accounts, places
from central_server.store.database import Database

SESSION = timedelta(hours=12)
FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
SHORTEST_PASSWORD = 10
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's minimum: fits a small server
_argon2_turn = asyncio.Semaphore(2)
"""Each verification takes 19 MiB: a flood of logins waits instead of filling the memory."""


class LoginRefused(CentralError):
    """Unknown name, wrong password or locked: the page says the same for all three."""


class PasswordRefused(CentralError):
    """Too short to be set."""


@dataclass(frozen=True, slots=True)
class Session:
    """`token` goes into the cookie and nowhere else."""

    token: str


class PlaceUnknown(CentralError):
    """There is no such place."""


async def set_password(
    database: Database, name: str, password: str, now: datetime, *, place: str = places.TOP, role: Role = Role.admin
) -> bool:
    """Add an account with a role at a place, or give a known one a new password; False when it was known.

    Raises PasswordRefused, PlaceUnknown.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordRefused(f"a password has at least {SHORTEST_PASSWORD} characters")
    hashed = await asyncio.to_thread(_hasher.hash, password)
    async with database.write() as connection:
        if await accounts.get(connection, name) is not None:
            await accounts.set_password(connection, name, hashed)
            return False
        if await places.get(connection, place) is None:
            raise PlaceUnknown(f"there is no place {place!r}")
        await accounts.add(connection, name, hashed, now)
        await accounts.grant(connection, name, place, role.value, now)
        return True


async def log_in(database: Database, name: str, password: str, now: datetime) -> Session:
    """Raises LoginRefused. Five failures in a row lock the account for a quarter of an hour."""
    async with database.read() as connection:
        account = await accounts.get(connection, name)
    # An unknown name takes the same time as a wrong password.
    right = await _verify(account.password if account else _NOBODY, password)
    if account is None:
        raise LoginRefused("unknown name")
    locked = account.locked_until is not None and now < account.locked_until
    if locked or not right:
        if not locked:
            await _count_failure(database, name, now)
        raise LoginRefused("locked" if locked else "wrong password")
    token = secrets.token_urlsafe(32)
    async with database.write() as connection:
        await accounts.count_failure(connection, name, 0, None)
        await accounts.begin_session(connection, name, _hash(token), now, now + SESSION)
    return Session(token)


async def who(database: Database, token: str, now: datetime) -> Access | None:
    """Whose running session this token is, and what they may do."""
    async with database.read() as connection:
        account = await accounts.by_session(connection, _hash(token), now)
        if account is None:
            return None
        roles = await accounts.roles(connection, account.name)
    return Access(account.name, {place: Role(role) for place, role in roles.items()})


async def log_out(database: Database, token: str) -> None:
    async with database.write() as connection:
        await accounts.end_session(connection, _hash(token))


async def _count_failure(database: Database, name: str, now: datetime) -> None:
    async with database.write() as connection:
        account = await accounts.get(connection, name)
        if account is None:
            return
        failures = account.failures + 1
        if failures >= FAILURES:
            await accounts.count_failure(connection, name, 0, now + LOCKED_FOR)
        else:
            await accounts.count_failure(connection, name, failures, account.locked_until)


async def _verify(hashed: str, password: str) -> bool:
    async with _argon2_turn:
        try:
            return await asyncio.to_thread(_hasher.verify, hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


_NOBODY = _hasher.hash(secrets.token_urlsafe(16))
