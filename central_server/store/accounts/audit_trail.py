"""Store the audit trail: entries are only added, in the transaction of the action itself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from central_server.store.accounts.audit_actions import decode_action, encode_action
from central_server.store.accounts.audit_records import AuditAction
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import attempts, audit_lines, intents, refunds
from central_server.store.places.places import TOP, within

PAGE = 50
COMMAND_LINE = "(beacon-central)"
"""Account of entries made by commands on the server or by the server itself; not a valid account name."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """`account`: "" for an unknown person. `place`: staff who govern there can read the entry."""

    account: str
    place: str
    action: AuditAction
    at: datetime


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """None is no condition. `until` excludes itself; `before`: the sequence number of the last entry seen."""

    account: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


async def record(connection: Connection, entry: AuditEntry) -> None:
    await connection.execute(
        audit_lines.insert().values(
            account=entry.account,
            place=entry.place,
            action=entry.action.name,
            subject=entry.action.subject[:120],
            detail=encode_action(entry.action),
            at=entry.at,
        )
    )


async def count_since(connection: Connection, account: str, action: str, since: datetime, most: int) -> int:
    """Count the account's entries of this action after `since`, up to `most`."""
    columns = audit_lines.c
    newest = select(columns.at).where(columns.account == account, columns.action == action)
    found = (await connection.execute(newest.order_by(columns.seq.desc()).limit(most))).scalars()
    return sum(at > since for at in found)


async def page(
    connection: Connection, tops: Collection[str], wanted: AuditFilter | None = None, limit: int = PAGE
) -> tuple[tuple[int, AuditEntry], ...]:
    """Return entries at and below `tops`, newest first, each with its sequence number."""
    columns = audit_lines.c
    statement = select(columns.seq, columns.account, columns.place, columns.detail, columns.at)
    statement = statement.order_by(columns.seq.desc()).limit(limit)
    if TOP not in tops:
        statement = statement.where(within(columns.place, tops))
    wanted = wanted or AuditFilter()
    if wanted.account is not None:
        statement = statement.where(columns.account == wanted.account)
    if wanted.action is not None:
        statement = statement.where(columns.action == wanted.action)
    if wanted.since is not None:
        statement = statement.where(columns.at >= wanted.since)
    if wanted.until is not None:
        statement = statement.where(columns.at < wanted.until)
    if wanted.before is not None:
        statement = statement.where(columns.seq < wanted.before)
    return tuple(
        (seq, AuditEntry(account, place, decode_action(details), at))
        for seq, account, place, details, at in await connection.execute(statement)
    )


async def projects_of_payments(connection: Connection, ids: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return community and project of the refunds and attempts among `ids`, by id."""
    wanted = sorted(set(ids))
    found: dict[str, tuple[str, str]] = {}
    if not wanted:
        return found
    for statement in (
        select(refunds.c.id, refunds.c.community, refunds.c.project).where(refunds.c.id.in_(wanted)),
        select(attempts.c.id, intents.c.community, intents.c.project)
        .join(intents, and_(intents.c.gateway == attempts.c.gateway, intents.c.id == attempts.c.intent))
        .where(attempts.c.id.in_(wanted)),
    ):
        found |= {id_: (community, project) for id_, community, project in await connection.execute(statement)}
    return found
