"""The bulletin table: the newest one exactly as signed, because it is verified again at each start."""

from datetime import UTC, datetime

from pydantic import ValidationError

from beacon_gateway.store.database import Database
from sync_contract.bulletin import SignedBulletin


class Bulletins:
    """Port: sync.ports.BulletinStore."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self) -> SignedBulletin | None:
        """Return None when none is stored or the stored one cannot be read. Raises StoreUnavailable."""
        row = await self._database.read(lambda tables: tables.first("bulletin"))
        try:
            return SignedBulletin.model_validate_json(row["signed"]) if row else None
        except ValidationError:
            return None

    async def store(self, signed: SignedBulletin) -> None:
        """Raises StoreUnavailable."""
        text, at = signed.model_dump_json(), datetime.now(UTC).isoformat()
        await self._database.write(lambda tables: tables.put("bulletin", 1, text, at, on_conflict="REPLACE"))

    async def delete(self) -> None:
        """Raises StoreUnavailable."""
        await self._database.write(lambda tables: tables.execute("DELETE FROM bulletin"))
