"""A running session: an opaque token in a cookie, kept only as its hash, and what it owes before any page."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from central_server.accounts.access import Access, Role
from central_server.store.accounts import accounts, sessions
from central_server.store.accounts.accounts import Account
from central_server.store.accounts.sessions import Session
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database

LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=30)
_NOTICED = timedelta(minutes=1)
"""How much later a further use is written down: looking at pages costs no write each."""


class Owed(StrEnum):
    """In this order."""

    code = "code"
    """Of the second factor."""
    password = "password"  # noqa: S105  (a word)
    """A new one in the place of one that another person knows."""
    factor = "factor"
    """A second factor, where everybody needs one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Who is there and with what. `session`: the id of the session."""

    access: Access
    session: Session
    owed: Owed | None
    account: Account


async def standing(
    database: Database, token: str, now: datetime, *, factors_demanded: bool, used: bool = True
) -> Standing | None:
    """None when the session is not there, is over, or was not used for half an hour.

    `factors_demanded`: everybody needs a second factor here. `used` False: nobody did anything, a page brought itself
    up to date.
    """
    digest = hash_of(token)
    async with database.read() as connection:
        session = await sessions.get(connection, digest)
        if session is None or session.ends_at <= now or session.used_at + IDLE <= now:
            return None
        account = await accounts.get(connection, session.account)
        if account is None or account.disabled_at is not None:
            return None
        roles = await accounts.roles(connection, account.name)
    if used and session.used_at + _NOTICED <= now:
        async with database.write() as connection:
            await sessions.use(connection, digest, now)
    access = Access(account.name, {place: Role(role) for place, role in roles.items()})
    return Standing(access, session, _owed(account, session, factors_demanded=factors_demanded), account)


def _owed(account: Account, session: Session, *, factors_demanded: bool) -> Owed | None:
    if account.has_factor and not session.factor_given:
        return Owed.code
    if account.one_time_until is not None:
        return Owed.password
    if factors_demanded and not account.has_factor:
        return Owed.factor
    return None


async def begin(connection: Connection, account: str, now: datetime, *, agent: str, factor_given: bool = False) -> str:
    """The token, which goes into the cookie and nowhere else."""
    token = secrets.token_urlsafe(32)
    session = Session(hash_of(token), account, now, now + LONGEST, now, factor_given, agent[:200])
    await sessions.begin(connection, session, now - IDLE)
    return token


async def renew(connection: Connection, session: Session, now: datetime, *, factor_given: bool) -> str:
    """A new token when a session gains in rights: one that was seen before then is worth nothing."""
    await sessions.end(connection, session.token_hash)
    token = secrets.token_urlsafe(32)
    renewed = Session(
        hash_of(token), session.account, session.begun_at, session.ends_at, now, factor_given, session.agent
    )
    await sessions.begin(connection, renewed, now - IDLE)
    return token


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
