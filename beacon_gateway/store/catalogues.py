"""The catalogue table: the newest one exactly as signed, because it is verified again at each start."""

from datetime import UTC, datetime

from pydantic import ValidationError

from beacon_gateway.store.database import Database
from beacon_gateway.store.tables import Tables
from sync_contract.catalogue import SignedCatalogue


class Catalogues:
    """Port: sync.ports.CatalogueStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self) -> SignedCatalogue | None:
        """Return None when none is stored or the stored one cannot be read. Raises StoreUnavailable."""
        row = await self._database.read(lambda tables: tables.first("catalogue", "ORDER BY version DESC"))
        try:
            return SignedCatalogue.model_validate_json(row["signed"]) if row else None
        except ValidationError:
            return None

    async def store(self, version: int, signed: SignedCatalogue) -> None:
        """Raises StoreUnavailable."""
        text, at = signed.model_dump_json(), datetime.now(UTC).isoformat()

        def work(tables: Tables) -> None:
            tables.put("catalogue", version, text, at, on_conflict="REPLACE")
            tables.execute("DELETE FROM catalogue WHERE version != ?", version)

        await self._database.write(work)
