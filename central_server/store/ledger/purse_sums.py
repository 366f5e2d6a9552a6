"""Sum ledger lines by purse and kind over a period."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import ledger_lines
from central_server.store.ledger.ledger_lines import INCOMING
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class KindSum:
    community: str
    project: str
    kind: str
    lines: int
    minor: int
    people: int

    @property
    def signed_minor(self) -> int:
        return self.minor if self.kind in INCOMING else -self.minor


async def any_lines(connection: Connection, place: str, project: str, environment: str) -> bool:
    """Return whether the project has any ledger line at or below the place."""
    table = ledger_lines.c
    statement = select(table.seq).where(
        table.project == project, table.environment == environment, within(table.community, [place])
    )
    return (await connection.execute(statement.limit(1))).first() is not None


async def by_kind(
    connection: Connection,
    tops: Collection[str],
    environment: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[KindSum, ...]:
    """Sum lines from `since` on and before `until`, ordered by community, project and kind."""
    table = ledger_lines.c
    signed_people = case((table.amount_minor < 0, -table.people), else_=table.people)  # a correction reduces people too
    people = func.coalesce(func.sum(signed_people), 0)
    statement = select(
        table.community, table.project, table.kind, func.count(), func.sum(table.amount_minor), people
    ).where(table.environment == environment, within(table.community, tops))
    if since is not None:
        statement = statement.where(table.at >= since)
    if until is not None:
        statement = statement.where(table.at < until)
    key = (table.community, table.project, table.kind)
    rows = await connection.execute(statement.group_by(*key).order_by(*key))
    return tuple(
        KindSum(community, project, kind, lines, int(minor), int(people_))
        for community, project, kind, lines, minor, people_ in rows
    )


async def terms(
    connection: Connection,
    tops: Collection[str],
    environment: str,
    *,
    since: datetime | None,
    until: datetime,
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the digests of the terms of lines by community and project, in order of their last line."""
    table = ledger_lines.c
    statement = select(table.community, table.project, table.terms).where(
        table.environment == environment, within(table.community, tops), table.terms.is_not(None), table.at < until
    )
    if since is not None:
        statement = statement.where(table.at >= since)
    statement = statement.group_by(table.community, table.project, table.terms).order_by(func.max(table.seq))
    found: dict[tuple[str, str], list[str]] = {}
    for community, project, digest in await connection.execute(statement):
        found.setdefault((community, project), []).append(digest)
    return {key: tuple(digests) for key, digests in found.items()}
