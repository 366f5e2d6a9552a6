"""Store personal tokens, as hashes only."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import personal_tokens

_USE_RESOLUTION = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class StoredToken:
    """`scopes`: words separated by spaces. `last_used_at`: to the minute."""

    id: str
    token_hash: str
    account: str
    label: str
    scopes: str
    made_at: datetime
    ends_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


async def add(connection: Connection, token: StoredToken) -> None:
    await connection.execute(personal_tokens.insert().values(asdict(token)))


async def by_hash(connection: Connection, token_hash: str, now: datetime) -> StoredToken | None:
    """Return None for an unknown, revoked or ended token."""
    columns = personal_tokens.c
    statement = select(personal_tokens).where(
        columns.token_hash == token_hash, columns.revoked_at.is_(None), columns.ends_at > now
    )
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else StoredToken(**found._mapping)


async def get(connection: Connection, token: str) -> StoredToken | None:
    found = (await connection.execute(select(personal_tokens).where(personal_tokens.c.id == token))).one_or_none()
    return None if found is None else StoredToken(**found._mapping)


async def of_accounts(connection: Connection, accounts: Collection[str]) -> tuple[StoredToken, ...]:
    """Return the newest first."""
    columns = personal_tokens.c
    statement = select(personal_tokens).where(columns.account.in_(accounts))
    statement = statement.order_by(columns.made_at.desc(), columns.id.desc())
    return tuple(StoredToken(**row._mapping) for row in await connection.execute(statement))


async def revoke(connection: Connection, token: str, now: datetime) -> bool:
    """Return False if it is unknown or already revoked."""
    columns = personal_tokens.c
    done = await connection.execute(
        update(personal_tokens).where(columns.id == token, columns.revoked_at.is_(None)).values(revoked_at=now)
    )
    return bool(done.rowcount)


def is_due(token: StoredToken, now: datetime) -> bool:
    """Return whether its last use must be stored again."""
    return token.last_used_at is None or now - token.last_used_at >= _USE_RESOLUTION


async def note_use(connection: Connection, token: str, now: datetime) -> None:
    columns = personal_tokens.c
    due = or_(columns.last_used_at.is_(None), columns.last_used_at <= now - _USE_RESOLUTION)
    await connection.execute(update(personal_tokens).where(columns.id == token, due).values(last_used_at=now))
