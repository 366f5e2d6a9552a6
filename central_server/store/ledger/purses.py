"""Store one row for each purse: number of lines, balance, and what its organisation owes it.

Only `ledger_lines.add` changes a row, in the transaction of the line. The database refuses a balance below zero.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from sqlalchemy import ColumnElement, func, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all, fetch_one
from central_server.store.engine.tables import purses
from central_server.store.places.places import within

Purse: TypeAlias = tuple[str, str, str]
"""Community, environment, project."""


@dataclass(frozen=True, slots=True)
class PurseRow:
    """`lines`: the number of its lines. Fen: `balance_minor`, and `owed_minor`, which the organisation owes it."""

    community: str
    environment: str
    project: str
    lines: int = 0
    balance_minor: int = 0
    owed_minor: int = 0


async def get(connection: Connection, purse: Purse) -> PurseRow:
    """Return the row, or an empty one. Certain only after `ledger_lines.lock_ledger`."""
    return await fetch_one(connection, PurseRow, select(purses).where(_is(purse))) or PurseRow(*purse)


async def add_line(connection: Connection, before: PurseRow, change_minor: int, owed_minor: int) -> None:
    """Count one more line. Raises IntegrityError if the balance would be below zero."""
    purse = (before.community, before.environment, before.project)
    if before.lines == 0:
        row = PurseRow(*purse, 1, change_minor, owed_minor)
        values = {name: getattr(row, name) for name in PurseRow.__dataclass_fields__}
        await connection.execute(purses.insert().values(values))
        return
    table = purses.c
    values = {
        "lines": table.lines + 1,
        "balance_minor": table.balance_minor + change_minor,
        "owed_minor": table.owed_minor + owed_minor,
    }
    await connection.execute(update(purses).where(_is(purse)).values(values))


async def of_community(connection: Connection, community: str, environment: str) -> dict[str, PurseRow]:
    """Return the rows by project."""
    statement = select(purses).where(purses.c.community == community, purses.c.environment == environment)
    return {row.project: row for row in await fetch_all(connection, PurseRow, statement)}


async def owing(connection: Connection, tops: Collection[str], environment: str) -> tuple[PurseRow, ...]:
    """Return purses at and below `tops` to which their organisation owes money."""
    table = purses.c
    statement = select(purses).where(table.environment == environment, table.owed_minor > 0)
    statement = statement.where(within(table.community, tops)).order_by(table.community, table.project)
    return await fetch_all(connection, PurseRow, statement)


async def total(connection: Connection, environment: str) -> int:
    """Return the fen in all purses."""
    statement = select(func.coalesce(func.sum(purses.c.balance_minor), 0)).where(purses.c.environment == environment)
    return int((await connection.execute(statement)).scalar_one())


def _is(purse: Purse) -> ColumnElement[bool]:
    community, environment, project = purse
    table = purses.c
    return (table.community == community) & (table.environment == environment) & (table.project == project)
