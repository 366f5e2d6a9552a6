"""Lines of the ledger. They are added, never changed."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.connection import Connection
from central_server.store.tables import ledger_lines
from central_server.store.upsert import insert


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """`identity`: what this line may stand in the ledger for only once. `late`: paid after the attempt had ended."""

    identity: str
    kind: str
    community: str
    environment: str
    project: str
    gateway: str
    intent: str
    attempt: str
    amount_minor: int
    currency: str
    slip: str
    late: bool
    outside_permit: bool
    evidence: str
    at: datetime


async def add(connection: Connection, line: LedgerLine) -> bool:
    """False when its identity or its slip number stands there already."""
    statement = insert(connection, ledger_lines).values(asdict(line)).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def of_intent(connection: Connection, gateway: str, intent: str) -> tuple[LedgerLine, ...]:
    columns = [ledger_lines.c[name] for name in LedgerLine.__dataclass_fields__]
    statement = select(*columns).where(ledger_lines.c.gateway == gateway, ledger_lines.c.intent == intent)
    return tuple(LedgerLine(*row) for row in await connection.execute(statement.order_by(ledger_lines.c.seq)))
