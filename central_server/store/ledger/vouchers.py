"""Store vouchers: the invoice or receipt of a disbursement as uploaded, identified by its SHA-256."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_one
from central_server.store.engine.tables import vouchers
from central_server.store.engine.upsert import insert


@dataclass(frozen=True, slots=True)
class Voucher:
    """`content_type`: detected from the content."""

    sha256: str
    community: str
    content_type: str
    size_bytes: int
    content: bytes
    added_at: datetime
    added_by: str


async def add(connection: Connection, voucher: Voucher) -> None:
    """Store a voucher; the same file again changes nothing."""
    await connection.execute(insert(connection, vouchers).values(asdict(voucher)).on_conflict_do_nothing())


async def get(connection: Connection, sha256: str) -> Voucher | None:
    return await fetch_one(connection, Voucher, select(vouchers).where(vouchers.c.sha256 == sha256))
