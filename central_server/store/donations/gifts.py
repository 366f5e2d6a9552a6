"""Gifts as staff look for them: intents, with what became of their money."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select, tuple_

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import attempts, gateways, intents, ledger_lines, notifications, refunds
from central_server.store.places.places import communities, within

PAGE = 50


class Odd(StrEnum):
    """What makes a gift one to look at."""

    surplus = "surplus"
    late = "late"
    outside_permit = "outside_permit"
    flawed = "flawed"
    refund = "refund"
    any = "any"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter; None takes all. `tops`: the community is at or below one of these places.

    `before`: (first_seen_at, id) of the last gift of the page before.
    """

    tops: Collection[str]
    environment: str
    state: str | None = None
    project: str | None = None
    gateway: str | None = None
    beacon: str | None = None
    odd: Odd | None = None
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
    """What the ledger says of one gift, in fen."""

    paid_minor: int = 0
    refunded_minor: int = 0
    odd: frozenset[str] = frozenset()


async def page(connection: Connection, wanted: Wanted, limit: int = PAGE) -> tuple[Gift, ...]:
    """Newest first."""
    columns = intents.c
    shown = [columns[name] for name in Gift.__dataclass_fields__ if name != "label"]
    statement = select(*shown, gateways.c.label).join(gateways, gateways.c.id == columns.gateway)
    statement = statement.where(columns.environment == wanted.environment)
    seen = await communities(connection, wanted.tops)
    if seen is not None:
        statement = statement.where(columns.community.in_(seen))
    statement = _filtered(statement, wanted).order_by(columns.first_seen_at.desc(), columns.id.desc()).limit(limit)
    return tuple(Gift(*row) for row in await connection.execute(statement))


async def money(connection: Connection, gifts: Collection[Gift]) -> dict[tuple[str, str], Money]:
    """By (gateway, intent); only of those that the ledger knows."""
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
        came = row.amount_minor if row.kind in ("paid", "surplus") else 0
        went = row.amount_minor if row.kind == "refund" else 0
        odd |= {Odd.surplus.value} if row.kind == "surplus" else {Odd.refund.value} if went else set()
        found[row.gateway, row.intent] = Money(before.paid_minor + came, before.refunded_minor + went, before.odd | odd)
    return found


async def beacons_of(connection: Connection, wanted: Wanted, limit: int = 200) -> tuple[str, ...]:
    """At which gifts began."""
    named = select(intents.c.beacon).where(intents.c.beacon.is_not(None), within(intents.c.community, wanted.tops))
    named = named.where(intents.c.environment == wanted.environment)
    return tuple((await connection.execute(named.distinct().order_by(intents.c.beacon).limit(limit))).scalars())


async def told_by_bank(connection: Connection, attempt_ids: Collection[str]) -> tuple[tuple[str, str, datetime], ...]:
    """The bank's notifications of these attempts: attempt, the bank's number, and when it came."""
    columns = notifications.c
    statement = select(columns.attempt, columns.id, columns.received_at).where(columns.attempt.in_(attempt_ids))
    rows = await connection.execute(statement.order_by(columns.received_at))
    return tuple((row.attempt, row.id, row.received_at) for row in rows)


def _keys(gifts: Collection[Gift]) -> list[tuple[str, str]]:
    return [(gift.gateway, gift.id) for gift in gifts]


def _filtered(statement: Select[*tuple[Any, ...]], wanted: Wanted) -> Select[*tuple[Any, ...]]:
    columns = intents.c
    for column, value in (
        (columns.state, wanted.state),
        (columns.project, wanted.project),
        (columns.gateway, wanted.gateway),
        (columns.beacon, wanted.beacon),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if wanted.odd is not None:
        statement = statement.where(_odd(wanted.odd))
    if wanted.since is not None:
        statement = statement.where(columns.first_seen_at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(columns.first_seen_at < wanted.until)
    if wanted.before is not None:
        at, id_ = wanted.before
        statement = statement.where((columns.first_seen_at < at) | ((columns.first_seen_at == at) & (columns.id < id_)))
    return statement


def _odd(odd: Odd) -> ColumnElement[bool]:
    line = ledger_lines.c
    tried = (attempts.c.gateway == intents.c.gateway) & (attempts.c.intent == intents.c.id)
    given_back = exists().where(tried, refunds.c.attempt == attempts.c.id)
    marks = {
        Odd.surplus: line.kind == "surplus",
        Odd.late: line.late,
        Odd.outside_permit: line.outside_permit,
        Odd.flawed: line.flawed,
    }
    if odd is Odd.refund:
        return given_back
    wanted = marks[Odd.surplus] | line.late | line.outside_permit | line.flawed if odd is Odd.any else marks[odd]
    marked = exists().where(tried, line.attempt == attempts.c.id, wanted)
    return marked | given_back if odd is Odd.any else marked
