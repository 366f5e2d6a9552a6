"""The state of the sync, read together."""

from datetime import datetime

from beacon_gateway.model.sync_state import SyncLine, SyncState
from beacon_gateway.store.database import Database
from beacon_gateway.store.outbox import Outbox
from beacon_gateway.store.server_acceptance import barred
from beacon_gateway.store.sync_log import last_lines

_SHOWN = 12
_DELIVERED = ("accepted", "duplicate")
_TURNS = ("unreachable", "reachable", *_DELIVERED)


async def sync_state(database: Database, central: str) -> SyncState:
    """`central`: the server's address. Raises StoreUnavailable."""
    lines = await last_lines(database, _SHOWN)
    turn = await _last(database, _TURNS)
    delivered = await _last(database, _DELIVERED)
    return SyncState(
        central=central,
        parcels=await Outbox(database).counts(),
        delivered_at=None if delivered is None else delivered[1],
        reachable=None if turn is None else turn[0] != "unreachable",
        barred=await barred(database),
        lines=tuple(
            SyncLine(datetime.fromisoformat(line.at), line.event, line.kind, line.detail) for line in reversed(lines)
        ),
    )


async def _last(database: Database, events: tuple[str, ...]) -> tuple[str, datetime] | None:
    marks = ", ".join("?" * len(events))
    query = f"SELECT event, at FROM sync_log WHERE event IN ({marks}) ORDER BY line DESC LIMIT 1"  # noqa: S608  (marks only)
    rows = await database.rows(query, *events)
    return (str(rows[0]["event"]), datetime.fromisoformat(rows[0]["at"])) if rows else None
