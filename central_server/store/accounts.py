"""Accounts of staff and their sessions. Passwords and session tokens are here only as hashes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from central_server.store.connection import Connection
from central_server.store.tables import accounts, sessions


@dataclass(frozen=True, slots=True)
class Account:
    """`community` None: sees every community of this server."""

    name: str
    password: str
    community: str | None
    failures: int
    locked_until: datetime | None


async def add(connection: Connection, name: str, password: str, community: str | None, now: datetime) -> None:
    """Raises IntegrityError when the name is taken."""
    await connection.execute(
        accounts.insert().values(name=name, password=password, community=community, failures=0, added_at=now)
    )


async def get(connection: Connection, name: str) -> Account | None:
    found = (await connection.execute(_ACCOUNTS.where(accounts.c.name == name))).one_or_none()
    return None if found is None else Account(*found)


async def set_password(connection: Connection, name: str, password: str) -> None:
    """Ends all sessions too, and any lock-out."""
    values = {"password": password, "failures": 0, "locked_until": None}
    await connection.execute(update(accounts).where(accounts.c.name == name).values(values))
    await connection.execute(delete(sessions).where(sessions.c.account == name))


async def count_failure(connection: Connection, name: str, failures: int, locked_until: datetime | None) -> None:
    values = {"failures": failures, "locked_until": locked_until}
    await connection.execute(update(accounts).where(accounts.c.name == name).values(values))


async def begin_session(
    connection: Connection, account: str, token_hash: str, now: datetime, ends_at: datetime
) -> None:
    await connection.execute(delete(sessions).where(sessions.c.ends_at <= now))
    await connection.execute(
        sessions.insert().values(token_hash=token_hash, account=account, begun_at=now, ends_at=ends_at)
    )


async def by_session(connection: Connection, token_hash: str, now: datetime) -> Account | None:
    statement = _ACCOUNTS.join_from(accounts, sessions).where(
        sessions.c.token_hash == token_hash, sessions.c.ends_at > now
    )
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else Account(*found)


async def end_session(connection: Connection, token_hash: str) -> None:
    await connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


_ACCOUNTS = select(
    accounts.c.name, accounts.c.password, accounts.c.community, accounts.c.failures, accounts.c.locked_until
)
