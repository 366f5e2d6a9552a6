"""The last time at which the clock was known to be right; it survives restarts."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from beacon_gateway.store.database import Database
from beacon_gateway.store.tables import Tables

MAX_DRIFT = timedelta(days=30)
"""How far an unsynchronised clock may differ from the last trusted time and still be believed."""
_STORE_EVERY_S = 600.0


class TrustedTime:
    """Judges the wall clock. `wall` returns aware UTC time, `synchronised` whether the kernel calls it synchronised.

    In a drill no money moves, so the wall clock is always believed (`believe_always`).
    """

    def __init__(
        self,
        last: datetime | None,
        *,
        wall: Callable[[], datetime],
        synchronised: Callable[[], bool],
        believe_always: bool,
    ) -> None:
        self._last = last
        self._wall = wall
        self._synchronised = synchronised
        self._believe_always = believe_always

    def now(self) -> datetime | None:
        """Return the time by which permits are judged; None when it is uncertain.

        It never goes back: an unsynchronised clock that is a little slow must not reopen a permit or close a valid one.
        """
        wall = self._wall()
        if self._believe_always:
            return wall
        if self._synchronised():
            self._last = max(self._last or wall, wall)
            return self._last
        if self._last is None or abs(wall - self._last) > MAX_DRIFT:
            return None
        return max(self._last, wall)

    async def run(self, database: Database) -> None:
        """Store the last trusted time every ten minutes, until cancelled. Raises StoreUnavailable."""
        while True:
            await self.store(database)
            await asyncio.sleep(_STORE_EVERY_S)

    async def store(self, database: Database) -> None:
        """Raises StoreUnavailable."""
        if self._synchronised():
            self._last = max(self._last or self._wall(), self._wall())
            text = self._last.isoformat()

            def work(tables: Tables) -> None:
                current = tables.first("epochs", "ORDER BY number DESC")
                if current is not None:
                    tables.put("epochs", *(current | {"trusted_time": text}).values(), on_conflict="REPLACE")

            await database.write(work)


async def last_trusted(database: Database) -> datetime | None:
    """Raises StoreUnavailable."""
    current = await database.read(lambda tables: tables.first("epochs", "ORDER BY number DESC"))
    if current is None or current["trusted_time"] is None:
        return None
    return datetime.fromisoformat(current["trusted_time"]).astimezone(UTC)
