"""What staff did: lines that are only ever added, in the transaction of the deed itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from central_server.store.connection import Connection
from central_server.store.places import within
from central_server.store.tables import audit_lines

PAGE = 50


@dataclass(frozen=True, slots=True)
class AuditLine:
    """`action`: noun.verb; `subject`: the id of what it was done to; `detail`: what changed, without secrets."""

    account: str
    place: str
    action: str
    subject: str
    detail: str
    at: datetime


async def record(connection: Connection, line: AuditLine) -> None:
    await connection.execute(
        audit_lines.insert().values(
            account=line.account,
            place=line.place,
            action=line.action,
            subject=line.subject[:120],
            detail=line.detail[:2000],
            at=line.at,
        )
    )


async def page(
    connection: Connection, tops: Collection[str], before: int | None = None, limit: int = PAGE
) -> tuple[tuple[int, AuditLine], ...]:
    """Newest first, each with its number; `before` a number seen last."""
    wanted = _LINES.where(within(audit_lines.c.place, tops)).order_by(audit_lines.c.seq.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(audit_lines.c.seq < before)
    return tuple((row[0], AuditLine(*row[1:])) for row in await connection.execute(wanted))


_LINES = select(
    audit_lines.c.seq,
    audit_lines.c.account,
    audit_lines.c.place,
    audit_lines.c.action,
    audit_lines.c.subject,
    audit_lines.c.detail,
    audit_lines.c.at,
)
