"""Manage sessions: an opaque token in a cookie, stored only as its hash, and the pending login steps."""

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
_USE_STORED_AFTER = timedelta(minutes=1)
"""Further use is stored only after this time, so that not every page costs a write."""


class Owed(StrEnum):
    """A login step that must be completed before any other page, in this order."""

    code = "code"
    """A code of the second factor."""
    password = "password"  # noqa: S105  (a word)
    """A new password instead of a one-time password."""
    factor = "factor"
    """A second factor, where every account needs one."""


@dataclass(frozen=True, slots=True)
class LoginStatus:
    access: Access
    session: Session
    owed: Owed | None
    account: Account


async def find_login(
    database: Database, token: str, now: datetime, *, factors_demanded: bool, used: bool = True
) -> LoginStatus | None:
    """Return None for a session that does not exist, has ended, or was idle for half an hour.

    `factors_demanded`: every account needs a second factor. `used` False: an open page updates itself.
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
    if used and session.used_at + _USE_STORED_AFTER <= now:
        async with database.write() as connection:
            await sessions.use(connection, digest, now)
    access = Access(account.name, {place: Role(role) for place, role in roles.items()})
    return LoginStatus(access, session, _owed(account, session, factors_demanded=factors_demanded), account)


def _owed(account: Account, session: Session, *, factors_demanded: bool) -> Owed | None:
    if account.has_factor and not session.factor_given:
        return Owed.code
    if account.one_time_until is not None:
        return Owed.password
    if factors_demanded and not account.has_factor:
        return Owed.factor
    return None


async def begin(connection: Connection, account: str, now: datetime, *, agent: str, factor_given: bool = False) -> str:
    """Start a session; return its token, which goes only into the cookie."""
    token = secrets.token_urlsafe(32)
    session = Session(hash_of(token), account, now, now + LONGEST, now, factor_given, agent[:200])
    await sessions.begin(connection, session, now - IDLE)
    return token


async def renew(connection: Connection, session: Session, now: datetime, *, factor_given: bool) -> str:
    """Replace the token of a session that gains rights, so that an earlier stolen token is useless."""
    await sessions.end(connection, session.token_hash)
    token = secrets.token_urlsafe(32)
    renewed = Session(
        hash_of(token), session.account, session.started_at, session.ends_at, now, factor_given, session.agent
    )
    await sessions.begin(connection, renewed, now - IDLE)
    return token


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
