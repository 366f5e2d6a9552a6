"""Store uploaded import files until they are confirmed: by the account, or by a second person."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from central_server.store.alerts.pending_counts import PendingCount
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all
from central_server.store.engine.tables import import_drafts
from central_server.store.places.places import within

EVIDENCE = "evidence"
"""The kind of a file that a second person confirms."""
_LIFETIME = timedelta(days=7)


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
    """Store the draft and delete earlier ones of the account of the same kind, and old ones."""
    same = (import_drafts.c.account == draft.account) & (import_drafts.c.kind == draft.kind)
    old = same | (import_drafts.c.uploaded_at < draft.uploaded_at - _LIFETIME)
    await connection.execute(delete(import_drafts).where(old))
    await connection.execute(import_drafts.insert().values(asdict(draft)))


async def find(connection: Connection, account: str, id_: str) -> Draft | None:
    """Return a draft of this account only."""
    wanted = select(import_drafts).where(import_drafts.c.id == id_, import_drafts.c.account == account)
    found = (await connection.execute(wanted)).one_or_none()
    return None if found is None else Draft(**found._mapping)


async def of_kind(connection: Connection, kind: str, tops: Collection[str]) -> tuple[Draft, ...]:
    """Return drafts of every account at and below `tops`, oldest first."""
    table = import_drafts.c
    wanted = select(import_drafts).where(table.kind == kind, within(table.place, tops))
    return await fetch_all(connection, Draft, wanted.order_by(table.uploaded_at, table.id))


async def waiting(connection: Connection, kind: str, tops: Collection[str]) -> tuple[PendingCount, ...]:
    """Return by place the number of drafts and the time of the newest."""
    table = import_drafts.c
    statement = (
        select(table.place, func.count(), func.max(table.uploaded_at))
        .where(table.kind == kind, within(table.place, tops))
        .group_by(table.place)
        .order_by(table.place)
    )
    return tuple(PendingCount(*row) for row in await connection.execute(statement))


async def forget(connection: Connection, draft: Draft) -> None:
    await connection.execute(delete(import_drafts).where(import_drafts.c.id == draft.id))
