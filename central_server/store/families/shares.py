"""Read what approved disbursements spent on cases, and the corrections of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import case_helps, cases, disbursements
from central_server.store.ledger.disbursements import DisbursementState
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class SpentOnCase:
    """`place`: of the case among the `cases` of the disbursement, from 0. `minor`: fen of the whole disbursement, or of
    the correction where `corrects`. `decided_at`: its approval.
    """

    community: str
    project: str
    kind: str
    case: str
    place: int
    cases: int
    minor: int
    corrects: bool
    decided_at: datetime
    confirmed_at: datetime | None


async def spent_on_cases(
    connection: Connection, tops: Collection[str], environment: str, project: str | None = None
) -> tuple[SpentOnCase, ...]:
    """Return spending and corrections at and below `tops`; without a case, none. `project`: only its own."""
    spent, table = disbursements.alias("spent"), disbursements.c
    named = func.coalesce(table.corrects, table.id)
    statement = (
        select(table.id, table.corrects, table.community, table.project, cases.c.help, case_helps.c.case,
               table.amount_minor, table.decided_at, case_helps.c.confirmed_at)
        .select_from(
            disbursements.join(spent, spent.c.id == named)
            .join(case_helps, case_helps.c.disbursement == spent.c.id)
            .join(cases, cases.c.number == case_helps.c.case)
        )
        .where(table.state == DisbursementState.approved.value, table.environment == environment)
        .where(within(table.community, tops))
        .order_by(table.id, case_helps.c.case)
    )  # fmt: skip
    if project is not None:
        statement = statement.where(table.project == project)
    rows: dict[str, list[tuple[object, ...]]] = {}
    for row in await connection.execute(statement):
        rows.setdefault(row[0], []).append(tuple(row))
    return tuple(
        SpentOnCase(community, project, kind, case, place, len(some), minor, bool(corrects), decided, confirmed)  # type: ignore[arg-type]  # columns of the statement
        for some in rows.values()
        for place, (_, corrects, community, project, kind, case, minor, decided, confirmed) in enumerate(some)
    )
