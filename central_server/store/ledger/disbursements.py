"""Store disbursements: spending, corrections and moves; requested by one person, decided by another."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import case, func, select, update

from central_server.store.donations.refunds import WAITING
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import fetch_all, fetch_one
from central_server.store.engine.tables import attempts, disbursements, ledger_lines, refunds
from central_server.store.ledger.ledger_lines import LineKind, Purse, in_purse
from central_server.store.places.places import within

PAGE = 50


class DisbursementState(StrEnum):
    requested = "requested"
    approved = "approved"
    declined = "declined"


@dataclass(frozen=True, slots=True)
class Disbursement:
    """`voucher`: its SHA-256. `people`: how many were helped. `to_project`: the target of left-over money, else empty.

    `corrects`: the disbursement whose `amount_minor` and `people` were too high; both are positive in the correction
    too.
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


async def reserved(connection: Connection, purse: Purse, now: datetime) -> int:
    """Return fen that pending refunds take from the purse, and late payments that the bank may still return."""
    community, environment, project = purse
    table = refunds.c
    statement = select(func.coalesce(func.sum(table.amount_minor), 0)).where(
        table.community == community,
        table.environment == environment,
        table.project == project,
        table.state.in_(WAITING),
    )
    refunding = int((await connection.execute(statement)).scalar_one())
    line = ledger_lines.c
    signed = case((line.kind == LineKind.refund.value, -line.amount_minor), else_=line.amount_minor)
    returnable = (
        select(func.coalesce(func.sum(signed), 0))
        .join_from(ledger_lines, attempts, attempts.c.id == line.attempt)
        .where(in_purse(purse), attempts.c.refundable_from > now, line.kind != LineKind.fee.value)
    )
    return refunding + int((await connection.execute(returnable)).scalar_one())
