"""Store disbursements: spending, corrections and moves; requested by one person, decided by another."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import case, func, select, update

from central_server.store.donations.refunds import WAITING, RefundState
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all, fetch_one
from central_server.store.engine.tables import attempts, disbursements, ledger_lines, refunds
from central_server.store.ledger.ledger_lines import LINK, LineKind, in_purse
from central_server.store.ledger.purses import Purse
from central_server.store.places.places import within

PAGE = 50


class DisbursementState(StrEnum):
    requested = "requested"
    approved = "approved"
    declined = "declined"


@dataclass(frozen=True, slots=True)
class Disbursement:
    """`voucher`: its SHA-256. `people`: how many were helped; `PEOPLE_STEP` says what is published.
    `to_project`: the target of left-over money, else empty.

    `corrects`: the disbursement whose `amount_minor` and `people` were too high; both are positive in the correction
    too. `covers`: pays the shortfall of `to_project` from `project`, or, without `to_project`, that of `project` from
    the organisation's own means.
    """

    id: str
    community: str
    environment: str
    project: str
    amount_minor: int
    currency: str
    purpose: str
    payee: str
    voucher: str | None
    spent_on: date
    people: int | None
    to_project: str
    corrects: str | None
    requested_by: str
    requested_at: datetime
    state: str = DisbursementState.requested.value
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str = ""
    covers: bool = False

    @property
    def purse(self) -> Purse:
        return self.community, self.environment, self.project

    @property
    def moves(self) -> bool:
        return bool(self.to_project)


async def add(connection: Connection, disbursement: Disbursement) -> None:
    await connection.execute(disbursements.insert().values(asdict(disbursement)))


async def get(connection: Connection, id_: str) -> Disbursement | None:
    statement = select(disbursements).where(disbursements.c.id == id_)
    return await fetch_one(connection, Disbursement, statement)


async def decide(
    connection: Connection, disbursement: Disbursement, state: DisbursementState, *, by: str, note: str, at: datetime
) -> bool:
    """Record a decision; False if it was decided before, or `by` is the requester."""
    table = disbursements.c
    changed = await connection.execute(
        update(disbursements)
        .where(table.id == disbursement.id, table.state == DisbursementState.requested.value, table.requested_by != by)
        .values(state=state.value, decided_by=by, decided_at=at, note=note)
    )
    return bool(changed.rowcount)


async def page(
    connection: Connection,
    tops: Collection[str],
    environment: str,
    *,
    waiting: bool,
    before: str = "",
    limit: int = PAGE,
) -> tuple[Disbursement, ...]:
    """Return one page, newest first; ids rise with time. `waiting`: only undecided requests."""
    table = disbursements.c
    statement = select(disbursements).where(table.environment == environment, within(table.community, tops))
    if waiting:
        statement = statement.where(table.state == DisbursementState.requested.value)
    if before:
        statement = statement.where(table.id < before)
    return await fetch_all(connection, Disbursement, statement.order_by(table.id.desc()).limit(limit))


async def corrections(connection: Connection, id_: str) -> tuple[Disbursement, ...]:
    """Return corrections of one disbursement, oldest first; declined ones too."""
    statement = select(disbursements).where(disbursements.c.corrects == id_).order_by(disbursements.c.id)
    return await fetch_all(connection, Disbursement, statement)


async def with_voucher(connection: Connection, disbursement: Disbursement) -> tuple[str, ...]:
    """Return ids of other disbursements of the community with the same file that were not declined."""
    table = disbursements.c
    statement = select(table.id).where(
        table.voucher == disbursement.voucher,
        table.community == disbursement.community,
        table.id != disbursement.id,
        table.state != DisbursementState.declined.value,
    )
    return tuple((await connection.execute(statement.order_by(table.id))).scalars())


@dataclass(frozen=True, slots=True)
class PaidTo:
    """Approved disbursements to a payee: the first decision, None before it, and their sum in fen."""

    since: datetime | None
    minor: int


async def paid_to(connection: Connection, disbursement: Disbursement) -> PaidTo:
    """Return what the community has paid to the disbursement's payee."""
    table = disbursements.c
    statement = select(func.min(table.decided_at), func.coalesce(func.sum(table.amount_minor), 0)).where(
        table.community == disbursement.community,
        table.environment == disbursement.environment,
        table.payee == disbursement.payee,
        table.corrects.is_(None),
        table.state == DisbursementState.approved.value,
        table.id != disbursement.id,
    )
    since, minor = (await connection.execute(statement)).one()
    return PaidTo(since, int(minor))


async def people_helped(connection: Connection, purse: Purse) -> int:
    """Return the number of people helped by the purse's approved spending, less corrections."""
    table = disbursements.c
    community, environment, project = purse
    signed = case((table.corrects.is_not(None), -table.people), else_=table.people)
    statement = select(func.coalesce(func.sum(signed), 0)).where(
        table.community == community,
        table.environment == environment,
        table.project == project,
        table.to_project == "",
        table.covers.is_(False),
        table.state == DisbursementState.approved.value,
    )
    return int((await connection.execute(statement)).scalar_one())


async def reserved(
    connection: Connection, purse: Purse, now: datetime, fee_basis_points: int, *, undecided: bool
) -> int:
    """Return fen of the purse that are not free: pending refunds, late payments that the bank may still return, and the
    fees of payments that are in no file of the bank yet. `undecided`: refunds that wait for a decision are pending too.
    """
    community, environment, project = purse
    table, line = refunds.c, ledger_lines.c
    states = [state.value for state in WAITING if undecided or state is not RefundState.requested]
    waiting = (table.community == community, table.environment == environment, table.state.in_(states))
    own = func.coalesce(func.sum(table.amount_minor - table.source_minor), 0)
    given = func.coalesce(func.sum(table.source_minor), 0)
    signed = case((line.kind == LineKind.refund.value, -line.amount_minor), else_=line.amount_minor)
    of_attempts = select(func.coalesce(func.sum(signed), 0)).join_from(
        ledger_lines, attempts, attempts.c.id == line.attempt
    )
    fee = (line.amount_minor * fee_basis_points + 9999) // 10000
    of_payments = select(func.coalesce(func.sum(fee), 0)).join_from(
        ledger_lines, attempts, attempts.c.id == line.attempt
    )
    received = line.kind.in_((LineKind.paid.value, LineKind.surplus.value))
    parts = (
        select(own).where(*waiting, table.project == project),
        select(given).where(*waiting, table.source == project),
        of_attempts.where(in_purse(purse), attempts.c.refundable_from > now, line.kind != LineKind.fee.value),
        of_payments.where(in_purse(purse), received, attempts.c.statement.is_(None), attempts.c.bank != LINK),
    )
    return sum([int((await connection.execute(part)).scalar_one()) for part in parts])
