"""Whether the central server takes this gateway's word, as the sync log last said; it outlives a restart."""

from beacon_gateway.store.database import Database
from beacon_gateway.store.sync_log import note

_EVENTS = ("barred", "welcome")


class StoredWelcome:
    """Port: sync.ports.Welcome. `barred`: why it does not, empty while it does or was never asked."""

    def __init__(self, database: Database, barred: str) -> None:
        self._database = database
        self.barred = barred

    async def begin(self) -> None:
        """Raises StoreUnavailable."""
        if self.barred:
            await self._note("welcome", "")

    async def end(self, word: str) -> None:
        """Raises StoreUnavailable."""
        if self.barred != word:
            await self._note("barred", word)

    async def _note(self, event: str, word: str) -> None:
        async with self._database.transaction() as connection:
            await note(connection, event, word)
        self.barred = word


async def open_welcome(database: Database) -> StoredWelcome:
    """Raises StoreUnavailable."""
    return StoredWelcome(database, await barred(database))


async def barred(database: Database) -> str:
    """The word with which the server last turned us away, if it did not take us in since. Raises StoreUnavailable."""
    rows = await database.rows(
        "SELECT event, detail FROM sync_log WHERE event IN (?, ?) ORDER BY line DESC LIMIT 1", *_EVENTS
    )
    return str(rows[0]["detail"]) if rows and rows[0]["event"] == "barred" else ""
