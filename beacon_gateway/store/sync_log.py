"""The sync log on the gateway: what became of each parcel, and when the central server was out of reach."""

from dataclasses import dataclass
from datetime import UTC, datetime

import aiosqlite

from beacon_gateway.store.database import Database

_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """`event`: accepted, duplicate, conflict, refused, damaged, unreachable, reachable …; `at`: ISO 8601, UTC."""

    line: int
    at: str
    event: str
    parcel: str | None
    kind: str
    detail: str


async def note(
    connection: aiosqlite.Connection, event: str, detail: str, *, parcel: str | None = None, kind: str = ""
) -> None:
    """Write a line inside the caller's transaction; the oldest beyond ten thousand go."""
    await connection.execute(
        "INSERT INTO sync_log (at, event, parcel, kind, detail) VALUES (?, ?, ?, ?, ?)",
        (datetime.now(UTC).isoformat(timespec="seconds"), event, parcel, kind, detail[:300]),
    )
    await connection.execute("DELETE FROM sync_log WHERE line <= (SELECT max(line) FROM sync_log) - ?", (_KEPT,))


async def last_lines(database: Database, count: int) -> list[Line]:
    """The newest lines, oldest first. Raises StoreUnavailable."""
    rows = await database.rows("SELECT * FROM sync_log ORDER BY line DESC LIMIT ?", count)
    return [Line(r["line"], r["at"], r["event"], r["parcel"], r["kind"], r["detail"]) for r in reversed(rows)]
