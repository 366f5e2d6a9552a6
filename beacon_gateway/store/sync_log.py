"""The sync log table: the result of each parcel, and each loss of the central server."""

from dataclasses import dataclass
from datetime import UTC, datetime

from beacon_gateway.store.database import Database
from beacon_gateway.store.tables import Tables

_MAX_LINES = 10_000
_DELETED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Line:
    """`event`: accepted, duplicate, conflict, refused, unreachable, reachable …; `at`: ISO 8601, UTC."""

    line: int
    at: str
    event: str
    parcel: str | None
    kind: str
    detail: str


def append_line(tables: Tables, event: str, detail: str, *, parcel: str | None = None, kind: str = "") -> None:
    """Write a line inside the caller's transaction; now and then delete the oldest beyond 10,000."""
    ((line,),) = tables.execute("SELECT coalesce(max(line), 0) + 1 FROM sync_log")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    tables.put("sync_log", line, at, event, bytes.fromhex(parcel) if parcel else None, kind, detail[:300])
    if line % _DELETED_AT_ONCE == 0:
        tables.execute("DELETE FROM sync_log WHERE line <= ?", line - _MAX_LINES)


async def last_lines(database: Database, count: int) -> list[Line]:
    """Return the newest lines, oldest first. Raises StoreUnavailable."""

    def work(tables: Tables) -> list[Line]:
        rows = list(tables.select("sync_log", "ORDER BY line DESC LIMIT ?", count))
        return [
            Line(
                row["line"],
                row["at"],
                row["event"],
                row["parcel"].hex() if row["parcel"] else None,
                row["kind"],
                row["detail"],
            )
            for row in reversed(rows)
        ]

    return await database.read(work)
