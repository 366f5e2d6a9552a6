"""Store pictures by their SHA-256: once, never changed."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import pictures, projects
from central_server.store.engine.upsert import insert


@dataclass(frozen=True, slots=True)
class StoredPicture:
    sha256: str
    content_type: str
    size: int
    content: bytes


async def store(connection: Connection, picture: StoredPicture, now: datetime) -> None:
    statement = insert(connection, pictures).values(asdict(picture) | {"added_at": now})
    await connection.execute(statement.on_conflict_do_nothing())


async def get(connection: Connection, sha256: str) -> StoredPicture | None:
    wanted = select(pictures.c.sha256, pictures.c.content_type, pictures.c.size, pictures.c.content)
    found = (await connection.execute(wanted.where(pictures.c.sha256 == sha256))).one_or_none()
    return None if found is None else StoredPicture(**found._mapping)


async def shown(connection: Connection, sha256: str) -> StoredPicture | None:
    """Return None for a picture of no project on offer."""
    offered = select(projects.c.id).where(projects.c.picture == sha256, projects.c.withdrawn.is_(False)).limit(1)
    if (await connection.execute(offered)).first() is None:
        return None
    return await get(connection, sha256)


async def facts(connection: Connection, wanted: set[str]) -> dict[str, tuple[str, int]]:
    """Return content type and size in bytes, by SHA-256."""
    rows = select(pictures.c.sha256, pictures.c.content_type, pictures.c.size).where(pictures.c.sha256.in_(wanted))
    return {row.sha256: (row.content_type, row.size) for row in await connection.execute(rows)}
