"""Read the state of the sync for staff on site."""

from datetime import datetime

from beacon_gateway.model.sync_state import Repair, SyncLine, SyncState
from beacon_gateway.store.database import Database
from beacon_gateway.store.outbox import DELIVERED, Outbox
from beacon_gateway.store.server_acceptance import read_barred
from beacon_gateway.store.sync_log import last_lines
from beacon_gateway.store.tables import Row

_SHOWN_LINES = 12
_REACHABILITY = ("unreachable", "reachable", *DELIVERED)


async def sync_state(database: Database, central: str) -> SyncState:
    """Return the state. `central`: the server's address. Raises StoreUnavailable."""
    lines = await last_lines(database, _SHOWN_LINES)
    reachability = await _newest(database, _REACHABILITY)
    delivered = await _newest(database, DELIVERED)
    return SyncState(
        central=central,
        parcels=await Outbox(database).counts(),
        delivered_at=None if delivered is None else datetime.fromisoformat(delivered["at"]),
        reachable=None if reachability is None else reachability["event"] != "unreachable",
        barred=await read_barred(database),
        repair=await last_repair(database),
        lines=tuple(
            SyncLine(datetime.fromisoformat(line.at), line.event, line.kind, line.detail) for line in reversed(lines)
        ),
    )


async def last_repair(database: Database) -> Repair | None:
    """Return the last repair of the store after damage. Raises StoreUnavailable."""
    row = await database.read(lambda tables: tables.first("repairs", "ORDER BY at DESC"))
    return None if row is None else Repair(datetime.fromisoformat(row["at"]), row["rescued"], row["missing"])


async def _newest(database: Database, events: tuple[str, ...]) -> Row | None:
    marks = ", ".join("?" * len(events))
    clause = f"WHERE event IN ({marks}) ORDER BY line DESC"
    return await database.read(lambda tables: tables.first("sync_log", clause, *events))
