"""The catalogue table: the newest one exactly as signed, because it is verified again at each start."""

from datetime import UTC, datetime

from pydantic import ValidationError

from beacon_gateway.store.database import Database
from sync_contract.catalogue import SignedCatalogue


class Catalogues:
    """Port: sync.ports.CatalogueStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self) -> SignedCatalogue | None:
        """Return None when none is stored or the stored one cannot be read. Raises StoreUnavailable."""
        rows = await self._database.rows("SELECT signed FROM catalogue ORDER BY version DESC LIMIT 1")
        try:
            return SignedCatalogue.model_validate_json(rows[0]["signed"]) if rows else None
        except ValidationError:
            return None

    async def store(self, version: int, signed: SignedCatalogue) -> None:
        """Raises StoreUnavailable."""
        async with self._database.transaction() as connection:
            await connection.execute(
                "INSERT OR REPLACE INTO catalogue VALUES (?, ?, ?)",
                (version, signed.model_dump_json(), datetime.now(UTC).isoformat()),
            )
            await connection.execute("DELETE FROM catalogue WHERE version != ?", (version,))
