"""Files that somebody sent to be imported and has not agreed to yet; a day later they are forgotten."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import import_drafts

KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """`place`: of rows that name none; `name`: of the file, as its sender calls it."""

    id: str
    account: str
    kind: str
    place: str
    name: str
    content: bytes
    begun_at: datetime


async def keep(connection: Connection, draft: Draft) -> None:
    """Instead of all that the account sent before."""
    old = (import_drafts.c.account == draft.account) | (import_drafts.c.begun_at < draft.begun_at - KEPT_FOR)
    await connection.execute(delete(import_drafts).where(old))
    await connection.execute(import_drafts.insert().values(asdict(draft)))


async def of(connection: Connection, account: str, id_: str) -> Draft | None:
    """Nobody has anybody else's."""
    wanted = select(import_drafts).where(import_drafts.c.id == id_, import_drafts.c.account == account)
    found = (await connection.execute(wanted)).one_or_none()
    return None if found is None else Draft(**found._mapping)


async def forget(connection: Connection, draft: Draft) -> None:
    await connection.execute(delete(import_drafts).where(import_drafts.c.id == draft.id))
