"""Read the day's payments, rejected parcels and odd payments for the overview."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, or_, select, text

from central_server.store.donations.attempts import AttemptState
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import arrivals, attempts, ledger_lines
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class Posted:
    """Ledger lines of one kind (paid, surplus) and currency."""

    kind: str
    currency: str
    lines: int
    minor: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Rejected lines of the sync log of one gateway. `result`: conflict or refused."""

    gateway: str
    result: str
    lines: int
    newest: datetime


@dataclass(frozen=True, slots=True)
class OddPayment:
    """An unexpected payment. `surplus`: a second one; `late`: after the attempt was given up."""

    community: str
    gateway: str
    intent: str
    minor: int
    currency: str
    at: datetime
    surplus: bool
    late: bool
    outside_permit: bool


async def posted(
    connection: Connection, tops: Collection[str], environment: str, since: datetime
) -> tuple[Posted, ...]:
    table = ledger_lines.c
    statement = (
        select(table.kind, table.currency, func.count(), func.sum(table.amount_minor))
        .where(table.environment == environment, table.at >= since, within(table.community, tops))
        .group_by(table.kind, table.currency)
    )
    found = await connection.execute(statement)
    return tuple(Posted(kind, currency, lines, int(minor)) for kind, currency, lines, minor in found)


async def troubles(connection: Connection, tops: Collection[str], since: datetime) -> tuple[Trouble, ...]:
    """Return the newest first."""
    table = arrivals.c
    newest = func.max(table.last_at)
    statement = (
        select(table.gateway, table.result, func.count(), newest)
        .where(table.result.in_(("conflict", "refused")), text("arrivals.result <> 'duplicate'"))
        .where(table.last_at >= since, within(table.community, tops))
        .group_by(table.gateway, table.result)
        .order_by(newest.desc())
    )
    return tuple(Trouble(*row) for row in await connection.execute(statement))


async def odd_payments(
    connection: Connection, tops: Collection[str], environment: str, since: datetime
) -> tuple[OddPayment, ...]:
    """Return the newest first, without refunded ones."""
    table = ledger_lines.c
    statement = (
        select(
            *(table[name] for name in ("community", "gateway", "intent", "amount_minor", "currency", "at")),
            (table.kind == "surplus").label("surplus"),
            table.late,
            table.outside_permit,
        )
        .where(table.environment == environment, table.at >= since, within(table.community, tops))
        .where(or_(table.kind == "surplus", table.late, table.outside_permit))
        .where(~exists().where(attempts.c.id == table.attempt, attempts.c.state == AttemptState.refunded))
        .order_by(table.at.desc())
        .limit(50)
    )
    return tuple(OddPayment(*row) for row in await connection.execute(statement))
