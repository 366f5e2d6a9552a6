"""Figures, read: of places, a gateway, a beacon or a project, by slots of an hour or a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Select,
    Table,
    and_,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from central_server.store.connection import Connection
from central_server.store.figures import DAY, HOUR, merged
from central_server.store.instant import micros
from central_server.store.ledger_lines import LineKind
from central_server.store.places import communities
from central_server.store.tables import (
    attempts,
    beacon_figures,
    gateway_figures,
    gateway_keys,
    gateways,
    intents,
    ledger_lines,
    moments,
    shake_counts,
    state_changes,
    visit_figures,
    visitor_registers,
)
from central_server.store.tables.figures import GAPS, RSSIS
from sync_contract.records import HandoffKind, IntentState

Row = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HANDED = (IntentState.handed_off.value, IntentState.unconfirmed.value, IntentState.paid.value)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`tops`: at and below these places; the rest narrows down, None takes all. Slots begin at `since`."""

    tops: Collection[str]
    since: datetime
    until: datetime
    step: timedelta
    gateway: str | None = None
    beacon: str | None = None
    project: str | None = None


async def listened(connection: Connection, wanted: Wanted) -> dict[datetime, Row]:
    """By slot: stretches, listened_ms, sure_ms, foreign_frames."""
    return await _by_start(connection, gateway_figures, wanted)


async def adverts(connection: Connection, wanted: Wanted) -> dict[datetime, Row]:
    """By slot: frames, and what tells how many were lost."""
    columns = beacon_figures.c
    named = (columns.frames, columns.expected_frames, columns.heard_of_expected)
    return await _by_start(connection, beacon_figures, wanted, named)


async def bins(connection: Connection, wanted: Wanted) -> Row:
    """Over the whole time: the histograms of all beacons."""
    values = [func.coalesce(func.sum(beacon_figures.c[name]), 0).label(name) for name in (*RSSIS, *GAPS)]
    statement = await scoped(connection, select(*values), beacon_figures, wanted)
    return whole((await connection.execute(statement)).one())


async def visits(connection: Connection, wanted: Wanted) -> dict[datetime, Row]:
    """By slot: arrivals of tags, and how long they stayed."""
    return await _by_start(connection, visit_figures, wanted)


async def beacons(connection: Connection, wanted: Wanted, most: int) -> list[Row]:
    """Over the whole time, one row a beacon and gateway; first those that were heard least."""
    table = beacon_figures
    key = [table.c.gateway, table.c.beacon]
    told = [column for column in table.columns if not column.primary_key and column.name not in (*GAPS, *RSSIS)]
    values = [merged(column).label(column.name) for column in told]
    statement = await scoped(connection, select(*key, *values), table, wanted)
    order = (func.sum(table.c.frames), table.c.beacon, table.c.gateway)
    found = await connection.execute(statement.group_by(*key).order_by(*order).limit(most))
    return [whole(row) for row in found]


async def known_beacons(connection: Connection, tops: Collection[str], since: datetime, most: int) -> list[str]:
    """Those that gateways heard or expected since then."""
    table = beacon_figures.c
    statement = select(table.beacon).where(table.span == DAY, table.start >= since).distinct()
    statement = await seen(connection, statement.order_by(table.beacon).limit(most), table.community, tops)
    return list((await connection.execute(statement)).scalars())


async def silent_beacons(connection: Connection, tops: Collection[str], since: datetime) -> list[Row]:
    """Beacons that were expected since then in more than one hour, and never heard: beacon, gateway, community."""
    table = beacon_figures.c
    statement = (
        select(table.community, table.gateway, table.beacon)
        .where(table.span == HOUR, table.start >= since, table.reports > 0)
        .group_by(table.community, table.gateway, table.beacon)
        .having(func.sum(table.frames) == 0, func.count() > 1)
        .order_by(table.gateway, table.beacon)
    )
    statement = await seen(connection, statement, table.community, tops)
    return [dict(row._mapping) for row in await connection.execute(statement)]


async def doors(connection: Connection, wanted: Wanted) -> list[Row]:
    """By slot, door and kind (shake, click): how often."""
    table = shake_counts.c
    slot = slot_of(table.hour, wanted)
    statement = select(slot.label("slot"), table.door, table.kind, func.sum(table.times).label("times"))
    statement = (await phones(connection, statement, table, wanted)).group_by(slot, table.door, table.kind)
    return [whole(row) | {"slot": _start(row.slot, wanted)} for row in await connection.execute(statement)]


async def registers(connection: Connection, wanted: Wanted) -> list[Row]:
    """By slot, door and kind: how many registers have which rank, when all sketches of the slot are merged."""
    table = visitor_registers.c
    slot = slot_of(table.hour, wanted)
    key = (slot.label("slot"), table.door, table.kind, table.register)
    merging = select(*key, func.max(table.rank).label("rank"))
    merging = (await phones(connection, merging, table, wanted)).group_by(slot, table.door, table.kind, table.register)
    sketch = merging.subquery().c
    group = (sketch.slot, sketch.door, sketch.kind, sketch.rank)
    statement = select(*group, func.count().label("number")).group_by(*group)
    return [whole(row) | {"slot": _start(row.slot, wanted)} for row in await connection.execute(statement)]


async def gifts(connection: Connection, wanted: Wanted, environment: str) -> list[Row]:
    """By slot and door, of the gifts registered then: registered, handed, paid, each with its fen; reconciled."""
    each = await each_gift(connection, wanted, environment)
    statement = select(each.slot, each.door, *gift_sums(each)).group_by(each.slot, each.door)
    return [whole(row) | {"slot": _start(row.slot, wanted)} for row in await connection.execute(statement)]


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
    return {_start(row.slot, wanted): int(row.fen) for row in await connection.execute(statement)}


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


async def listeners(connection: Connection, wanted: Wanted) -> list[tuple[datetime, datetime | None]]:
    """Since when each gateway that was ever heard of listens, and until when: until its last key was revoked."""
    first = (
        select(func.min(gateway_figures.c.start))
        .where(gateway_figures.c.gateway == gateways.c.id, gateway_figures.c.span == DAY)
        .scalar_subquery()
    )
    keys = gateway_keys.c
    revoked = (
        select(func.max(keys.revoked_at))
        .where(keys.gateway == gateways.c.id)
        .having(func.count() == func.count(keys.revoked_at))
        .scalar_subquery()
    )
    statement = select(gateways.c.added_at, first.label("first"), revoked.label("revoked"))
    if wanted.gateway is not None:
        statement = statement.where(gateways.c.id == wanted.gateway)
    statement = await seen(connection, statement, gateways.c.community, wanted.tops)
    found = await connection.execute(statement)
    return [(max(row.added_at, row.first), row.revoked) for row in found if row.first is not None]


async def _by_start(
    connection: Connection, table: Table, wanted: Wanted, columns: Collection[Column[Any]] = ()
) -> dict[datetime, Row]:
    told = columns or [column for column in table.columns if not column.primary_key]
    values = [merged(column).label(column.name) for column in told]
    statement = await scoped(connection, select(table.c.start, *values), table, wanted)
    found = await connection.execute(statement.group_by(table.c.start))
    return {row.start: whole(row) for row in found}


async def scoped(
    connection: Connection, statement: Select[*tuple[Any, ...]], table: Table, wanted: Wanted
) -> Select[*tuple[Any, ...]]:
    """Of a table of figures the rows that are wanted; what it does not tell apart does not narrow it down."""
    span = HOUR if wanted.step < timedelta(days=1) else DAY
    columns = table.c
    statement = statement.where(columns.span == span, columns.start >= wanted.since, columns.start < wanted.until)
    if wanted.gateway is not None:
        statement = statement.where(columns.gateway == wanted.gateway)
    for name, value in (("beacon", wanted.beacon), ("project", wanted.project)):
        if value is not None and name in columns:
            statement = statement.where(columns[name] == value)
    return await seen(connection, statement, columns.community, wanted.tops)


async def phones(
    connection: Connection,
    statement: Select[*tuple[Any, ...]],
    table: ReadOnlyColumnCollection[str, Any],
    wanted: Wanted,
) -> Select[*tuple[Any, ...]]:
    statement = statement.where(table.hour >= wanted.since, table.hour < wanted.until)
    for column, value in ((table.beacon, wanted.beacon), (table.project, wanted.project)):
        if value is not None:
            statement = statement.where(column == value)
    return await seen(connection, statement, table.community, wanted.tops)


async def seen(
    connection: Connection, statement: Select[*tuple[Any, ...]], community: ColumnElement[Any], tops: Collection[str]
) -> Select[*tuple[Any, ...]]:
    found = await communities(connection, tops)
    return statement if found is None else statement.where(community.in_(found))


def slot_of(at: ColumnElement[Any], wanted: Wanted) -> ColumnElement[int]:
    """In words, not as parameters: PostgreSQL groups by an expression only when it is the same to the letter."""
    since: ColumnElement[int] = literal_column(str(micros(wanted.since)))
    step: ColumnElement[int] = literal_column(str(_micros(wanted.step)))
    return type_coerce((type_coerce(at, BigInteger) - since).op("/", precedence=8)(step), BigInteger)


def _start(slot: int, wanted: Wanted) -> datetime:
    return (wanted.since + slot * wanted.step).astimezone(UTC)


def _micros(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def whole(row: Any) -> Row:  # noqa: ANN401  (a row)
    """PostgreSQL gives its sums as decimals."""
    return {
        name: value if value is None or isinstance(value, (str, int, datetime)) else int(value)
        for name, value in row._mapping.items()
    }
