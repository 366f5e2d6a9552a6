"""Disbursements: what is to be spent, mended or moved; asked for by one person, decided by another."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import case, func, select, update

from central_server.store.donations.refunds import WAITING
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import attempts, disbursements, ledger_lines, refunds
from central_server.store.ledger.ledger_lines import LineKind, Purse, in_purse
from central_server.store.places.places import within

PAGE = 50


class DisbursementState(StrEnum):
    asked = "asked"
    approved = "approved"
    declined = "declined"


@dataclass(frozen=True, slots=True)
class Disbursement:
    """`voucher`: its SHA-256; `people`: how many were helped. `to_project`: where left-over money goes, else empty.

    `corrects`: the disbursement of which `amount_minor` and `people` were too much; both are positive here too.
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
    asked_by: str
    asked_at: datetime
    state: str = DisbursementState.asked.value
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
    return _one((await connection.execute(statement)).mappings().one_or_none())


async def decide(
    connection: Connection, disbursement: Disbursement, state: DisbursementState, *, by: str, note: str, at: datetime
) -> bool:
    """False when it was decided before, or `by` is who asked."""
    table = disbursements.c
    changed = await connection.execute(
        update(disbursements)
        .where(table.id == disbursement.id, table.state == DisbursementState.asked.value, table.asked_by != by)
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
    """The newest first; ids rise with time. `waiting`: only what nobody decided yet."""
    table = disbursements.c
    statement = select(disbursements).where(table.environment == environment, within(table.community, tops))
    if waiting:
        statement = statement.where(table.state == DisbursementState.asked.value)
    if before:
        statement = statement.where(table.id < before)
    rows = await connection.execute(statement.order_by(table.id.desc()).limit(limit))
    return tuple(Disbursement(**row) for row in rows.mappings())


async def corrections(connection: Connection, id_: str) -> tuple[Disbursement, ...]:
    """Of one disbursement, the oldest first; declined ones too."""
    statement = select(disbursements).where(disbursements.c.corrects == id_).order_by(disbursements.c.id)
    return tuple(Disbursement(**row) for row in (await connection.execute(statement)).mappings())


async def with_voucher(connection: Connection, disbursement: Disbursement) -> tuple[str, ...]:
    """Ids of others of the community that show the same file and were not declined."""
    table = disbursements.c
    statement = select(table.id).where(
        table.voucher == disbursement.voucher,
        table.community == disbursement.community,
        table.id != disbursement.id,
        table.state != DisbursementState.declined.value,
    )
    return tuple((await connection.execute(statement.order_by(table.id))).scalars())


async def reserved(connection: Connection, purse: Purse, now: datetime) -> int:
    """Fen that refunds still take from the purse, or that the bank may take: what came late, and did not go back."""
    community, environment, project = purse
    table = refunds.c
    statement = select(func.coalesce(func.sum(table.amount_minor), 0)).where(
        table.community == community,
        table.environment == environment,
        table.project == project,
        table.state.in_(WAITING),
    )
    going = int((await connection.execute(statement)).scalar_one())
    line = ledger_lines.c
    came = case((line.kind == LineKind.refund.value, -line.amount_minor), else_=line.amount_minor)
    held = (
        select(func.coalesce(func.sum(came), 0))
        .join_from(ledger_lines, attempts, attempts.c.id == line.attempt)
        .where(in_purse(purse), attempts.c.held_until > now, line.kind != LineKind.fee.value)
    )
    return going + int((await connection.execute(held)).scalar_one())


def _one(row: Mapping[Any, Any] | None) -> Disbursement | None:
    return None if row is None else Disbursement(**row)
