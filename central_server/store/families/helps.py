"""Store which cases a disbursement helps, and how each household confirmed it."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update

from central_server.store.alerts.pending_counts import PendingCount
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.engine.tables import case_helps, disbursements, help_sheets
from central_server.store.engine.upsert import insert
from central_server.store.ledger.disbursements import DisbursementState
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class CaseHelp:
    """`form`: money, goods or service. `code`: a keyed digest of the one-time code, "" without one.

    `tries`: wrong codes since it was made. `way`: paper or phone, once confirmed.
    """

    disbursement: str
    case: str
    form: str
    code: str = ""
    tries: int = 0
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None
    way: str = ""


@dataclass(frozen=True, slots=True)
class HelpRound:
    """An approved disbursement that names cases, and how many households confirmed it."""

    disbursement: str
    community: str
    purpose: str
    decided_at: datetime
    cases: int
    confirmed: int


@dataclass(frozen=True, slots=True)
class SealedSheet:
    """The photograph of a signed sheet: it shows signatures."""

    disbursement: str
    community: str
    key: str
    sealed: bytes
    added_at: datetime
    added_by: str
    delete_at: datetime


_HELP = columns_of(case_helps, CaseHelp)
_SHEET = columns_of(help_sheets, SealedSheet)
_APPROVED = disbursements.c.state == DisbursementState.approved.value


async def add(connection: Connection, help_: CaseHelp) -> None:
    await connection.execute(case_helps.insert().values(asdict(help_)))


async def of_disbursement(connection: Connection, disbursement: str) -> tuple[CaseHelp, ...]:
    statement = select(*_HELP).where(case_helps.c.disbursement == disbursement).order_by(case_helps.c.case)
    return await fetch_all(connection, CaseHelp, statement)


async def update_help(connection: Connection, help_: CaseHelp) -> None:
    values = {name: value for name, value in asdict(help_).items() if name not in ("disbursement", "case", "form")}
    same = (case_helps.c.disbursement == help_.disbursement, case_helps.c.case == help_.case)
    await connection.execute(update(case_helps).where(*same).values(values))


async def rounds(
    connection: Connection, tops: Collection[str], environment: str, limit: int = 100
) -> tuple[HelpRound, ...]:
    """Return approved disbursements with cases, newest first."""
    table = disbursements.c
    statement = (
        select(table.id, table.community, table.purpose, table.decided_at, func.count(), func.count(case_helps.c.way)
               .filter(case_helps.c.way != ""))
        .join(case_helps, case_helps.c.disbursement == table.id)
        .where(_APPROVED, table.environment == environment, within(table.community, tops))
        .group_by(table.id, table.community, table.purpose, table.decided_at)
        .order_by(table.decided_at.desc(), table.id)
        .limit(limit)
    )  # fmt: skip
    return tuple(HelpRound(*row) for row in await connection.execute(statement))


async def unconfirmed(
    connection: Connection, tops: Collection[str], environment: str, before: datetime
) -> tuple[PendingCount, ...]:
    """Count by community the households that have not confirmed help approved before that time."""
    table = disbursements.c
    statement = (
        select(table.community, func.count(), func.max(table.decided_at))
        .join(case_helps, case_helps.c.disbursement == table.id)
        .where(_APPROVED, table.environment == environment, within(table.community, tops))
        .where(case_helps.c.confirmed_at.is_(None), table.decided_at < before)
        .group_by(table.community)
        .order_by(table.community)
    )
    return tuple(PendingCount(*row) for row in await connection.execute(statement))


async def save_sheet(connection: Connection, sheet: SealedSheet) -> None:
    """Store the photograph; a further one replaces it."""
    values = asdict(sheet)
    statement = insert(connection, help_sheets).values(values)
    changed = {name: value for name, value in values.items() if name != "disbursement"}
    await connection.execute(statement.on_conflict_do_update(index_elements=[help_sheets.c.disbursement], set_=changed))


async def sheet(connection: Connection, disbursement: str) -> SealedSheet | None:
    wanted = select(*_SHEET).where(help_sheets.c.disbursement == disbursement)
    return await fetch_one(connection, SealedSheet, wanted)


async def erase_sheets(connection: Connection, now: datetime) -> int:
    return (await connection.execute(delete(help_sheets).where(help_sheets.c.delete_at <= now))).rowcount
