"""Figures of gifts, read: registered, handed over, paid, reconciled, spent."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import attempts, intents, ledger_lines, moments, state_changes
from central_server.store.engine.timestamps import micros
from central_server.store.ledger.ledger_lines import LineKind
from central_server.store.statistics.figure_filter import Row, Wanted, seen, slot_of, slot_start, whole
from sync_contract.records import HandoffKind, IntentState

_HANDED = (IntentState.handed_off.value, IntentState.unconfirmed.value, IntentState.paid.value)


async def gifts(connection: Connection, wanted: Wanted, environment: str) -> list[Row]:
    """By slot and door, of the gifts registered then: registered, handed, paid, each with its fen; reconciled."""
    each = await each_gift(connection, wanted, environment)
    statement = select(each.slot, each.door, *gift_sums(each)).group_by(each.slot, each.door)
    return [whole(row) | {"slot": slot_start(row.slot, wanted)} for row in await connection.execute(statement)]


async def each_gift(
    connection: Connection, wanted: Wanted, environment: str, *more: ColumnElement[Any]
) -> ReadOnlyColumnCollection[str, Any]:
    """One row a gift registered then: slot, door, fen, and 1 or 0 for handed, paid, reconciled. `more`: of intents."""
    table = intents.c
    at = func.coalesce(*(type_coerce(each, BigInteger) for each in (moments.c.at, table.first_seen_at)))
    changes = state_changes.c
    handed = exists().where(changes.gateway == table.gateway, changes.intent == table.id, changes.after.in_(_HANDED))
    linked = table.handoff == HandoffKind.link.value  # handed over as it was registered
    paid = table.state == IntentState.paid.value
    stands = exists().where(
        attempts.c.gateway == table.gateway, attempts.c.intent == table.id, attempts.c.statement.is_not(None)
    )
    one = (
        select(
            slot_of(at, wanted).label("slot"),
            table.door,
            *more,
            table.amount_minor.label("fen"),
            case((or_(handed, linked, paid), 1), else_=0).label("handed"),
            case((paid, 1), else_=0).label("paid"),
            case((stands, 1), else_=0).label("reconciled"),
        )
        .select_from(intents.outerjoin(moments, and_(moments.c.gateway == table.gateway, moments.c.parcel == table.id)))
        .where(
            table.environment == environment,
            table.first_seen_at >= wanted.since,  # nothing is born after it arrived
            at >= micros(wanted.since),
            at < micros(wanted.until),
        )
    )
    narrow = ((table.gateway, wanted.gateway), (table.beacon, wanted.beacon), (table.project, wanted.project))
    for column, value in narrow:
        if value is not None:
            one = one.where(column == value)
    return (await seen(connection, one, table.community, wanted.tops)).subquery().c


def gift_sums(each: ReadOnlyColumnCollection[str, Any]) -> list[ColumnElement[Any]]:
    """Of `each_gift`."""
    sums: dict[str, ColumnElement[Any]] = {"registered_fen": each.fen, "reconciled": each.reconciled}
    for name in ("handed", "paid"):
        sums |= {name: each[name], f"{name}_fen": each[name] * each.fen}
    return [func.count().label("registered"), *(func.sum(value).label(name) for name, value in sums.items())]


async def spent(connection: Connection, wanted: Wanted, environment: str) -> dict[datetime, int]:
    """By slot: fen of the ledger that were spent then. Money has no gateway and no beacon any more."""
    table = ledger_lines.c
    slot = slot_of(type_coerce(table.at, BigInteger), wanted)
    statement = select(slot.label("slot"), func.sum(table.amount_minor).label("fen")).where(
        table.environment == environment,
        table.kind == LineKind.disbursed.value,
        table.at >= wanted.since,
        table.at < wanted.until,
    )
    if wanted.project is not None:
        statement = statement.where(table.project == wanted.project)
    statement = (await seen(connection, statement, table.community, wanted.tops)).group_by(slot)
    return {slot_start(row.slot, wanted): int(row.fen) for row in await connection.execute(statement)}


async def spent_gifts(
    connection: Connection, wanted: Wanted, environment: str, by: str = "door"
) -> dict[str | None, int]:
    """By door, of the gifts registered then: those that are spent, if what came first is spent first.

    `by`: another column of intents.
    """
    table = ledger_lines.c
    purse = (table.community, table.environment, table.project)
    gone = select(*purse, func.sum(table.amount_minor).label("fen")).where(
        table.environment == environment, table.kind == LineKind.disbursed.value
    )
    spending = (await seen(connection, gone, table.community, wanted.tops)).group_by(*purse).subquery()
    lines = ledger_lines.alias()
    own = [lines.c[column.name] for column in purse]
    so_far = func.sum(lines.c.amount_minor).over(partition_by=own, order_by=lines.c.n)
    same = and_(*(column == spending.c[column.name] for column in own))
    covered = (
        select(lines.c.gateway, lines.c.intent, spending.c.fen, so_far.label("so_far"))
        .join(spending, same)
        .where(lines.c.kind.in_((LineKind.paid.value, LineKind.surplus.value)))
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
            gift.first_seen_at >= wanted.since,
            gift.first_seen_at < wanted.until,
        )
        .group_by(gift[by])
    )
    for column, value in ((gift.gateway, wanted.gateway), (gift.beacon, wanted.beacon), (gift.project, wanted.project)):
        if value is not None:
            statement = statement.where(column == value)
    statement = await seen(connection, statement, gift.community, wanted.tops)
    return {key: count for key, count in await connection.execute(statement)}
