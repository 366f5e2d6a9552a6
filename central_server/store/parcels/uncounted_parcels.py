"""The parcels that the figures do not include yet. Intake adds them in the transaction that stores them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import boots, moments, parcels, uncounted

_ID_LENGTH = 32
_IDS_IN_A_ROW = 50


@dataclass(frozen=True, slots=True)
class UncountedRow:
    """Parcels that arrived together and are not counted yet."""

    seq: int
    gateway: str
    parcels: tuple[str, ...]


_ADD = uncounted.insert()


async def add(connection: Connection, gateway: str, ids: Collection[str]) -> None:
    """Add parcels, many in one row, so that intake does not wait for it."""
    ordered = sorted(ids)
    parts = (ordered[start : start + _IDS_IN_A_ROW] for start in range(0, len(ordered), _IDS_IN_A_ROW))
    rows = [{"gateway": gateway, "parcels": "".join(part)} for part in parts]
    if rows:
        await connection.execute(_ADD, rows)


async def take(connection: Connection, limit: int, most: int) -> tuple[UncountedRow, ...]:
    """Remove and return the oldest rows: at most `limit`, with at most `most` parcels, but at least one row."""
    rows: list[UncountedRow] = []
    for row in await connection.execute(select(uncounted).order_by(uncounted.c.seq).limit(limit)):
        ids = tuple(row.parcels[at : at + _ID_LENGTH] for at in range(0, len(row.parcels), _ID_LENGTH))
        if rows and sum(len(each.parcels) for each in rows) + len(ids) > most:
            break
        rows.append(UncountedRow(row.seq, row.gateway, ids))
    if rows:
        await connection.execute(delete(uncounted).where(uncounted.c.seq.in_([row.seq for row in rows])))
    return tuple(rows)


async def recount_all(connection: Connection) -> None:
    """Have every parcel counted again, as if it had just arrived."""
    await connection.execute(delete(uncounted))
    every = select(parcels.c.gateway, parcels.c.id).order_by(parcels.c.gateway, parcels.c.id)
    await connection.execute(uncounted.insert().from_select(["gateway", "parcels"], every))
    for table in (moments, boots):
        await connection.execute(delete(table))
