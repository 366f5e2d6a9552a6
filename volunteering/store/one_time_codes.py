"""Store one-time codes as keyed hashes, for 24 hours."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_one
from volunteering.store.tables import codes


@dataclass(frozen=True, slots=True)
class StoredCode:
    """`sealed_number`: the number to which it was sent. `ended`: it was used or replaced by a newer one."""

    id: str
    community: str
    environment: str
    number_hash: str
    code_hash: str
    sealed_number: bytes
    sent_at: datetime
    tries: int
    ended: bool


_CODE = columns_of(codes, StoredCode)


async def sent_since(connection: Connection, number_hash: str, since: datetime) -> tuple[datetime, ...]:
    """Return when codes were sent to the number, in any community."""
    wanted = select(codes.c.sent_at).where(codes.c.number_hash == number_hash, codes.c.sent_at > since)
    return tuple((await connection.execute(wanted)).scalars())


async def replace(connection: Connection, code: StoredCode) -> None:
    """Store a code and end the number's earlier ones."""
    await connection.execute(update(codes).where(codes.c.number_hash == code.number_hash).values(ended=True))
    await connection.execute(codes.insert().values(asdict(code)))


async def lock(connection: Connection, code: str) -> StoredCode | None:
    """Lock the code until the write ends, and return it."""
    return await fetch_one(connection, StoredCode, select(*_CODE).where(codes.c.id == code).with_for_update())


async def count_try(connection: Connection, code: str) -> None:
    await connection.execute(update(codes).where(codes.c.id == code).values(tries=codes.c.tries + 1))


async def end(connection: Connection, code: str) -> None:
    await connection.execute(update(codes).where(codes.c.id == code).values(ended=True))


async def forget(connection: Connection, before: datetime) -> None:
    await connection.execute(delete(codes).where(codes.c.sent_at <= before))
