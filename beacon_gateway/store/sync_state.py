"""Read the state of the sync for staff on site."""

from datetime import datetime

from beacon_gateway.model.sync_state import SyncLine, SyncState
from beacon_gateway.store.database import Database
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.server_acceptance import read_barred
from beacon_gateway.store.sync_log import last_lines

_SHOWN_LINES = 12
_DELIVERED = ("accepted", "duplicate")
_REACHABILITY = ("unreachable", "reachable", *_DELIVERED)


async def sync_state(database: Database, central: str) -> SyncState:
    """Return the state. `central`: the server's address. Raises StoreUnavailable."""
    lines = await last_lines(database, _SHOWN_LINES)
    reachability = await _newest(database, _REACHABILITY)
    delivered = await _newest(database, _DELIVERED)
    return SyncState(
        central=central,
        parcels=await Outbox(database).counts(),
        delivered_at=None if delivered is None else delivered[1],
        reachable=None if reachability is None else reachability[0] != "unreachable",
        barred=await read_barred(database),
        lines=tuple(
            SyncLine(datetime.fromisoformat(line.at), line.event, line.kind, line.detail) for line in reversed(lines)
        ),
    )


async def _newest(database: Database, events: tuple[str, ...]) -> tuple[str, datetime] | None:
    marks = ", ".join("?" * len(events))
    query = f"SELECT event, at FROM sync_log WHERE event IN ({marks}) ORDER BY line DESC LIMIT 1"  # noqa: S608  (marks only)
    rows = await database.rows(query, *events)
    return (str(rows[0]["event"]), datetime.fromisoformat(rows[0]["at"])) if rows else None
