"""Every catalogue ever published; its version only rises."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.connection import Connection
from central_server.store.tables import catalogues


@dataclass(frozen=True, slots=True)
class KeptCatalogue:
    """`digest` covers what is published but not when; `content`: the SignedCatalogue as JSON."""

    version: int
    digest: str
    content: str
    issued_at: datetime


async def newest(connection: Connection) -> KeptCatalogue | None:
    statement = select(catalogues).order_by(catalogues.c.version.desc()).limit(1)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else KeptCatalogue(**found._mapping)


async def add(connection: Connection, catalogue: KeptCatalogue) -> None:
    await connection.execute(catalogues.insert().values(asdict(catalogue)))
