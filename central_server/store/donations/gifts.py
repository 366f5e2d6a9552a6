"""Read gifts for staff: intents with what became of their money."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, tuple_

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all
from central_server.store.engine.tables import attempts, gateways, intents, ledger_lines, notifications, refunds
from central_server.store.ledger.ledger_lines import GIFTS
from central_server.store.places.places import communities, within

PAGE = 50


class Oddity(StrEnum):
    """What makes a gift worth a look by staff."""

    surplus = "surplus"
    late = "late"
    outside_permit = "outside_permit"
    flawed = "flawed"
    refund = "refund"
    any = "any"


@dataclass(frozen=True, slots=True)
class GiftWord:
    """A word of a search: `numbers` are its spellings as id, slip, typed code, order or bank's number of a gift;
    `gateways`: ids of the gateways that it names.
    """

    numbers: frozenset[str]
    gateways: frozenset[str]


@dataclass(frozen=True, slots=True)
class GiftFilter:
    """None takes all. `words`: each must fit. `tops`: the community is at or below one of these places.

    `before`: (first_seen_at, id) of the last gift of the previous page.
    """

    tops: Collection[str]
    environment: str
    state: str | None = None
    project: str | None = None
    gateway: str | None = None
    beacon: str | None = None
    odd: Oddity | None = None
    amount_minor: int | None = None
    words: tuple[GiftWord, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, str] | None = None


@dataclass(frozen=True, slots=True)
class Gift:
    """`label`: of its gateway."""

    gateway: str
    id: str
    community: str
    environment: str
    project: str
    amount_minor: int
    currency: str
    beacon: str | None
    door: str | None
    first_seen_at: datetime
    first_seen_in: str
    state: str
    slip: str
    label: str


@dataclass(frozen=True, slots=True)
class Money:
    """The ledger's figures of one gift, in fen."""

    paid_minor: int = 0
    refunded_minor: int = 0
    odd: frozenset[str] = frozenset()


async def page(connection: Connection, filter_: GiftFilter, limit: int = PAGE) -> tuple[Gift, ...]:
    """Return one page of gifts, newest first."""
    columns = intents.c
    shown = [columns[name] for name in Gift.__dataclass_fields__ if name != "label"]
    statement = select(*shown, gateways.c.label).join(gateways, gateways.c.id == columns.gateway)
    statement = statement.where(columns.environment == filter_.environment)
    seen = await communities(connection, filter_.tops)
    if seen is not None:
        statement = statement.where(columns.community.in_(seen))
    statement = _filtered(statement, filter_).order_by(columns.first_seen_at.desc(), columns.id.desc()).limit(limit)
    return await fetch_all(connection, Gift, statement)


async def money(connection: Connection, gifts: Collection[Gift]) -> dict[tuple[str, str], Money]:
    """Return the ledger's figures by (gateway, intent); gifts without a ledger line are left out."""
    if not gifts:
        return {}
    columns = ledger_lines.c
    tried = select(attempts.c.id).where(tuple_(attempts.c.gateway, attempts.c.intent).in_(_keys(gifts)))
    flags = (columns.late, columns.outside_permit, columns.flawed)
    lines = select(columns.gateway, columns.intent, columns.kind, columns.amount_minor, *flags)
    found: dict[tuple[str, str], Money] = {}
    for row in await connection.execute(lines.where(columns.attempt.in_(tried))):
        before = found.get((row.gateway, row.intent), Money())
        odd = {name for name in ("late", "outside_permit", "flawed") if getattr(row, name)}
        came = row.amount_minor if row.kind in GIFTS else 0
        went = row.amount_minor if row.kind == "refund" else 0
        odd |= {Oddity.surplus.value} if row.kind == "surplus" else {Oddity.refund.value} if went else set()
        found[row.gateway, row.intent] = Money(before.paid_minor + came, before.refunded_minor + went, before.odd | odd)
    return found


async def beacons_of(connection: Connection, filter_: GiftFilter, limit: int = 200) -> tuple[str, ...]:
    """Return the beacons at which gifts began."""
    named = select(intents.c.beacon).where(intents.c.beacon.is_not(None), within(intents.c.community, filter_.tops))
    named = named.where(intents.c.environment == filter_.environment)
    return tuple((await connection.execute(named.distinct().order_by(intents.c.beacon).limit(limit))).scalars())


async def notifications_of(
    connection: Connection, attempt_ids: Collection[str]
) -> tuple[tuple[str, str, datetime], ...]:
    """Return the bank's notifications of these attempts: attempt, notification id, time received."""
    columns = notifications.c
    statement = select(columns.attempt, columns.id, columns.received_at).where(columns.attempt.in_(attempt_ids))
    rows = await connection.execute(statement.order_by(columns.received_at))
    return tuple((row.attempt, row.id, row.received_at) for row in rows)


def _keys(gifts: Collection[Gift]) -> list[tuple[str, str]]:
    return [(gift.gateway, gift.id) for gift in gifts]


def _filtered(statement: Select[*tuple[Any, ...]], filter_: GiftFilter) -> Select[*tuple[Any, ...]]:
    columns = intents.c
    for column, value in (
        (columns.state, filter_.state),
        (columns.project, filter_.project),
        (columns.gateway, filter_.gateway),
        (columns.beacon, filter_.beacon),
        (columns.amount_minor, filter_.amount_minor),
    ):
        if value is not None:
            statement = statement.where(column == value)
    for word in filter_.words:
        statement = statement.where(_named(word))
    if filter_.odd is not None:
        statement = statement.where(_odd(filter_.odd))
    if filter_.since is not None:
        statement = statement.where(columns.first_seen_at >= filter_.since)
    if filter_.until is not None:
        statement = statement.where(columns.first_seen_at < filter_.until)
    if filter_.before is not None:
        at, id_ = filter_.before
        statement = statement.where((columns.first_seen_at < at) | ((columns.first_seen_at == at) & (columns.id < id_)))
    return statement


def _odd(odd: Oddity) -> ColumnElement[bool]:
    line = ledger_lines.c
    tried = (attempts.c.gateway == intents.c.gateway) & (attempts.c.intent == intents.c.id)
    given_back = exists().where(tried, refunds.c.attempt == attempts.c.id)
    marks = {
        Oddity.surplus: line.kind == "surplus",
        Oddity.late: line.late,
        Oddity.outside_permit: line.outside_permit,
        Oddity.flawed: line.flawed,
    }
    if odd is Oddity.refund:
        return given_back
    filter_ = marks[Oddity.surplus] | line.late | line.outside_permit | line.flawed if odd is Oddity.any else marks[odd]
    marked = exists().where(tried, line.attempt == attempts.c.id, filter_)
    return marked | given_back if odd is Oddity.any else marked


def _named(word: GiftWord) -> ColumnElement[bool]:
    tried, columns = attempts.c, intents.c
    orders = select(tried.gateway, tried.intent).where(
        or_(tried.id.in_(word.numbers), and_(tried.evidence != "", tried.evidence.in_(word.numbers)))
    )
    return or_(
        columns.id.in_(word.numbers),
        and_(columns.slip != "", columns.slip.in_(word.numbers)),
        and_(columns.code.is_not(None), columns.code.in_(word.numbers)),
        columns.gateway.in_(word.gateways),
        tuple_(columns.gateway, columns.id).in_(orders),
    )
