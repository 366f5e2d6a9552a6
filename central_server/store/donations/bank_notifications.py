"""Store verified notifications of banks word for word, one for each (bank, id)."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import notifications
from central_server.store.engine.upsert import insert


@dataclass(frozen=True, slots=True)
class StoredNotification:
    bank: str
    id: str
    attempt: str
    community: str
    fingerprint: str
    content: str
    received_at: datetime


async def add(connection: Connection, notification: StoredNotification) -> bool:
    """Insert a notification; False if this (bank, id) is stored already."""
    statement = insert(connection, notifications).values(asdict(notification)).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def fingerprint(connection: Connection, bank: str, notification: str) -> str | None:
    """Return the stored notification's digest, None if there is none."""
    columns = notifications.c
    statement = select(columns.fingerprint).where(columns.bank == bank, columns.id == notification)
    return (await connection.execute(statement)).scalar()
