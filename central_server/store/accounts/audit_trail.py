"""What staff did: lines that are only ever added, in the transaction of the deed itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import attempts, audit_lines, disbursements, intents, refunds
from central_server.store.places.places import TOP, within

PAGE = 50
COMMAND_LINE = "(beacon-central)"
"""In the place of an account: whoever may run our commands on the server; no account can be called so."""


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; None is no condition. `until` excludes itself; `before`: the number of a line seen last."""

    account: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


async def page(
    connection: Connection, tops: Collection[str], wanted: Wanted | None = None, limit: int = PAGE
) -> tuple[tuple[int, AuditLine], ...]:
    """Newest first, each with its number."""
    found = _LINES.order_by(audit_lines.c.seq.desc()).limit(limit)
    if TOP not in tops:
        found = found.where(within(audit_lines.c.place, tops))
    asked = wanted or Wanted()
    if asked.account is not None:
        found = found.where(audit_lines.c.account == asked.account)
    if asked.action is not None:
        found = found.where(audit_lines.c.action == asked.action)
    if asked.since is not None:
        found = found.where(audit_lines.c.at >= asked.since)
    if asked.until is not None:
        found = found.where(audit_lines.c.at < asked.until)
    if asked.before is not None:
        found = found.where(audit_lines.c.seq < asked.before)
    return tuple((row[0], AuditLine(*row[1:])) for row in await connection.execute(found))


_LINES = select(
    audit_lines.c.seq,
    audit_lines.c.account,
    audit_lines.c.place,
    audit_lines.c.action,
    audit_lines.c.subject,
    audit_lines.c.detail,
    audit_lines.c.at,
)


async def projects_behind(connection: Connection, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Of refunds, disbursements and attempts at the bank among the ids: community and project, by the id."""
    wanted = sorted(set(ids))
    found: dict[str, tuple[str, str]] = {}
    if not wanted:
        return found
    for statement in (
        select(refunds.c.id, refunds.c.community, refunds.c.project).where(refunds.c.id.in_(wanted)),
        select(disbursements.c.id, disbursements.c.community, disbursements.c.project).where(
            disbursements.c.id.in_(wanted)
        ),
        select(attempts.c.id, intents.c.community, intents.c.project)
        .join(intents, and_(intents.c.gateway == attempts.c.gateway, intents.c.id == attempts.c.intent))
        .where(attempts.c.id.in_(wanted)),
    ):
        found |= {id_: (community, project) for id_, community, project in await connection.execute(statement)}
    return found
