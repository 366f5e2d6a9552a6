"""Accounts of staff and their sessions. Passwords and session tokens are here only as hashes."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from central_server.store.connection import Connection
from central_server.store.tables import accounts, grants, sessions
from central_server.store.upsert import insert


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    password: str
    failures: int
    locked_until: datetime | None


async def add(connection: Connection, name: str, password: str, now: datetime) -> None:
    """Raises IntegrityError when the name is taken."""
    await connection.execute(accounts.insert().values(name=name, password=password, failures=0, added_at=now))


async def grant(connection: Connection, name: str, place: str, role: str, now: datetime) -> None:
    """One role at a place: a new one takes the place of the old."""
    statement = insert(connection, grants).values(account=name, place=place, role=role, granted_at=now)
    again = {"role": statement.excluded.role, "granted_at": statement.excluded.granted_at}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=[grants.c.account, grants.c.place], set_=again)
    )


async def roles(connection: Connection, name: str) -> dict[str, str]:
    """The account's role at each place where it has one."""
    found = await connection.execute(select(grants.c.place, grants.c.role).where(grants.c.account == name))
    return {row.place: row.role for row in found}


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


_ACCOUNTS = select(accounts.c.name, accounts.c.password, accounts.c.failures, accounts.c.locked_until)
