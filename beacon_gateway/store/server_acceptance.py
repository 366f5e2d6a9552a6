"""Whether the central server accepts this gateway, as last recorded in the sync log."""

from beacon_gateway.store.database import Database
from beacon_gateway.store.sync_log import append_line


class ServerAcceptance:
    """Port: sync.ports.Acceptance. `barred`: the server's code for refusing us; empty while it accepts us."""

    def __init__(self, database: Database, barred: str) -> None:
        self._database = database
        self.barred = barred

    async def record(self, code: str) -> None:
        """Store a change; `code` is empty when the server accepts us. Raises StoreUnavailable."""
        if code == self.barred:
            return
        await self._database.write(lambda tables: append_line(tables, "barred" if code else "welcome", code))
        self.barred = code


async def open_acceptance(database: Database) -> ServerAcceptance:
    """Raises StoreUnavailable."""
    return ServerAcceptance(database, await read_barred(database))


async def read_barred(database: Database) -> str:
    """Return the code of the last refusal; empty if the server has accepted us since. Raises StoreUnavailable."""
    newest = "WHERE event IN ('barred', 'welcome') ORDER BY line DESC"
    line = await database.read(lambda tables: tables.first("sync_log", newest))
    return str(line["detail"]) if line and line["event"] == "barred" else ""
