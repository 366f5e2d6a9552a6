"""Reconciled: a fact beside an attempt's state, with the row of the bank's file in which it stands."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update

from central_server.store.donations.attempts import PAID, Attempt
from central_server.store.donations.refunds import RefundState, StoredRefund
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import attempts, gateways, intents, refunds, statement_rows, statements
from central_server.store.reconciliation.statements import NOTHING

_ATTEMPT = [attempts.c[name] for name in Attempt.__dataclass_fields__]
_REFUND = [refunds.c[name] for name in StoredRefund.__dataclass_fields__]


async def reconcile(connection: Connection, attempt: str, statement: int, line: int) -> None:
    await connection.execute(
        update(attempts).where(attempts.c.id == attempt).values(statement=statement, statement_line=line)
    )


async def by_evidence(connection: Connection, bank: str, environment: str, evidence: str) -> Attempt | None:
    """The attempt of the payment that the bank calls so."""
    statement = select(*_ATTEMPT).where(
        attempts.c.bank == bank, attempts.c.environment == environment, attempts.c.evidence == evidence
    )
    found = (await connection.execute(statement.limit(2))).all()
    return Attempt(**found[0]._mapping) if len(found) == 1 else None


async def unreconciled(
    connection: Connection, bank: str, environment: str, paid_before: datetime
) -> tuple[Attempt, ...]:
    """Paid before that time, and in no file so far, not even with another amount; the oldest first."""
    columns = attempts.c
    told = select(statement_rows.c.attempt).where(
        statement_rows.c.attempt.is_not(None), statement_rows.c.movement == "payment"
    )
    statement = select(*_ATTEMPT).where(
        columns.bank == bank,
        columns.environment == environment,
        columns.state.in_(PAID),
        columns.paid_at < paid_before,
        columns.statement.is_(None),
        columns.id.not_in(told),
    )
    rows = await connection.execute(statement.order_by(columns.paid_at, columns.id))
    return tuple(Attempt(**row._mapping) for row in rows)


async def unreconciled_refunds(
    connection: Connection, bank: str, environment: str, sent_before: datetime
) -> tuple[StoredRefund, ...]:
    """Done by the bank's word, told to it before that time, and in no file so far; the oldest first."""
    told = select(statement_rows.c.refund).where(statement_rows.c.refund.is_not(None))
    statement = (
        select(*_REFUND)
        .join(attempts, attempts.c.id == refunds.c.attempt)
        .where(
            attempts.c.bank == bank,
            refunds.c.environment == environment,
            refunds.c.state == RefundState.refunded.value,
            refunds.c.sent_at < sent_before,
            refunds.c.id.not_in(told),
        )
    )
    rows = await connection.execute(statement.order_by(refunds.c.sent_at, refunds.c.id))
    return tuple(StoredRefund(**row._mapping) for row in rows)


async def first_order(connection: Connection, bank: str, environment: str) -> datetime | None:
    """When the first attempt was opened there."""
    statement = select(func.min(attempts.c.opened_at)).where(
        attempts.c.bank == bank, attempts.c.environment == environment
    )
    return (await connection.execute(statement)).scalar()


async def looked_at(
    connection: Connection, bank: str, environment: str, since: date
) -> dict[date, tuple[bool, datetime]]:
    """By day from `since` on: whether there is a file of it, and when it was last asked for."""
    columns = statements.c
    statement = select(columns.day, columns.fingerprint, columns.fetched_at).where(
        columns.bank == bank, columns.environment == environment, columns.day >= since
    )
    found: dict[date, tuple[bool, datetime]] = {}
    for row in await connection.execute(statement):
        there, at = found.get(row.day, (False, row.fetched_at))
        found[row.day] = (there or row.fingerprint != NOTHING, max(at, row.fetched_at))
    return found


async def rows_told(
    connection: Connection, statement: int, communities: Collection[str] | None
) -> tuple[dict[str, Any], ...]:
    """The rows of a file with what brought each gift: project, gateway, beacon, door. `communities` None: all rows."""
    found = (
        select(
            statement_rows,
            attempts.c.community,
            attempts.c.gateway,
            attempts.c.paid_at,
            gateways.c.label.label("gateway_label"),
            intents.c.project,
            intents.c.beacon,
            intents.c.door,
        )
        .select_from(
            statement_rows.outerjoin(attempts, attempts.c.id == statement_rows.c.attempt)
            .outerjoin(intents, (intents.c.gateway == attempts.c.gateway) & (intents.c.id == attempts.c.intent))
            .outerjoin(gateways, gateways.c.id == attempts.c.gateway)
        )
        .where(statement_rows.c.statement == statement)
        .order_by(statement_rows.c.line)
    )
    if communities is not None:
        found = found.where(attempts.c.community.in_(communities))
    return tuple(dict(row._mapping) for row in await connection.execute(found))
