"""Wrong codes: counted for staff, and answered slowly.

A code has 120 bits and cannot be found by trying. So a right one is never held up by somebody else's wrong ones: the
code is looked up first, and only what follows a wrong one is limited, by address and in all.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from central_server.rejected_requests import Refusals
from central_server.store.engine.database import Database
from central_server.store.enrolment import issued_codes
from daemonkit.web.rate_limit import Buckets

_EACH, _EACH_BURST = 1 / 6, 10
_ALL, _ALL_BURST = 1.0, 60
_WRITTEN_EVERY = timedelta(seconds=5)


class Guesses:
    """Of one process; what it counted reaches the database at once when it is rare, else every few seconds."""

    def __init__(self, database: Database, refusals: Refusals, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._refusals = refusals
        self._clock = clock
        self._by_address = Buckets(_EACH, _EACH_BURST)
        self._all = Buckets(_ALL, _ALL_BURST)
        self._unwritten = 0
        self._written_at: datetime | None = None

    async def wrong(self, address: str) -> float:
        """Count a wrong code; the seconds that this address should wait, 0 while it has not tried too many."""
        now, ticks = self._clock(), asyncio.get_running_loop().time()
        self._unwritten += 1
        wait = self._by_address.take(address, ticks) or self._all.take("", ticks)
        if not wait:
            self._refusals.count("enrolment", "code_unknown", f"from {_blurred(address)}")
        if self._written_at is None or now - self._written_at >= _WRITTEN_EVERY:
            times, self._unwritten, self._written_at = self._unwritten, 0, now
            async with self._database.write() as connection:
                await issued_codes.count_wrong(connection, times, now)
        return wait


def _blurred(address: str) -> str:
    """Which network, not which machine."""
    if ":" in address:
        return ":".join(address.split(":")[:3]) + "::"
    return ".".join([*address.split(".")[:3], "0"]) if address.count(".") == 3 else "unknown"
