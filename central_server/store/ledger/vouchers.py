"""Vouchers: the invoice or receipt behind a disbursement, as somebody put it in. Kept by the sum of its octets."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import vouchers
from central_server.store.engine.upsert import insert


@dataclass(frozen=True, slots=True)
class Voucher:
    """`name`: as the browser called the file; `content_type`: by what is in it."""

    sha256: str
    community: str
    name: str
    content_type: str
    octets: int
    content: bytes
    added_at: datetime
    added_by: str


async def keep(connection: Connection, voucher: Voucher) -> None:
    """The same file again is the same voucher."""
    await connection.execute(insert(connection, vouchers).values(asdict(voucher)).on_conflict_do_nothing())


async def get(connection: Connection, sha256: str) -> Voucher | None:
    found = (await connection.execute(select(vouchers).where(vouchers.c.sha256 == sha256))).one_or_none()
    return None if found is None else Voucher(**found._mapping)
