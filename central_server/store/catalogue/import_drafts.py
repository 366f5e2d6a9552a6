"""Store uploaded import files for a day, until the account confirms them."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import import_drafts

_LIFETIME = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """`place`: for rows that name none; `name`: of the uploaded file."""

    id: str
    account: str
    kind: str
    place: str
    name: str
    content: bytes
    uploaded_at: datetime


async def store(connection: Connection, draft: Draft) -> None:
    """Store the draft and delete earlier ones of the account."""
    old = (import_drafts.c.account == draft.account) | (import_drafts.c.uploaded_at < draft.uploaded_at - _LIFETIME)
    await connection.execute(delete(import_drafts).where(old))
    await connection.execute(import_drafts.insert().values(asdict(draft)))


async def find(connection: Connection, account: str, id_: str) -> Draft | None:
    """Return a draft of this account only."""
    wanted = select(import_drafts).where(import_drafts.c.id == id_, import_drafts.c.account == account)
    found = (await connection.execute(wanted)).one_or_none()
    return None if found is None else Draft(**found._mapping)


async def forget(connection: Connection, draft: Draft) -> None:
    await connection.execute(delete(import_drafts).where(import_drafts.c.id == draft.id))
