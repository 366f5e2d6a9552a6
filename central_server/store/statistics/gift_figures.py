"""Read the figures of gifts: registered, handed over, paid, reconciled, spent."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, exists, func, or_, select, type_coerce
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import attempts, intents, ledger_lines, moments, state_changes
from central_server.store.engine.timestamps import micros
from central_server.store.ledger.ledger_lines import GIFTS, LineKind
from central_server.store.statistics.figure_filter import (
    By,
    FigureFilter,
    Row,
    in_places,
    in_scope,
    read_row,
    slot_number,
)
from sync_contract.records import HandoffKind, IntentState

_HANDED = (IntentState.handed_off.value, IntentState.unconfirmed.value, IntentState.paid.value)


async def gifts(connection: Connection, figures: FigureFilter, environment: str, by: By | None = None) -> list[Row]:
    """By slot or key, and door, of the gifts registered in the period: registered, handed, paid, each with fen;
    reconciled.
    """
    each = await _each_gift(connection, figures, environment, by)
    statement = select(each.key, each.door, *_sums(each)).group_by(each.key, each.door)
    return [read_row(row) for row in await connection.execute(statement)]


async def _each_gift(
    connection: Connection, figures: FigureFilter, environment: str, by: By | None
) -> ReadOnlyColumnCollection[str, Any]:
    """Return one row for each gift: key, door, fen, and 1 or 0 for handed, paid, reconciled."""
    table = intents.c
    at = func.coalesce(*(type_coerce(each, BigInteger) for each in (moments.c.at, table.first_seen_at)))
    key = slot_number(at, figures) if by is None else func.coalesce(table[by], "")
    changes = state_changes.c
    handed = exists().where(changes.gateway == table.gateway, changes.intent == table.id, changes.after.in_(_HANDED))
    linked = table.handoff == HandoffKind.link.value  # handed over when it was registered
    paid = table.state == IntentState.paid.value
    now_handed = table.state.in_(_HANDED)  # first: a look at the history of every gift takes most of the time
    reconciled = exists().where(
        attempts.c.gateway == table.gateway, attempts.c.intent == table.id, attempts.c.statement.is_not(None)
    )
    one = (
        select(
            key.label("key"),
            table.door,
            table.amount_minor.label("fen"),
            case((or_(now_handed, linked, handed), 1), else_=0).label("handed"),
            case((paid, 1), else_=0).label("paid"),
            case((reconciled, 1), else_=0).label("reconciled"),
        )
        .select_from(intents.outerjoin(moments, and_(moments.c.gateway == table.gateway, moments.c.parcel == table.id)))
        .where(
            table.environment == environment,
            table.first_seen_at >= figures.since,  # no gift was made after it arrived
            at >= micros(figures.since),
            at < micros(figures.until),
        )
    )
    return (await in_scope(connection, one, table, figures.scope)).subquery().c


def _sums(each: ReadOnlyColumnCollection[str, Any]) -> list[ColumnElement[Any]]:
    sums: dict[str, ColumnElement[Any]] = {"registered_fen": each.fen, "reconciled": each.reconciled}
    for name in ("handed", "paid"):
        sums |= {name: each[name], f"{name}_fen": each[name] * each.fen}
    return [func.count().label("registered"), *(func.sum(value).label(name) for name, value in sums.items())]


async def spent_fen(connection: Connection, figures: FigureFilter, environment: str) -> dict[int, int]:
    """Return the fen disbursed in each slot. Disbursed money has no gateway and no beacon."""
    table = ledger_lines.c
    slot = slot_number(type_coerce(table.at, BigInteger), figures)
    statement = select(slot.label("slot"), func.sum(table.amount_minor).label("fen")).where(
        table.environment == environment,
        table.kind == LineKind.disbursed.value,
        table.at >= figures.since,
        table.at < figures.until,
    )
    if figures.scope.project is not None:
        statement = statement.where(table.project == figures.scope.project)
    statement = (await in_places(connection, statement, table.community, figures.scope.tops)).group_by(slot)
    return {row.slot: int(row.fen) for row in await connection.execute(statement)}


async def spent_gifts(
    connection: Connection, figures: FigureFilter, environment: str, by: str = "door"
) -> dict[str | None, int]:
    """Count the spent gifts of those registered in the period, by a column of intents. Oldest gifts are spent first."""
    table = ledger_lines.c
    purse = (table.community, table.environment, table.project)
    gone = select(*purse, func.sum(table.amount_minor).label("fen")).where(
        table.environment == environment, table.kind == LineKind.disbursed.value
    )
    spending = (await in_places(connection, gone, table.community, figures.scope.tops)).group_by(*purse).subquery()
    lines = ledger_lines.alias()
    own = [lines.c[column.name] for column in purse]
    so_far = func.sum(lines.c.amount_minor).over(partition_by=own, order_by=lines.c.n)
    same = and_(*(column == spending.c[column.name] for column in own))
    covered = (
        select(lines.c.gateway, lines.c.intent, spending.c.fen, so_far.label("so_far"))
        .join(spending, same)
        .where(lines.c.kind.in_(GIFTS))
        .subquery()
        .c
    )
    gift = intents.c
    statement = (
        select(gift[by], func.count())
        .select_from(intents)
        .where(
            exists().where(covered.gateway == gift.gateway, covered.intent == gift.id, covered.so_far <= covered.fen),
            gift.environment == environment,
            gift.first_seen_at >= figures.since,
            gift.first_seen_at < figures.until,
        )
        .group_by(gift[by])
    )
    statement = await in_scope(connection, statement, gift, figures.scope)
    return {key: count for key, count in await connection.execute(statement)}
