"""Sum a day's newest file, and the ledger lines that its rows were matched with."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all
from central_server.store.engine.tables import attempts, differences, ledger_lines, statement_rows, statements
from central_server.store.places.places import within
from central_server.store.reconciliation.statements import NO_FILE, RowResult, StoredStatement

_HEAD = columns_of(statements, StoredStatement)


@dataclass(frozen=True, slots=True)
class RowSum:
    """Rows of one file with the same movement and result."""

    movement: str
    result: str
    rows: int
    minor: int
    fee_minor: int

    @property
    def fits(self) -> bool:
        return self.result in (RowResult.matched, RowResult.fee_only)

    @property
    def unmatched(self) -> bool:
        return self.result == RowResult.new


async def days(connection: Connection, environment: str, limit: int) -> tuple[StoredStatement, ...]:
    """Return the newest edition of each day's file, newest day first."""
    newest = (
        select(func.max(statements.c.id))
        .where(statements.c.environment == environment, statements.c.fingerprint != NO_FILE)
        .where(statements.c.complete)
        .group_by(statements.c.bank, statements.c.day)
    )
    statement = select(*_HEAD).where(statements.c.id.in_(newest))
    ordered = statement.order_by(statements.c.day.desc(), statements.c.bank).limit(limit)
    return await fetch_all(connection, StoredStatement, ordered)


async def bank_sums(
    connection: Connection, ids: Collection[int], communities: Collection[str] | None
) -> dict[int, list[RowSum]]:
    """Return sums by file. `communities` None: all rows, also those of no community."""
    rows = statement_rows.c
    statement = (
        select(
            rows.statement,
            rows.movement,
            rows.result,
            func.count(),
            func.sum(rows.amount_minor),
            func.sum(rows.fee_minor),
        )
        .where(rows.statement.in_(ids))
        .group_by(rows.statement, rows.movement, rows.result)
    )
    found: dict[int, list[RowSum]] = {}
    for id_, movement, result, count, minor, fee in await connection.execute(_inside(statement, communities)):
        found.setdefault(id_, []).append(RowSum(movement, result, count, int(minor), int(fee)))
    return found


async def ledger_sums(
    connection: Connection, ids: Collection[int], communities: Collection[str] | None
) -> dict[int, tuple[int, int, int]]:
    """Return by file the fen received, refunded and charged as fees, by the ledger lines of its matched rows."""
    rows, lines = statement_rows.c, ledger_lines.c
    fits = rows.result.in_((RowResult.matched.value, RowResult.fee_only.value))
    joins = {
        0: (rows.movement == "payment") & (lines.identity == "received:" + rows.attempt) & (rows.amount_minor > 0),
        1: (rows.movement == "refund") & (lines.identity == "refund:" + rows.refund) & (rows.amount_minor > 0),
        2: lines.identity == "fee:" + statements.c.bank + ":" + rows.identity,
    }
    found: dict[int, list[int]] = {}
    for place, condition in joins.items():
        statement = (
            select(rows.statement, func.sum(lines.amount_minor))
            .select_from(
                statement_rows.join(statements, statements.c.id == rows.statement).join(ledger_lines, condition)
            )
            .where(rows.statement.in_(ids), fits)
            .group_by(rows.statement)
        )
        for id_, minor in await connection.execute(_inside(statement, communities)):
            found.setdefault(id_, [0, 0, 0])[place] = int(minor)
    return {id_: (received, back, fees) for id_, (received, back, fees) in found.items()}


async def open_differences(
    connection: Connection, environment: str, of_days: Collection[date], tops: Collection[str]
) -> dict[tuple[str, date], int]:
    """Return the number of unsettled differences by bank and day."""
    table = differences.c
    statement = (
        select(table.bank, table.day, func.count())
        .where(table.environment == environment, table.day.in_(of_days), table.settled_at.is_(None))
        .where(within(table.community, tops))
        .group_by(table.bank, table.day)
    )
    return {(bank, day): count for bank, day, count in await connection.execute(statement)}


def _inside(statement: Select[Any], communities: Collection[str] | None) -> Select[Any]:
    if communities is None:
        return statement
    mine = select(attempts.c.id).where(attempts.c.community.in_(communities))
    return statement.where(statement_rows.c.attempt.in_(mine))
