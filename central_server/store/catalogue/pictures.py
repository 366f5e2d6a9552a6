"""Pictures by the SHA-256 of their octets: kept once, never changed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import pictures, projects
from central_server.store.engine.upsert import insert


@dataclass(frozen=True, slots=True)
class StoredPicture:
    sha256: str
    content_type: str
    octets: int
    content: bytes


async def keep(connection: Connection, picture: StoredPicture, now: datetime) -> None:
    statement = insert(connection, pictures).values(
        sha256=picture.sha256,
        content_type=picture.content_type,
        octets=picture.octets,
        content=picture.content,
        added_at=now,
    )
    await connection.execute(statement.on_conflict_do_nothing())


async def get(connection: Connection, sha256: str) -> StoredPicture | None:
    wanted = select(pictures.c.sha256, pictures.c.content_type, pictures.c.octets, pictures.c.content)
    found = (await connection.execute(wanted.where(pictures.c.sha256 == sha256))).one_or_none()
    return None if found is None else StoredPicture(**found._mapping)


async def shown(connection: Connection, sha256: str) -> StoredPicture | None:
    """None for one that no project on offer has."""
    offered = select(projects.c.id).where(projects.c.picture == sha256, projects.c.withdrawn.is_(False)).limit(1)
    if (await connection.execute(offered)).first() is None:
        return None
    return await get(connection, sha256)


async def facts(connection: Connection, wanted: set[str]) -> dict[str, tuple[str, int]]:
    """Content type and octets, by SHA-256."""
    rows = select(pictures.c.sha256, pictures.c.content_type, pictures.c.octets).where(pictures.c.sha256.in_(wanted))
    return {row.sha256: (row.content_type, row.octets) for row in await connection.execute(rows)}
