"""The sync log table: the result of each parcel, and each loss of the central server."""

from dataclasses import dataclass
from datetime import UTC, datetime

import aiosqlite

from beacon_gateway.store.database import Database

_MAX_LINES = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """`event`: accepted, duplicate, conflict, refused, damaged, unreachable, reachable …; `at`: ISO 8601, UTC."""

    line: int
    at: str
    event: str
    parcel: str | None
    kind: str
    detail: str


async def append_line(
    connection: aiosqlite.Connection, event: str, detail: str, *, parcel: str | None = None, kind: str = ""
) -> None:
    """Write a line inside the caller's transaction, and delete the oldest beyond 10,000."""
    await connection.execute(
        "INSERT INTO sync_log (at, event, parcel, kind, detail) VALUES (?, ?, ?, ?, ?)",
        (datetime.now(UTC).isoformat(timespec="seconds"), event, parcel, kind, detail[:300]),
    )
    await connection.execute("DELETE FROM sync_log WHERE line <= (SELECT max(line) FROM sync_log) - ?", (_MAX_LINES,))


async def last_lines(database: Database, count: int) -> list[Line]:
    """Return the newest lines, oldest first. Raises StoreUnavailable."""
    rows = await database.rows("SELECT * FROM sync_log ORDER BY line DESC LIMIT ?", count)
    return [Line(r["line"], r["at"], r["event"], r["parcel"], r["kind"], r["detail"]) for r in reversed(rows)]
