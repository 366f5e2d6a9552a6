"""The parcels that the figures do not include yet. Intake adds them in the transaction that stores them."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import gateways, uncounted

_ID_LENGTH = 32
_IDS_IN_A_ROW = 1000


@dataclass(frozen=True, slots=True)
class UncountedRow:
    """Parcels that arrived together and are not counted yet. `community`: of the gateway now."""

    seq: int
    gateway: str
    community: str
    parcels: tuple[str, ...]


_ADD = uncounted.insert()


async def add(connection: Connection, gateway: str, ids: Collection[str], in_a_row: int = _IDS_IN_A_ROW) -> None:
    """Add parcels, many in one row, so that intake does not wait for it."""
    ordered = sorted(ids)
    parts = (ordered[start : start + in_a_row] for start in range(0, len(ordered), in_a_row))
    rows = [{"gateway": gateway, "parcels": "".join(part)} for part in parts]
    if rows:
        await connection.execute(_ADD, rows)


async def some(connection: Connection, limit: int, most: int) -> tuple[UncountedRow, ...]:
    """Return some rows: at most `limit`, with at most `most` parcels, but at least one row.

    Of each gateway one comes before a second one of any, and first of those with the fewest: a gateway that sends
    without end delays no other.
    """
    columns = uncounted.c
    turn = func.row_number().over(partition_by=columns.gateway, order_by=columns.seq).label("turn")
    waiting = func.count().over(partition_by=columns.gateway).label("waiting")
    ordered = select(columns.seq, turn, waiting).order_by(turn, waiting, columns.seq).limit(limit)
    first = ordered.subquery()  # without the ids, which fill most of a row
    statement = select(uncounted, gateways.c.community).join(first, first.c.seq == columns.seq)
    statement = statement.join(gateways, gateways.c.id == columns.gateway)
    rows: list[UncountedRow] = []
    for row in await connection.execute(statement.order_by(first.c.turn, first.c.waiting, columns.seq)):
        ids = tuple(row.parcels[at : at + _ID_LENGTH] for at in range(0, len(row.parcels), _ID_LENGTH))
        if rows and sum(len(each.parcels) for each in rows) + len(ids) > most:
            break
        rows.append(UncountedRow(row.seq, row.gateway, row.community, ids))
    return tuple(rows)


async def remove(connection: Connection, seqs: Collection[int]) -> None:
    await connection.execute(delete(uncounted).where(uncounted.c.seq.in_(seqs)))
