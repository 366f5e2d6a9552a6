"""Ring for staff: one parcel, on disk before the resident reads that staff are called."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

QUIET_FOR = timedelta(minutes=3)
"""After a bell; a child who plays with the button rings once."""


class StaffBell:
    """`put`: stores the parcel and wakes its delivery; raises StoreUnavailable. `monotonic`: seconds.

    `now`: for the time on the page, the wall clock.
    """

    def __init__(
        self, put: Callable[[], Awaitable[None]], monotonic: Callable[[], float], now: Callable[[], datetime]
    ) -> None:
        self._put, self._monotonic, self._now = put, monotonic, now
        self._quiet_until = float("-inf")
        self.rang_at: datetime | None = None

    async def ring(self) -> None:
        """Do nothing within `QUIET_FOR` after the last bell. Raises StoreUnavailable."""
        if self.rang_lately():
            return
        await self._put()
        self._quiet_until = self._monotonic() + QUIET_FOR.total_seconds()
        self.rang_at = self._now()

    def rang_lately(self) -> bool:
        return self._monotonic() < self._quiet_until
