"""What was paid for projects so far, as the ledger of an environment says."""

from collections.abc import Collection

from sqlalchemy import func, select

from central_server.store.connection import Connection
from central_server.store.places import within
from central_server.store.tables import ledger_lines
from sync_contract.strict import Environment


async def for_projects(
    connection: Connection, environment: Environment, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Fen, by (place, project): all that came in at and below the place."""
    found: dict[tuple[str, str], int] = {}
    for place, project in sorted(wanted):
        total = select(func.coalesce(func.sum(ledger_lines.c.amount_minor), 0)).where(
            ledger_lines.c.project == project,
            ledger_lines.c.environment == environment.value,
            ledger_lines.c.kind == "paid",
            within(ledger_lines.c.community, [place]),
        )
        found[place, project] = int((await connection.execute(total)).scalar_one())
    return found
