"""Store whether an attempt is reconciled: a fact separate from its state, with the row of the bank's file."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from central_server.store.donations.attempts import PAID, Attempt
from central_server.store.donations.refunds import RefundState, StoredRefund
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all
from central_server.store.engine.tables import (
    attempts,
    differences,
    gateways,
    intents,
    refunds,
    statement_rows,
    statements,
)
from central_server.store.reconciliation.differences import DifferenceKind
from central_server.store.reconciliation.statements import NO_FILE

_ATTEMPT = columns_of(attempts, Attempt)
_REFUND = columns_of(refunds, StoredRefund)


async def mark_reconciled(connection: Connection, attempt: str, statement: int, line: int) -> None:
    await connection.execute(
        update(attempts).where(attempts.c.id == attempt).values(statement=statement, statement_line=line)
    )


async def by_evidence(connection: Connection, bank: str, environment: str, evidence: str) -> Attempt | None:
    """Return the attempt whose payment has this bank number, None unless exactly one has it."""
    statement = select(*_ATTEMPT).where(
        attempts.c.bank == bank, attempts.c.environment == environment, attempts.c.evidence == evidence
    )
    found = (await connection.execute(statement.limit(2))).all()
    return Attempt(**found[0]._mapping) if len(found) == 1 else None


async def unreconciled(
    connection: Connection, bank: str, environment: str, paid_before: datetime
) -> tuple[Attempt, ...]:
    """Return attempts paid before that time that no file contains, not even with another amount; oldest first."""
    columns = attempts.c
    statement = select(*_ATTEMPT).where(columns.bank == bank, *_in_no_file(environment, paid_before))
    return await fetch_all(connection, Attempt, statement.order_by(columns.paid_at, columns.id))


async def waiting_payments(
    connection: Connection, community: str, environment: str, banks: Collection[str], paid_before: datetime
) -> tuple[tuple[str, datetime], ...]:
    """Return bank and time of the community's payments before that time that no file contains; oldest first.

    Those for which a difference was recorded are left out.
    """
    columns = attempts.c
    recorded = select(differences.c.attempt).where(
        differences.c.kind == DifferenceKind.ours_only.value, differences.c.refund.is_(None)
    )
    statement = (
        select(columns.bank, columns.paid_at)
        .where(columns.community == community, columns.bank.in_(banks), *_in_no_file(environment, paid_before))
        .where(columns.id.not_in(recorded))
    )
    return tuple((row.bank, row.paid_at) for row in await connection.execute(statement.order_by(columns.paid_at)))


def _in_no_file(environment: str, paid_before: datetime) -> tuple[ColumnElement[bool], ...]:
    listed = select(statement_rows.c.attempt).where(
        statement_rows.c.attempt.is_not(None), statement_rows.c.movement == "payment"
    )
    columns = attempts.c
    return (
        columns.environment == environment,
        columns.state.in_(PAID),
        columns.paid_at < paid_before,
        columns.statement.is_(None),
        columns.id.not_in(listed),
    )


async def is_listed(connection: Connection, attempt: str) -> bool:
    """Return whether a file contains the payment, if only with another amount."""
    columns = statement_rows.c
    found = select(columns.line).where(columns.attempt == attempt, columns.movement == "payment").limit(1)
    return (await connection.execute(found)).first() is not None


async def unreconciled_refunds(
    connection: Connection, bank: str, environment: str, sent_before: datetime
) -> tuple[StoredRefund, ...]:
    """Return completed refunds sent before that time that no file contains; oldest first."""
    listed = select(statement_rows.c.refund).where(statement_rows.c.refund.is_not(None))
    statement = (
        select(*_REFUND)
        .join(attempts, attempts.c.id == refunds.c.attempt)
        .where(
            attempts.c.bank == bank,
            refunds.c.environment == environment,
            refunds.c.state == RefundState.refunded.value,
            refunds.c.sent_at < sent_before,
            refunds.c.id.not_in(listed),
        )
    )
    return await fetch_all(connection, StoredRefund, statement.order_by(refunds.c.sent_at, refunds.c.id))


async def first_order(connection: Connection, bank: str, environment: str) -> datetime | None:
    """Return when the first attempt at the bank was opened."""
    statement = select(func.min(attempts.c.opened_at)).where(
        attempts.c.bank == bank, attempts.c.environment == environment
    )
    return (await connection.execute(statement)).scalar()


async def checked_days(
    connection: Connection, bank: str, environment: str, since: date
) -> dict[date, tuple[bool, datetime]]:
    """Return by day, from `since`: whether there is a file of it, and when it was last requested."""
    columns = statements.c
    statement = select(columns.day, columns.fingerprint, columns.fetched_at).where(
        columns.bank == bank, columns.environment == environment, columns.day >= since, columns.complete
    )
    found: dict[date, tuple[bool, datetime]] = {}
    for row in await connection.execute(statement):
        there, at = found.get(row.day, (False, row.fetched_at))
        found[row.day] = (there or row.fingerprint != NO_FILE, max(at, row.fetched_at))
    return found


async def rows_with_gifts(
    connection: Connection, statement: int, communities: Collection[str] | None
) -> tuple[dict[str, Any], ...]:
    """Return a file's rows with the project, gateway, beacon and door of each gift. `communities` None: all rows."""
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
